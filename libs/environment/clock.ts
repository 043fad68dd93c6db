/** Time as the shells see it; in a driven network it follows the base chain. */
export interface Clock {
  /** Milliseconds since the Unix epoch, as the machine's wall clock has them: it may jump either way. */
  nowMs(): number;
  /** Milliseconds since some moment of this process; never back, whatever the wall clock does. Intervals,
   *  back-offs and elapsed time are measured by it. */
  monotonicMs(): number;
}

export const systemClock: Clock = { nowMs: () => Date.now(), monotonicMs: () => performance.now() };

/** A clock that only moves when told to; tests and driven networks use it. */
export class DrivenClock implements Clock {
  #nowMs: number;
  #monotonicMs = 0;

  constructor(startMs: number) {
    this.#nowMs = startMs;
  }

  nowMs(): number {
    return this.#nowMs;
  }

  monotonicMs(): number {
    return this.#monotonicMs;
  }

  /** Moves forward to `ms`; moving backward is ignored, as chain time never does. */
  advanceTo(ms: number): void {
    if (ms <= this.#nowMs) return;
    this.#monotonicMs += ms - this.#nowMs;
    this.#nowMs = ms;
  }

  /** As when somebody sets the machine's clock, either way: no time passes. */
  jumpBy(ms: number): void {
    this.#nowMs += ms;
  }
}
