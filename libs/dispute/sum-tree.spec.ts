/** All levels of a settlement tree against the tree that only has its root, and against paths of proofs. */
import { describe, expect, it } from '@jest/globals';
import { sha256 } from '#crypto';
import { concatBytes, toHex } from '#encoding';
import { amountsDigest, amountWords } from '#protocol';
import { settlementRootFrom } from '#proofs';
import { SettlementTree } from '#reduction';
import { entryBytesOf, entryHashOf, LeafColumns, SumTree } from './sum-tree.js';
import { madeAt, openingOf, openingsMax, topLevelOf, widthOf } from './tree-shape.js';

interface Leaf {
  readonly content: Uint8Array;
  readonly amounts: readonly bigint[];
}

function makeLeaves(count: number, participants: number): Leaf[] {
  return Array.from({ length: count }, (_, at) => ({
    content: sha256(Buffer.from(`content ${at}`)),
    amounts: Array.from(
      { length: participants },
      (__, one) => (BigInt(at) * 0x1_2345_6789n + BigInt(one)) % 2n ** 49n,
    ),
  }));
}

const wordsOf = (leaves: readonly Leaf[]): Uint32Array =>
  Uint32Array.from(
    leaves.flatMap(({ amounts }) =>
      amounts.flatMap((nano) => [Number(nano >> 32n), Number(nano & 0xffff_ffffn)]),
    ),
  );

/** Of more than a call takes. */
const joined = (parts: readonly Uint8Array[]): Uint8Array => new Uint8Array(Buffer.concat(parts));

const hashOf = ({ content, amounts }: Leaf): Uint8Array =>
  sha256(concatBytes(content, amountsDigest(amounts)));

const entryOf = ({ content, amounts }: Leaf): Uint8Array => concatBytes(content, ...amountWords(amounts));

function treeOf(leaves: readonly Leaf[], participants: number, piece = 1_000): SumTree {
  const columns = new LeafColumns(participants);
  for (let from = 0; from < leaves.length; from += piece) {
    const some = leaves.slice(from, from + piece);
    const halves = joined(some.map(({ content }) => content));
    columns.add({ halves, amounts: wordsOf(some), groups: some.length });
  }
  return columns.finish();
}

