import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { sha256 } from '#crypto';
import { utf8 } from '#encoding';
import { decodeRecord, encodeRecord, isAcceptableId, recordFault, recordKind, shortHash } from './index.js';

const rules = { roles: [1, 3, 4, 5, 6], priceNanoMax: 10_000_000_000n };

describe('records', () => {
  it('that are accepted encode back to the same bytes', () => {
    const nearlyGood = fc
      .tuple(fc.uint8Array({ minLength: 64, maxLength: 64 }), fc.nat(2), fc.nat(5), fc.nat(5))
      .map(([bytes, kind, author, counterparty]) => {
        bytes.set([kind, 1, author, counterparty, bytes[4] & 63, 0, 0, 0]);
        bytes.fill(0, kind === recordKind.audit ? 32 : 36, 40);
        return bytes;
      });
    let accepted = 0;
    fc.assert(
      fc.property(nearlyGood, (bytes) => {
        if (recordFault(bytes, rules) !== undefined) return;
        accepted += 1;
        expect(encodeRecord(decodeRecord(bytes))).toEqual(bytes);
      }),
      { numRuns: 2_000 },
    );
    expect(accepted).toBeGreaterThan(20);
  });

  it('compare the whole price with the limit', () => {
    const win = encodeRecord({
      kind: recordKind.win,
      author: 1,
      counterparty: 0,
      flags: 0,
      timestampMs: 0n,
      impressionKey: new Uint8Array(16),
      priceNano: 10_000_000_000n,
      campaign: new Uint8Array(8),
      placement: new Uint8Array(8),
      reference: new Uint8Array(8),
    });
    const priced = (priceNano: bigint): Uint8Array => encodeRecord({ ...decodeRecord(win), priceNano });
    expect(recordFault(win, rules)).toBeUndefined();
    for (const price of [10_000_000_001n, 3n << 32n, 2n ** 64n - 1n]) {
      expect(recordFault(priced(price), rules)).toBe('priceNano');
    }
    expect(recordFault(priced((2n << 32n) + 1n), rules)).toBeUndefined();
  });

  it('take ids of 1 to 256 bytes of UTF-8', () => {
    expect(isAcceptableId('é'.repeat(128))).toBe(true);
    expect(isAcceptableId(`${'é'.repeat(128)}x`)).toBe(false);
    expect(isAcceptableId('')).toBe(false);
    expect(isAcceptableId('😀')).toBe(true);
    expect(isAcceptableId('😀'.charAt(0))).toBe(false);
    expect(isAcceptableId(`${'😀'.charAt(1)}${'😀'.charAt(0)}`)).toBe(false);
  });

  it('name campaigns and log lines by the first 8 bytes of their hash', () => {
    expect(shortHash('campaign é')).toEqual(sha256(utf8('campaign é')).slice(0, 8));
  });

  it('of a seller speak to the payer alone, and audits have no price', () => {
    const record = (bytes: readonly number[], priceHigh = 0): Uint8Array => {
      const one = new Uint8Array(64);
      one.set(bytes);
      one[36] = priceHigh;
      return one;
    };
    expect(recordFault(record([recordKind.win, 1, 1, 0]), rules)).toBeUndefined();
    expect(recordFault(record([recordKind.win, 1, 1, 2]), rules)).toBe('counterparty');
    expect(recordFault(record([recordKind.win, 1, 3, 0]), rules)).toBe('author');
    expect(recordFault(record([recordKind.audit, 1, 3, 1]), rules)).toBeUndefined();
    expect(recordFault(record([recordKind.audit, 1, 3, 1], 1), rules)).toBe('priceNano');
    expect(recordFault(record([recordKind.win, 1, 5, 0]), rules)).toBe('author');
  });
});
