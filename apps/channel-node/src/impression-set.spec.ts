import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { viewOf } from '#encoding';
import { limits, recordAt } from '#protocol';
import { ImpressionMemory } from './impression-memory.js';
import { ImpressionSet } from './impression-set.js';

const about = { channelId: `0x${'c3'.repeat(32)}`, blockNumber: 7 };
const key = fc.uint8Array({ minLength: 16, maxLength: 16 });

/** Records that hold nothing but these impression keys, behind one foreign byte. */
function recordsOf(keys: readonly Uint8Array[]): DataView {
  const bytes = new Uint8Array(1 + keys.length * limits.recordBytes);
  for (const [index, one] of keys.entries()) {
    bytes.set(one, 1 + index * limits.recordBytes + recordAt.impressionKey);
  }
  return viewOf(bytes);
}

function counted(from: number, to: number): Uint8Array[] {
  return Array.from({ length: to - from }, (_, index) => {
    const bytes = new Uint8Array(16);
    viewOf(bytes).setUint32(4, from + index, true);
    return bytes;
  });
}

function has(set: ImpressionSet, one: Uint8Array): boolean {
  return set.firstIn(recordsOf([one]), 1, 1) === 0;
}

function setOf(bytesMax: number): ImpressionSet {
  return new ImpressionSet(new ImpressionMemory(bytesMax, () => {}), about);
}

describe('an impression set', () => {
  it('holds the keys that were added and no others', () => {
    const batches = fc.array(fc.array(key, { maxLength: 1_021 }), { maxLength: 6 });
    fc.assert(
      fc.property(batches, fc.array(key, { maxLength: 50 }), (added, asked) => {
        const set = setOf(10_000 * 24);
        for (const batch of added) set.addAll(recordsOf(batch), 1, batch.length);
        const nameOf = (one: Uint8Array): string => Buffer.from(one.subarray(0, 8)).toString('hex');
        const kept = new Set(added.flat().map(nameOf));
        for (const one of [...added.flat(), ...asked]) {
          expect(has(set, one)).toBe(kept.has(nameOf(one)) && nameOf(one) !== '00'.repeat(8));
        }
      }),
      { numRuns: 30 },
    );
  });

  it('names the first of several records that it holds', () => {
    const set = setOf(100 * 24);
    set.addAll(recordsOf(counted(5, 7)), 1, 2);
    expect(set.firstIn(recordsOf(counted(1, 10)), 1, 9)).toBe(4);
    expect(set.firstIn(recordsOf(counted(1, 5)), 1, 4)).toBeUndefined();
  });

  it('keeps keys whose first or second half is zero when its tables grow', () => {
    const set = setOf(100_000 * 24);
    const seconds = counted(1, 5_001);
    const firsts = seconds.map((one) => {
      const bytes = new Uint8Array(16);
      bytes.set(one.subarray(4, 8), 0);
      return bytes;
    });
    for (const keys of [seconds, firsts]) {
      for (let from = 0; from < 5_000; from += 1_000) {
        set.addAll(recordsOf(keys.slice(from, from + 1_000)), 1, 1_000);
      }
    }
    // A few find no slot, as the rule allows; one half would be thousands.
    expect([...seconds, ...firsts].filter((one) => !has(set, one)).length).toBeLessThan(100);
  });

  it('stays within its bound and goes on answering', () => {
    const memory = new ImpressionMemory(40_000, () => {});
    const set = new ImpressionSet(memory, about);
    for (let from = 1; from < 5_000; from += 1_000) {
      set.addAll(recordsOf(counted(from, from + 1_000)), 1, 1_000);
      expect(memory.bytes).toBeLessThanOrEqual(40_000);
    }
    expect(set.size).toBeGreaterThan(40_000 / 24);
    expect(set.size).toBeLessThan(40_000 / 8);
    expect(has(set, counted(1, 2)[0])).toBe(true);
    expect(has(set, counted(5_001, 5_002)[0])).toBe(false);
    set.forget();
    expect([memory.bytes, set.size, has(set, counted(1, 2)[0])]).toEqual([0, 0, false]);
    set.addAll(recordsOf(counted(1, 2)), 1, 1);
    expect(has(set, counted(1, 2)[0])).toBe(true);
  });
});
