import { describe, expect, it } from '@jest/globals';
import { sha256 } from '#crypto';
import { toHex } from '#encoding';
import {
  BatchHasher,
  batchAt,
  batchBytes,
  batchCount,
  batchFault,
  encodeUnsignedBatch,
  headerFault,
  parseHeader,
} from './record-batch.js';

const hasher = new BatchHasher(sha256(Uint8Array.of(0)));
const header = { channelId: toHex(sha256(Uint8Array.of(1))), blockNumber: 258, author: 3, sequence: 772n };
const batchOf = (count: number): Uint8Array =>
  encodeUnsignedBatch(hasher, header, new Uint8Array(count * 64).fill(7));

/** The batch with one byte changed. */
function changed(at: number, value: number): Uint8Array {
  const bytes = batchOf(2);
  bytes[at] = value;
  return bytes;
}

describe('the shape of a batch', () => {
  it('is its header of 192 bytes and 1 to 1,021 records of 64', () => {
    for (const count of [1, 2, 1_021]) {
      expect(batchFault(batchOf(count))).toBeUndefined();
      expect([batchCount(batchOf(count)), batchOf(count).length]).toEqual([count, 192 + count * 64]);
    }
    for (const length of [0, 1_022 * 64, 100]) {
      const make = (): Uint8Array => encodeUnsignedBatch(hasher, header, new Uint8Array(length));
      expect(make).toThrow(new RangeError('a batch holds 1 to 1021 records'));
    }
  });

  it('is refused by the first field that is at fault', () => {
    expect(batchFault(changed(0, 0x71))).toBe('magic');
    expect(batchFault(changed(7, 2))).toBe('magic');
    for (const at of [29, 31, batchAt.padding, 191]) expect(batchFault(changed(at, 1))).toBe('padding');
    expect(batchFault(changed(batchAt.count, 0))).toBe('count');
    // 1,022 = 0x03fe, and numbers that differ in the higher bytes alone.
    const many = changed(batchAt.count, 0xfe);
    many[batchAt.count + 1] = 3;
    expect(batchFault(many)).toBe('count');
    expect(batchFault(changed(batchAt.count + 2, 1))).toBe('count');
    expect(batchFault(changed(batchAt.count + 3, 1))).toBe('count');
  });

  it('is refused a byte too short or too long, and never read beyond its end', () => {
    expect(batchFault(batchOf(2).subarray(0, 319))).toBe('length');
    expect(batchFault(Uint8Array.of(...batchOf(2), 0))).toBe('length');
    expect(batchFault(batchOf(1).subarray(0, 255))).toBe('length');
    expect(batchFault(new Uint8Array(65_537))).toBe('length');
    expect(batchFault(new Uint8Array(65_536))).toBe('magic');
    expect(batchFault(changed(batchAt.count, 3))).toBe('length');
  });

  it('is the same wherever in a segment it stands', () => {
    const two = new Uint8Array([...batchOf(1), ...batchOf(2)]);
    expect(headerFault(two, batchBytes(1))).toBeUndefined();
    expect(headerFault(two, batchBytes(1), two.length - 1)).toBe('length');
    expect(headerFault(two, two.length - 255)).toBe('length');
    const found = parseHeader(two, batchBytes(1));
    const { blockNumber, ...rest } = header;
    const recordsRoot = toHex(batchOf(2).subarray(64, 96));
    expect(found).toEqual({ ...rest, blockNumber: BigInt(blockNumber), count: 2, recordsRoot });
  });
});
