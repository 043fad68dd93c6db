import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { compareBytes, concatBytes, equalBytes, isZero, u64BigEndian, utf8, viewOf } from './index.js';

/** Shorter and longer than what is compared in place. */
const bytes = fc.uint8Array({ maxLength: 130 });

describe('bytes', () => {
  it('are equal where every byte and the length are, for hashes as for pages', () => {
    fc.assert(
      fc.property(bytes, fc.nat(129), (one, at) => {
        expect(equalBytes(one, one.slice())).toBe(true);
        expect(equalBytes(one, Uint8Array.of(...one, 0))).toBe(false);
        expect(equalBytes(Uint8Array.of(...one, 0), one)).toBe(false);
        if (one.length === 0) return;
        const other = one.slice();
        other[at % one.length] ^= 1;
        expect(equalBytes(one, other)).toBe(false);
      }),
    );
  });

  it('order as unsigned numbers, and what they begin comes after them', () => {
    expect(compareBytes(Uint8Array.of(1, 255), Uint8Array.of(2, 0))).toBe(-1);
    expect(compareBytes(Uint8Array.of(128), Uint8Array.of(127))).toBe(1);
    expect(compareBytes(Uint8Array.of(1), Uint8Array.of(1, 0))).toBe(-1);
    expect(compareBytes(Uint8Array.of(1, 0), Uint8Array.of(1, 0))).toBe(0);
  });

  it('join in order', () => {
    expect(concatBytes(utf8('ab'), utf8(''), utf8('c'))).toEqual(utf8('abc'));
    expect(concatBytes()).toEqual(new Uint8Array(0));
  });

  it('are zero only where each is', () => {
    expect(isZero(new Uint8Array(3))).toBe(true);
    expect(isZero(Uint8Array.of(0, 0, 1))).toBe(false);
    expect(isZero(new Uint8Array(0))).toBe(true);
  });

  it('are read from where a view begins, with the highest byte first', () => {
    const view = viewOf(Uint8Array.of(9, 1, 2, 3).subarray(1, 3));
    expect([view.byteLength, view.getUint16(0, false)]).toEqual([2, 0x0102]);
    expect(u64BigEndian(0x0102n)).toEqual(Uint8Array.of(0, 0, 0, 0, 0, 0, 1, 2));
  });
});
