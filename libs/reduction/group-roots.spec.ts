/** The roots of many groups at once against the plain tree over each group's record hashes. */
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { merkleRoot } from '#crypto';
import { concatBytes, toHex } from '#encoding';
import { GroupRoots } from './group-roots.js';
import { pagePlaces, pageRows, rowBytes } from './reduction-row.js';
import { RowRuns } from './row-runs.js';

/** Of a group its rows, and how many of them, the first ones, are kept. */
interface Group {
  readonly rows: number;
  readonly kept: number;
}

const group = (rowsMax: number): fc.Arbitrary<Group> =>
  fc
    .integer({ min: 1, max: rowsMax })
    .chain((rows) => fc.integer({ min: 1, max: rows }).map((kept) => ({ rows, kept })));

/** Rows whose hashes tell their numbers, last row first in memory, so that their order is not that of their places. */
function rowsOf(count: number): { readonly quads: BigUint64Array; readonly order: Uint32Array } {
  const bytes = new Uint8Array(count * rowBytes);
  const view = new DataView(bytes.buffer);
  for (let row = 0; row < count; row++) view.setUint32((count - 1 - row) * rowBytes + 40, row + 1);
  const runs = new RowRuns();
  runs.beginPacked(new BigUint64Array(bytes.buffer), count);
  const placeOf = (row: number): number => Math.floor(row / pageRows) * pagePlaces + (row % pageRows);
  return {
    quads: runs.quads,
    order: Uint32Array.from({ length: count }, (_, row) => placeOf(count - 1 - row)),
  };
}

function hashOf(row: number): Uint8Array {
  const hash = new Uint8Array(32);
  new DataView(hash.buffer).setUint32(8, row + 1);
  return hash;
}

describe('the roots of groups', () => {
  it('are those of the tree over the hashes of the rows that are kept, whatever the sizes', () => {
    const roots = new GroupRoots();
    const some = fc.oneof(
      fc.array(group(6), { maxLength: 60 }),
      fc.array(fc.oneof(group(4), group(70)), { maxLength: 20 }),
      fc.array(group(300), { minLength: 1, maxLength: 3 }),
    );
    fc.assert(
      fc.property(some, (groups) => {
        const starts = [0];
        for (const { rows } of groups) starts.push(starts[starts.length - 1] + rows);
        const { quads, order } = rowsOf(starts[groups.length]);
        const leaves = new BigUint64Array(groups.length * 8).fill(7n);
        const counts = Uint32Array.from(groups, ({ kept }) => kept);
        roots.write(quads, order, Uint32Array.from(starts), counts, groups.length, leaves);
        const found = groups.map((_, at) => toHex(new Uint8Array(leaves.buffer, at * 64 + 32, 32)));
        const expected = groups.map(({ kept }, at) =>
          toHex(
            merkleRoot(concatBytes(...Array.from({ length: kept }, (_, row) => hashOf(starts[at] + row)))),
          ),
        );
        expect(found).toEqual(expected);
        // The first half of each leaf is of others.
        expect(leaves.every((quad, at) => (at & 7) > 3 || quad === 7n)).toBe(true);
      }),
      { numRuns: 200 },
    );
  });
});
