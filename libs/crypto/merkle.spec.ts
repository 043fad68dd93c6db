import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { merklePath, merkleRoot, rootFromPath, sha256 } from './index.js';

const leavesOf = (count: number): Uint8Array =>
  new Uint8Array(
    Buffer.concat(Array.from({ length: count }, (_, n) => sha256(Uint8Array.of(n & 255, n >> 8)))),
  );

/** The tree of RFC 9162 as its definition has it: split at the largest power of two below n. */
function defined(leaves: readonly Uint8Array[]): Uint8Array {
  if (leaves.length === 1) return leaves[0];
  let split = 1;
  while (split * 2 < leaves.length) split *= 2;
  return sha256(Buffer.concat([defined(leaves.slice(0, split)), defined(leaves.slice(split))]));
}

describe('merkle trees', () => {
  it('have the shape that RFC 9162 defines', () => {
    for (let count = 1; count < 200; count++) {
      const leaves = leavesOf(count);
      const list = Array.from({ length: count }, (_, n) => leaves.subarray(n * 32, n * 32 + 32));
      expect(Buffer.from(merkleRoot(leaves)).toString('hex')).toBe(
        Buffer.from(defined(list)).toString('hex'),
      );
    }
  });

  it('prove each leaf, at its own place only', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 300 }), fc.nat(), fc.nat(), (count, a, b) => {
        const leaves = leavesOf(count);
        const index = a % count;
        const leaf = leaves.subarray(index * 32, index * 32 + 32);
        const path = merklePath(leaves, index);
        expect(rootFromPath(leaf, index, count, path)).toEqual(merkleRoot(leaves));
        const other = b % count;
        if (other !== index) expect(rootFromPath(leaf, other, count, path)).not.toEqual(merkleRoot(leaves));
        expect(rootFromPath(leaf, index, count, [...path, leaf])).toBeUndefined();
        expect(rootFromPath(leaf, count, count, path)).toBeUndefined();
      }),
    );
  });

  it('leave their input as it was', () => {
    const leaves = leavesOf(9);
    const before = leaves.slice();
    merkleRoot(leaves);
    merkleRoot(Buffer.from(leaves.buffer));
    merklePath(leaves, 3);
    expect(leaves).toEqual(before);
  });
});
