/** Openings that a log tells: only those of the hash are believed. */
import { describe, expect, it } from '@jest/globals';
import { merkleRoot, sha256 } from '#crypto';
import { concatBytes } from '#encoding';
import { amountWords } from '#protocol';
import { leafOf } from '#proofs';
import { amountsIn, isLeafOpening, isNodeOpening } from './opening-check.js';
import { entryBytesOf, entryHashOf, SumTree } from './sum-tree.js';

const participants = 3;
const bytes = entryBytesOf(participants);
const amountsAt = (at: number) => [BigInt(at) + 2n ** 40n, BigInt(at), 2n ** 40n];
const entryAt = (at: number): Uint8Array =>
  concatBytes(sha256(Uint8Array.of(at)), ...amountWords(amountsAt(at)));
const entries = concatBytes(...[0, 1, 2].map(entryAt));
const tree = SumTree.ofEntries(participants, entries);
const node = { level: 2, index: 0, entries };

describe('an opened node', () => {
  const isOpening = (bytesOf: Uint8Array) => isNodeOpening(participants, tree.hashAt(tree.top), bytesOf);

  it('has all of its descendants and nothing else', () => {
    expect(isOpening(entries)).toBe(true);
    expect(isOpening(new Uint8Array(0))).toBe(false);
    expect(isOpening(entries.subarray(bytes))).toBe(false);
    expect(isOpening(entries.subarray(1))).toBe(false);
    expect(isOpening(concatBytes(entries, entryAt(3)))).toBe(false);
    const taken = Array.from(entries.keys()).filter((at) =>
      isOpening(entries.map((byte, one) => (one === at ? byte ^ 1 : byte))),
    );
    expect(taken).toEqual([]);
  });

  it('says what its entries pay', () => {
    const elsewhere = { ...node, entries: concatBytes(entryAt(7), entryAt(8)) };
    for (const at of [0, 1, 2, 7, 8]) {
      const found = amountsIn(participants, [node, elsewhere], entryHashOf(entryAt(at)));
      expect(found).toEqual(amountsAt(at));
    }
    expect(amountsIn(participants, [node, elsewhere], entryHashOf(entryAt(5)))).toBeUndefined();
    expect(amountsIn(participants, [], entryHashOf(entryAt(0)))).toBeUndefined();
  });
});

it('an opened leaf has just the records of its hash', () => {
  const records = Uint8Array.from({ length: 128 }, (_, at) => at);
  const key = records.slice(16, 32);
  const root = merkleRoot(concatBytes(sha256(records.slice(0, 64)), sha256(records.slice(64))));
  const hash = (kept: number) => leafOf(key, kept, root, amountsAt(1));
  const isOpening = (of: Uint8Array, amounts = amountsAt(1), kept = 2) =>
    isLeafOpening(hash(kept), of, amounts);
  expect(isOpening(records)).toBe(true);
  expect(isOpening(records, amountsAt(2))).toBe(false);
  expect(isOpening(records, amountsAt(1), 3)).toBe(false);
  expect(isOpening(records.subarray(0, 64))).toBe(false);
  expect(isOpening(records.subarray(0, 127))).toBe(false);
  expect(isOpening(new Uint8Array(0))).toBe(false);
  expect(isOpening(concatBytes(records.subarray(64), records.subarray(0, 64)))).toBe(false);
});
