/** Reads that belong together, repeated as a whole when their height has gone in the middle of them. */
import { Fault } from '#environment';

/** Heights that may go before the reading is given up to a later try. */
const triesMax = 5;

/** `read` takes its own snapshot, and begins anew with another one after a Fault `chain-snapshot-gone`. */
export async function atOneHeight<Result>(read: () => Promise<Result>): Promise<Result> {
  for (let tries = 1; ; tries++) {
    try {
      return await read();
    } catch (cause) {
      const isGone = cause instanceof Fault && cause.code === 'chain-snapshot-gone';
      if (!isGone || tries === triesMax) throw cause;
    }
  }
}
