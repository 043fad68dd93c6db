/** Chain time passes as time passes, wherever the wall clock jumps. */
import { describe, expect, it } from '@jest/globals';
import { DrivenClock } from '#environment';
import { AnvilClock, wallFollowedSecondsMax } from './anvil-clock.js';

const startSeconds = 1_370_000_000;
const threeHoursMs = 3 * 3_600_000;

function opened(lastSeconds = startSeconds) {
  const wall = new DrivenClock(startSeconds * 1_000);
  const jumps: (number | undefined)[] = [];
  const clock = new AnvilClock({ clock: wall, lastSeconds, onJump: (off) => jumps.push(off) });
  let last = lastSeconds;
  const next = (): number => {
    last = clock.next(last);
    return last - startSeconds;
  };
  const pass = (seconds: number): number => {
    wall.advanceTo(wall.nowMs() + seconds * 1_000);
    return next();
  };
  return { wall, jumps, next, pass };
}

describe('the time of a chain that follows the clock', () => {
  it('is the wall clock, in whole seconds', () => {
    const { pass } = opened();
    expect([pass(1), pass(0.5), pass(0.5), pass(10)]).toEqual([1, 1, 2, 12]);
  });

  it.each([1, -1])('goes on as time passes when the wall clock jumps three hours, sign %d', (sign) => {
    const { wall, jumps, next, pass } = opened();
    pass(10);
    wall.jumpBy(sign * threeHoursMs);
    expect([next(), pass(10), pass(10)]).toEqual([10, 20, 30]);
    expect(jumps).toEqual([(sign * threeHoursMs) / 1_000]);
    wall.jumpBy(-sign * threeHoursMs);
    expect([next(), pass(10)]).toEqual([30, 40]);
    expect(jumps).toEqual([(sign * threeHoursMs) / 1_000, undefined]);
  });

  it('follows corrections up to the bound, also many of them, and never beyond', () => {
    const { wall, jumps, next } = opened();
    wall.jumpBy(wallFollowedSecondsMax * 1_000);
    expect(next()).toBe(wallFollowedSecondsMax);
    expect(jumps).toEqual([]);
    wall.jumpBy(1);
    // Never back to where elapsed time stands: time that was told stays told.
    expect(next()).toBe(wallFollowedSecondsMax);
    expect(jumps).toEqual([wallFollowedSecondsMax]);
    for (let more = 0; more < 100; more++) wall.jumpBy(4_000);
    expect(next()).toBe(wallFollowedSecondsMax);
  });

  it('begins at the wall clock after a long stop, and at the last height when the wall clock is behind', () => {
    expect(opened(startSeconds - 86_400).pass(1)).toBe(1);
    const behind = opened(startSeconds + 7_200);
    expect(behind.next()).toBe(7_200);
    expect([behind.pass(1), behind.pass(59)]).toEqual([7_201, 7_260]);
    // The wall clock is two hours behind what the chain has told: that is said, once.
    expect(behind.jumps).toEqual([-7_200]);
  });
});
