/** Waiting as an argument: shells ask for a later call here, so that tests move time instead of sleeping. */
export interface Timers {
  /** Calls `run` once after `delayMs` milliseconds; returns what takes the request back. */
  after(delayMs: number, run: () => void): () => void;
}

/** A waiting call does not keep the process alive by itself. */
export const systemTimers: Timers = {
  after(delayMs, run) {
    const timer = setTimeout(run, delayMs);
    timer.unref();
    return () => clearTimeout(timer);
  },
};

/** As the system's, but the process goes on as long as a call waits: for what a service lives by. */
export const lastingTimers: Timers = {
  after(delayMs, run) {
    const timer = setTimeout(run, delayMs);
    return () => clearTimeout(timer);
  },
};

/** Timers that fire only while somebody moves time forward. */
export class DrivenTimers implements Timers {
  #nowMs = 0;
  #waiting: { readonly dueMs: number; readonly run: () => void }[] = [];

  after(delayMs: number, run: () => void): () => void {
    const one = { dueMs: this.#nowMs + delayMs, run };
    this.#waiting.push(one);
    return () => {
      this.#waiting = this.#waiting.filter((other) => other !== one);
    };
  }

  /** Calls what is due within the next `ms`, in the order of the due times, calls that were asked for
   *  meanwhile included. */
  advanceBy(ms: number): void {
    const until = this.#nowMs + ms;
    for (;;) {
      const next = this.#waiting.reduce((first, one) => (one.dueMs < first.dueMs ? one : first), {
        dueMs: Number.POSITIVE_INFINITY,
        run: () => {},
      });
      if (next.dueMs > until) break;
      this.#nowMs = next.dueMs;
      this.#waiting = this.#waiting.filter((one) => one !== next);
      next.run();
    }
    this.#nowMs = until;
  }
}
