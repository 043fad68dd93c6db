import { describe, expect, it } from '@jest/globals';
import { impressionReasons } from '#protocol';
import { ImpressionTally } from './impression-tally.js';

const [first, second] = impressionReasons;

describe('the counts of a block report', () => {
  it('add up amounts beyond 32 bits, impression after impression', () => {
    const tally = new ImpressionTally();
    for (let at = 0; at < 3; at++) tally.note(0, 1, 0xffff_ffff);
    tally.note(1, 0, 0x8000_0000);
    tally.note(1, 0, 0x8000_0000);
    expect(tally.report().reasons).toEqual({
      [first]: [3n, 3n * 0x1_ffff_ffffn],
      [second]: [2n, 0x1_0000_0000n],
    });
    expect(tally.counts.subarray(0, 6)).toEqual(Float64Array.of(3, 5, 0xffff_fffd, 2, 1, 0));
  });

  it('come to the same however blocks are parted into tallies', () => {
    const [whole, one, other] = [1, 2, 3].map(() => new ImpressionTally());
    for (const tally of [whole, one, whole, other]) {
      tally.note(1, 2, 0xf000_0000);
      tally.noteContradictory(3);
      tally.noteFlooding(15);
    }
    one.add(other.counts);
    expect(one.report()).toEqual(whole.report());
    expect(one.counts).toEqual(whole.counts);
    expect(one.report().contradictory).toEqual([[3, 2n]]);
    expect(one.report().flooding).toEqual([[15, 2n]]);
  });

  it('leave out what never happened', () => {
    expect(new ImpressionTally().report()).toEqual({ reasons: {}, contradictory: [], flooding: [] });
  });
});
