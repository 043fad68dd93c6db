/** Driven timers fire by due time, only while time is moved. */
import { describe, expect, it } from '@jest/globals';
import { DrivenTimers } from './timers.js';

describe('driven timers', () => {
  it('call what came due, in the order of the due times, once', () => {
    const timers = new DrivenTimers();
    const seen: string[] = [];
    timers.after(30, () => seen.push('late'));
    timers.after(10, () => seen.push('early'));
    timers.after(10, () => seen.push('second of its time'));
    expect(seen).toEqual([]);
    timers.advanceBy(10);
    expect(seen).toEqual(['early', 'second of its time']);
    timers.advanceBy(19);
    expect(seen).toHaveLength(2);
    timers.advanceBy(1);
    timers.advanceBy(100);
    expect(seen).toEqual(['early', 'second of its time', 'late']);
  });

  it('call within the same step what a call asked for, if it comes due in it', () => {
    const timers = new DrivenTimers();
    const seen: number[] = [];
    const again = (at: number) => () => {
      seen.push(at);
      timers.after(10, again(at + 10));
    };
    timers.after(10, again(10));
    timers.advanceBy(35);
    expect(seen).toEqual([10, 20, 30]);
  });

  it('forget what was taken back', () => {
    const timers = new DrivenTimers();
    const cancel = timers.after(5, () => expect('called').toBe('never called'));
    cancel();
    timers.advanceBy(10);
  });
});