describe('a tree with all its levels', () => {
  it.each([2, 3, 4, 5, 8, 9, 12, 13, 16])(
    'has the root of the settlement tree, for %i participants',
    (participants) => {
      for (const count of [0, 1, 2, 3, 5, 8, 33, 256, 257, 2_049]) {
        const leaves = makeLeaves(count, participants);
        const plain = new SettlementTree(participants);
        const hashes = joined(leaves.map(hashOf));
        plain.add(hashes, wordsOf(leaves), count, leaves[0]?.content ?? new Uint8Array(0));
        const { settlementRoot, amounts, x } = plain.finish();
        const tree = treeOf(leaves, participants);
        expect(toHex(tree.settlementRoot)).toBe(toHex(settlementRoot));
        expect(tree.count).toBe(count);
        if (count === 0) continue;
        expect(tree.amountsAt(tree.top)).toEqual(amounts);
        expect(toHex(tree.entryAt(tree.top).subarray(0, 32))).toBe(toHex(x as Uint8Array));
      }
    },
  );

  it('is the same over the borders of its pieces, however the leaves arrive', () => {
    const leaves = makeLeaves(65_536 * 2 + 3, 2);
    const plain = new SettlementTree(2);
    plain.add(joined(leaves.map(hashOf)), wordsOf(leaves), leaves.length, leaves[0].content);
    const { settlementRoot } = plain.finish();
    for (const piece of [60_000, 200_000]) {
      const tree = treeOf(leaves, 2, piece);
      expect(toHex(tree.settlementRoot)).toBe(toHex(settlementRoot));
      for (const index of [0, 65_535, 65_536, 131_074]) {
        expect(toHex(tree.entryAt({ level: 0, index }))).toBe(toHex(entryOf(leaves[index])));
        expect(tree.amountsAt({ level: 0, index })).toEqual(leaves[index].amounts);
      }
    }
  });

  it.each([1, 2, 3, 7, 255, 256, 257, 300, 511, 513, 1_025])(
    'leads from each of %i leaves to the root',
    (count) => {
      const leaves = makeLeaves(count, 3);
      const tree = treeOf(leaves, 3);
      for (const index of [0, 1, count >> 1, count - 2, count - 1]) {
        if (index < 0 || index >= count) continue;
        const steps = tree.pathOf({ level: 0, index });
        const path = [];
        let place = { level: 0, index };
        while (place.level < tree.top.level) {
          const width = widthOf(BigInt(count), place.level);
          const parent = { level: place.level + 1, index: place.index >> 1 };
          if ((place.index ^ 1) < width) {
            const [sibling, digest] = steps.splice(0, 2);
            const amounts = tree.amountsAt(parent);
            expect(toHex(digest)).toBe(toHex(amountsDigest(amounts)));
            path.push({ sibling, amounts });
          }
          place = parent;
        }
        expect(steps).toEqual([]);
        const leaf = { hash: hashOf(leaves[index]), amounts: leaves[index].amounts };
        const root = settlementRootFrom(leaf, index, count, path);
        expect(toHex(root?.hash ?? new Uint8Array(0))).toBe(toHex(tree.settlementRoot));
      }
    },
  );

  it.each([1, 2, 3, 256, 257, 258, 513, 3_000])(
    'opens to what makes each node again, of %i leaves',
    (count) => {
      const tree = treeOf(makeLeaves(count, 3), 3);
      for (let { level } = tree.top; level > 0; level--) {
        for (const index of [0, 1, widthOf(BigInt(count), level) - 1]) {
          if (index >= widthOf(BigInt(count), level)) continue;
          const node = { level, index };
          const entries = tree.entriesBelow(node);
          const again = SumTree.ofEntries(3, entries);
          expect(again.count).toBe(openingOf(BigInt(count), node).count);
          expect(again.count).toBeLessThanOrEqual(256);
          expect(toHex(again.hashAt(again.top))).toBe(toHex(tree.hashAt(node)));
          expect(again.amountsAt(again.top)).toEqual(tree.amountsAt(node));
          // The way from an entry to its node is the same, seen from the opening alone.
          const last = { level: 0, index: again.count - 1 };
          const { level: below, first } = openingOf(BigInt(count), node);
          const whole = tree.pathOf({ level: below, index: first + last.index }, level);
          expect(again.pathOf(last).map(toHex)).toEqual(whole.map(toHex));
          const bytes = entryBytesOf(3);
          expect(toHex(entryHashOf(entries.subarray(0, bytes)))).toBe(
            toHex(tree.hashAt({ level: below, index: first })),
          );
        }
      }
    },
  );

  it('has an entry only where it stands', () => {
    const leaves = makeLeaves(5, 3);
    const tree = treeOf(leaves, 3);
    expect(tree.hasEntry({ level: 0, index: 4 }, entryOf(leaves[4]))).toBe(true);
    expect(tree.hasEntry({ level: 0, index: 3 }, entryOf(leaves[4]))).toBe(false);
    expect(tree.hasEntry({ level: 0, index: 5 }, entryOf(leaves[4]))).toBe(false);
    expect(tree.hasEntry({ level: 9, index: 0 }, entryOf(leaves[4]))).toBe(false);
    // It is carried up to the top's right side.
    expect(tree.hasEntry({ level: 2, index: 1 }, entryOf(leaves[4]))).toBe(true);
    expect(() => tree.hashAt({ level: 0, index: 5 })).toThrow(RangeError);
  });
});

describe('the shape of a tree', () => {
  it('has one entry at its top and half of them, rounded up, at each level', () => {
    expect([0n, 1n, 2n, 3n, 4n, 5n, 256n, 257n, 2n ** 40n].map(topLevelOf)).toEqual([
      0, 0, 1, 2, 2, 3, 8, 9, 40,
    ]);
    expect([0, 1, 2, 3].map((level) => widthOf(5n, level))).toEqual([5, 3, 2, 1]);
  });

  it('takes a carried entry for the one that was carried', () => {
    expect(madeAt(5n, { level: 2, index: 1 })).toEqual({ level: 0, index: 4 });
    expect(madeAt(5n, { level: 1, index: 1 })).toEqual({ level: 1, index: 1 });
    expect(madeAt(6n, { level: 2, index: 1 })).toEqual({ level: 1, index: 2 });
    expect(madeAt(1n, { level: 0, index: 0 })).toEqual({ level: 0, index: 0 });
  });

  it('opens a million impressions by four answers, one of them the leaf', () => {
    expect([0n, 1n, 2n, 256n, 257n, 1_000_000n, 2n ** 40n].map(openingsMax)).toEqual([0, 1, 2, 2, 3, 4, 6]);
    expect(openingOf(300n, { level: 9, index: 0 })).toEqual({ level: 1, first: 0, count: 150 });
    expect(openingOf(300n, { level: 8, index: 1 })).toEqual({ level: 0, first: 256, count: 44 });
  });
});
