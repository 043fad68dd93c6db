/** The time of the embedded chain in interval mode: it passes as monotonic time passes, and follows the wall
 *  clock only where the two agree. */
import type { Clock } from '#environment';

/** How far the chain follows the wall clock away from where elapsed time puts it, either way: what the
 *  corrections of a time service need. A jump beyond it is not followed while this process runs. */
export const wallFollowedSecondsMax = 5;

export interface AnvilClockOptions {
  readonly clock: Clock;
  /** Timestamp of the highest height at the start. */
  readonly lastSeconds: number;
  /** Hears once when the wall clock jumps away by `offSeconds` (positive: it is ahead), and once, with
   *  undefined, when it is back. */
  onJump(offSeconds: number | undefined): void;
}

export class AnvilClock {
  readonly #options: AnvilClockOptions;
  /** Seconds by which chain time is ahead of monotonic time. */
  readonly #offset: number;
  #isAway = false;

  /** At the start nobody can tell a jump from a long stop: the wall clock is taken, but never back. */
  constructor(options: AnvilClockOptions) {
    const { clock, lastSeconds } = options;
    this.#options = options;
    this.#offset = Math.max(lastSeconds, clock.nowMs() / 1_000) - clock.monotonicMs() / 1_000;
  }

  /** Timestamp of the next height, seconds: at least `lastSeconds`, and at most `wallFollowedSecondsMax`
   *  ahead of what has elapsed since the start. */
  next(lastSeconds: number): number {
    const { clock, onJump } = this.#options;
    const elapsed = this.#offset + clock.monotonicMs() / 1_000;
    const wall = clock.nowMs() / 1_000;
    const isAway = Math.abs(wall - elapsed) > wallFollowedSecondsMax;
    if (isAway !== this.#isAway) onJump(isAway ? Math.round(wall - elapsed) : undefined);
    this.#isAway = isAway;
    return Math.max(lastSeconds, Math.floor(isAway ? elapsed : wall));
  }
}
