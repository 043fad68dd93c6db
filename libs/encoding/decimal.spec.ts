import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { parseScaledDecimal } from './index.js';

describe('decimal prices', () => {
  it('are scaled without floating point, whatever their size', () => {
    fc.assert(
      fc.property(
        fc.bigInt({ min: 0n, max: 2n ** 64n }),
        fc.integer({ min: 0, max: 12 }),
        (value, digits) => {
          const text = value.toString().padStart(digits + 1, '0');
          const point = text.length - digits;
          const written = digits === 0 ? text : `${text.slice(0, point)}.${text.slice(point)}`;
          expect(parseScaledDecimal(written, digits)).toEqual({ ok: true, value });
        },
      ),
    );
  });

  it.each([
    ['${AUCTION_PRICE}', 'unresolved-macro'],
    ['%7BAUCTION_PRICE%7D', 'unresolved-macro'],
    ['{{price}}', 'unresolved-macro'],
    ['', 'not-a-number'],
    ['NaN', 'not-a-number'],
    ['1e3', 'not-a-number'],
    ['0x10', 'not-a-number'],
    ['1,5', 'not-a-number'],
    [' 1', 'not-a-number'],
    ['.5', 'not-a-number'],
    ['9'.repeat(65), 'not-a-number'],
    ['-0.01', 'negative'],
    ['0.0000001', 'too-precise'],
  ])('%j is refused as %s', (text, refusal) => {
    expect(parseScaledDecimal(text, 6)).toEqual({ ok: false, refusal });
  });

  it('takes zeros behind the last digit that counts, and a negative zero for zero', () => {
    expect(parseScaledDecimal('1.2300000000', 2)).toEqual({ ok: true, value: 123n });
    expect(parseScaledDecimal('-0.00', 2)).toEqual({ ok: true, value: 0n });
    expect(parseScaledDecimal(`1.${'0'.repeat(62)}`, 0)).toEqual({ ok: true, value: 1n });
    expect(parseScaledDecimal('-1', 0)).toEqual({ ok: false, refusal: 'negative' });
  });
});
