/** The settlement tree against the plain recursion of RFC 9162 with sums. */
import { describe, expect, it } from '@jest/globals';
import { sha256 } from '#crypto';
import { concatBytes, toHex } from '#encoding';
import { amountsDigest } from '#protocol';
import { SettlementTree } from './settlement-tree.js';

interface Node {
  readonly hash: Uint8Array;
  readonly amounts: readonly bigint[];
  readonly x: Uint8Array;
}

/** Splits at the largest power of two below the number of leaves. */
function plainTree(leaves: readonly Node[]): Node {
  if (leaves.length === 1) return leaves[0];
  let split = 1;
  while (split * 2 < leaves.length) split *= 2;
  const left = plainTree(leaves.slice(0, split));
  const right = plainTree(leaves.slice(split));
  const amounts = left.amounts.map((nano, at) => nano + right.amounts[at]);
  const x = sha256(concatBytes(left.hash, right.hash));
  return { hash: sha256(concatBytes(x, amountsDigest(amounts))), amounts, x };
}

function makeLeaves(count: number, participants: number): Node[] {
  return Array.from({ length: count }, (_, at) => {
    const x = sha256(Buffer.from(`half ${at}`));
    const amounts = Array.from(
      { length: participants },
      (__, one) => (BigInt(at) * 0x1_2345_6789n + BigInt(one)) % 2n ** 49n,
    );
    return { hash: sha256(concatBytes(x, amountsDigest(amounts))), amounts, x };
  });
}

/** Adds the leaves in pieces of a few lengths. */
function treeOf(leaves: readonly Node[], participants: number, piece: number) {
  const tree = new SettlementTree(participants);
  for (let from = 0; from < leaves.length; from += piece) {
    const some = leaves.slice(from, from + piece);
    const words = some.flatMap((leaf) =>
      leaf.amounts.flatMap((nano) => [Number(nano >> 32n), Number(nano & 0xffff_ffffn)]),
    );
    tree.add(concatBytes(...some.map((leaf) => leaf.hash)), Uint32Array.from(words), some.length, some[0].x);
  }
  return tree.finish();
}

describe('the settlement tree', () => {
  it.each([2, 3, 4, 5, 8, 9, 12, 13, 16])(
    'sums and hashes as RFC 9162 nests, for %i participants',
    (participants) => {
      for (const count of [1, 2, 3, 5, 8, 33]) {
        const leaves = makeLeaves(count, participants);
        const expected = plainTree(leaves);
        const found = treeOf(leaves, participants, 7);
        expect(toHex(found.settlementRoot)).toBe(toHex(expected.hash));
        expect(found.amounts).toEqual(expected.amounts);
        expect(found.x && toHex(found.x)).toBe(toHex(expected.x));
        expect(found.impressionCount).toBe(count);
      }
    },
  );

  it.each([2_047, 2_048, 2_049, 4_096, 2_048 * 3, 2_048 * 3 + 1])(
    'is the same over tile borders and however its %i leaves arrive',
    (count) => {
      const leaves = makeLeaves(count, 3);
      const expected = plainTree(leaves);
      for (const piece of [1_000, 5_000]) {
        const found = treeOf(leaves, 3, piece);
        expect(toHex(found.settlementRoot)).toBe(toHex(expected.hash));
        expect(found.amounts).toEqual(expected.amounts);
        expect(found.x && toHex(found.x)).toBe(toHex(expected.x));
        expect(found.impressionCount).toBe(count);
      }
    },
  );

  it('is zero bytes without leaves', () => {
    const found = new SettlementTree(3).finish();
    expect(toHex(found.settlementRoot)).toBe(`0x${'00'.repeat(32)}`);
    expect(found).toMatchObject({ impressionCount: 0, amounts: [0n, 0n, 0n], x: undefined });
  });
});
