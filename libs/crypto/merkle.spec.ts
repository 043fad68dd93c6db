import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { hash64Into, merklePath, merkleRoot, nonePassed, passLeaf, rootFromPath, sha256 } from './index.js';

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

  it('are zero for no leaf, and one leaf is its own root', () => {
    expect(merkleRoot(new Uint8Array(0))).toEqual(new Uint8Array(32));
    expect(merkleRoot(leavesOf(1))).toEqual(leavesOf(1));
    hash64Into(new Uint8Array(0), new Uint8Array(0));
  });

  it('give a root of its own memory, not a view of all leaves', () => {
    expect(merkleRoot(leavesOf(9)).buffer.byteLength).toBe(32);
  });

  it('have no path for what is no leaf, and no root behind a path of other lengths', () => {
    const leaves = leavesOf(3);
    const leaf = leaves.subarray(0, 32);
    for (const index of [-1, 3]) {
      expect(() => merklePath(leaves, index)).toThrow(new RangeError(`no leaf ${index} of 3`));
    }
    const path = merklePath(leaves, 0);
    expect(rootFromPath(leaf, -1, 3, path)).toBeUndefined();
    // An index of −1 would lead through two levels too: the bounds alone tell.
    expect(rootFromPath(leaf, -1, 1, [])).toBeUndefined();
    expect(rootFromPath(leaf, 0, 3, [path[0].subarray(0, 31), path[1]])).toBeUndefined();
    expect(rootFromPath(leaf, 0, 3, [path[0]])).toBeUndefined();
  });

  it('prove each leaf behind those that are passed without them', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 300 }), fc.nat(), fc.nat(), (count, a, b) => {
        const leaves = leavesOf(count);
        const index = a % count;
        const behind = b % (index + 1);
        let passed = nonePassed;
        for (let n = 0; n < behind; n++) passed = passLeaf(passed, leaves.slice(n * 32, n * 32 + 32));
        const rest = leaves.slice().fill(0xee, 0, behind * 32);
        expect(merklePath(rest, index, passed)).toEqual(merklePath(leaves, index));
        if (behind > 0) expect(() => merklePath(rest, behind - 1, passed)).toThrow(RangeError);
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
