/** Runs a service's sweep one at a time: after every new height, and now and then in case a wake was lost. */
import { Fault, type Log, systemTimers, type Timers } from '#environment';
import type { JobQueue } from '#job-queue';

export interface SweepLoopOptions {
  /** Names the work within the job queue, so one service of one account. */
  readonly kind: string;
  readonly intervalMs: number;
}

const attemptsMax = 5;
/** A sweep that always finds something to do is a bug that must not keep a core busy for ever. */
const passesMax = 1_000;

export class SweepLoop {
  readonly #options: SweepLoopOptions;
  readonly #sweep: () => Promise<number>;
  readonly #subscribe: (wake: () => void) => () => void;
  readonly #jobQueue: JobQueue;
  readonly #log: Log;
  readonly #timers: Timers;
  #end: (() => void) | undefined;
  #isWorking = false;
  #running: Promise<void> = Promise.resolve();

  /** `subscribe` names what wakes the service: the chain, the log, or both. */
  constructor(
    options: SweepLoopOptions,
    ports: {
      readonly jobQueue: JobQueue;
      readonly log: Log;
      readonly subscribe: (wake: () => void) => () => void;
      readonly timers?: Timers;
    },
    sweep: () => Promise<number>,
  ) {
    this.#options = options;
    this.#sweep = sweep;
    this.#subscribe = ports.subscribe;
    this.#jobQueue = ports.jobQueue;
    this.#log = ports.log;
    this.#timers = ports.timers ?? systemTimers;
  }

  start(): void {
    if (this.#end !== undefined) return;
    const { kind, intervalMs } = this.#options;
    const wake = (): void => {
      // Losing a wake loses nothing: the timer brings the next.
      this.#jobQueue.add({ id: kind, kind, payload: {} }).catch((cause) => {
        this.#log.warn({ kind, cause: String(cause) }, 'a wake was lost');
      });
    };
    if (!this.#isWorking) {
      this.#isWorking = true;
      this.#jobQueue.work(kind, { concurrency: 1, attemptsMax }, () => this.#run());
    }
    const unsubscribe = this.#subscribe(wake);
    let cancel = (): void => {};
    const again = (): void => {
      cancel = this.#timers.after(intervalMs, () => {
        again();
        wake();
      });
    };
    again();
    this.#end = () => {
      cancel();
      unsubscribe();
    };
    wake();
  }

  /** Resolves when the sweep that runs has ended. */
  async stop(): Promise<void> {
    this.#end?.();
    this.#end = undefined;
    await this.#running.catch(() => {});
  }

  #run(): Promise<void> {
    this.#running = this.#passes();
    return this.#running;
  }

  async #passes(): Promise<void> {
    for (let pass = 0; pass < passesMax && this.#end !== undefined; pass++) {
      if ((await this.#sweep()) === 0) return;
    }
  }
}

/**
 * Runs `act` for each item and sums what it did. One that fails does not keep the others from being done;
 * the first failure is thrown afterwards, bugs before faults.
 */
export async function sweepEach<Item>(
  items: Iterable<Item>,
  act: (item: Item) => Promise<number>,
): Promise<number> {
  const failures: unknown[] = [];
  let done = 0;
  for (const item of items) {
    try {
      done += await act(item);
    } catch (cause) {
      failures.push(cause);
    }
  }
  if (failures.length > 0) throw failures.find((cause) => !(cause instanceof Fault)) ?? failures[0];
  return done;
}
