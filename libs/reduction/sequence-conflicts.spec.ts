import { describe, expect, it } from '@jest/globals';
import { batchKeyBytes } from '#protocol';
import { sequenceConflicts } from './sequence-conflicts.js';

/** The key of a batch: author, sequence, and the last byte of its root. */
function key(author: number, sequence: bigint, root: number): Uint8Array {
  const bytes = new Uint8Array(batchKeyBytes);
  bytes[0] = author;
  new DataView(bytes.buffer).setBigUint64(1, sequence, false);
  bytes[40] = root;
  return bytes;
}

const joined = (...keys: Uint8Array[]): Uint8Array => new Uint8Array(Buffer.concat(keys));

describe('sequence conflicts', () => {
  it('are sequences that one author used for batches with different roots, over all parts', () => {
    expect(sequenceConflicts([joined(key(0, 1n, 1)), joined(key(0, 1n, 2))])).toEqual([[0, 1n]]);
    expect(sequenceConflicts([joined(key(0, 1n, 1), key(0, 2n, 1))])).toEqual([]);
  });

  it('are not the same batch in several parts, nor one sequence of two authors', () => {
    expect(sequenceConflicts([joined(key(0, 1n, 1)), joined(key(0, 1n, 1))])).toEqual([]);
    expect(sequenceConflicts([joined(key(0, 1n, 1), key(1, 1n, 2))])).toEqual([]);
  });

  it('are each named, also where one follows the other, and only once for any number of roots', () => {
    const keys = joined(key(0, 1n, 1), key(0, 1n, 2), key(0, 1n, 3), key(0, 2n, 1), key(0, 2n, 2));
    const more = joined(key(1, 2n, 7), key(1, 2n, 9), key(0, 256n, 1), key(0, 256n, 4));
    expect(sequenceConflicts([more, keys])).toEqual([
      [0, 1n],
      [0, 2n],
      [0, 256n],
      [1, 2n],
    ]);
  });
});
