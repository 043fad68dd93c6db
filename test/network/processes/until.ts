/** Waiting for facts of processes that run by themselves: looked at again and again, up to a deadline. */
import { setTimeout as pause } from 'node:timers/promises';
import { Fault } from '#environment';

const deadlineMs = 60_000;
const lookEveryMs = 50;

/**
 * The first answer of `look` that is not undefined. A look that ends with a retriable Fault, as one at a chain
 * that moves on meanwhile, is repeated. Throws, naming `what` and the last such Fault, when there is no answer
 * within the deadline.
 */
export async function until<Found>(what: string, look: () => Promise<Found | undefined>): Promise<Found> {
  const endsAt = performance.now() + deadlineMs;
  let cause: Fault | undefined;
  while (performance.now() < endsAt) {
    try {
      const found = await look();
      if (found !== undefined) return found;
    } catch (fault) {
      if (!(fault instanceof Fault && fault.retriable)) throw fault;
      cause = fault;
    }
    await pause(lookEveryMs);
  }
  const last = cause === undefined ? '' : `; last ${cause.code}: ${cause.message}`;
  throw new Error(`${what}: not within ${deadlineMs / 1_000} seconds${last}`);
}
