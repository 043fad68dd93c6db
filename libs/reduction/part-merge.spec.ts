import { describe, expect, it } from '@jest/globals';
import { batchKeyBytes, limits, type PartReason } from '#protocol';
import { PartMerge } from './part-merge.js';

const rules = { roles: [1, 3, 4], authorBytesMax: 400_000 };

/** Manifest rows, each known by one byte. */
const rowsOf = (...names: number[]): Uint8Array =>
  new Uint8Array(names.flatMap((name) => Array<number>(limits.manifestRowBytes).fill(name)));

/** The key of one batch: author, sequence and the first byte of its root. */
function keyOf(author: number, sequence: number, root: number): Uint8Array {
  const key = new Uint8Array(batchKeyBytes);
  key[0] = author;
  key[8] = sequence;
  key[9] = root;
  return key;
}

const checked = (keys: Uint8Array, reason?: PartReason) => ({ keys, reason });

describe('the parts of a block', () => {
  it('list each distinct segment once, numbered as it is first met', () => {
    const merge = new PartMerge(rules);
    expect(merge.addPart(0, rowsOf(7, 8)).map(({ segment }) => segment)).toEqual([0, 1]);
    const more = merge.addPart(1, rowsOf(8, 9));
    expect(more).toEqual([{ segment: 2, row: rowsOf(9) }]);
    expect(merge.segments).toBe(3);
  });

  it('count alone: what an invalid one holds is dead, unless a valid one holds it too', () => {
    const merge = new PartMerge(rules);
    merge.addPart(0, rowsOf(7, 8));
    merge.addPart(1, rowsOf(7));
    merge.setChecked(0, checked(keyOf(0, 1, 1)));
    merge.setChecked(1, checked(keyOf(0, 1, 2), 'does-not-open'));
    expect(merge.finish()).toEqual({
      validParts: 0b10,
      invalidParts: [
        [0, 'does-not-open'],
        [2, 'missing'],
      ],
      alive: Uint8Array.of(1, 0),
      areAllAlive: false,
      // The second batch of the sequence is in a dead segment.
      sequenceConflicts: [],
    });
  });

  it('conflict where two that count hold one sequence with different batches', () => {
    const merge = new PartMerge(rules);
    merge.addPart(0, rowsOf(7));
    merge.addPart(1, rowsOf(8));
    merge.addInvalid(2, 'unavailable');
    merge.setChecked(0, checked(keyOf(0, 1, 1)));
    merge.setChecked(1, checked(keyOf(0, 1, 2)));
    const merged = merge.finish();
    expect(merged.sequenceConflicts).toEqual([[0, 1n]]);
    expect([merged.validParts, merged.areAllAlive, merged.invalidParts]).toEqual([
      0b11,
      true,
      [[2, 'unavailable']],
    ]);
  });

  it('are never judged by a segment that nobody checked', () => {
    const merge = new PartMerge(rules);
    merge.addPart(0, rowsOf(7));
    expect(() => merge.finish()).toThrow('segment 0 was never checked');
  });
});
