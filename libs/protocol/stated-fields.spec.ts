import { describe, expect, it } from '@jest/globals';
import { auctionIdFault, cpmExponent, idFault, parsePrice } from './index.js';

describe('an id as it is stated', () => {
  it.each([
    'null',
    'NULL',
    ' null ',
    '(null)',
    '\\N',
    'None',
    'nil',
    '-',
    '--',
    'undefined',
    'N/A',
    'NA',
    'NaN',
    '0',
    ' ',
    '\t \t',
  ])('tells no auctions apart as %j', (id) => {
    expect(auctionIdFault(id)).toBe('id-not-acceptable');
  });

  it.each(['00000000000000000000000000000000', '00', '1', 'null-1', '-1', 'a b', 'nullify'])(
    'may be %j',
    (id) => {
      expect([auctionIdFault(id), idFault(id)]).toEqual([undefined, undefined]);
    },
  );

  it('may be 0 where it counts within an auction', () => {
    expect(idFault('0')).toBeUndefined();
  });

  it.each([
    ['', 'id-not-acceptable'],
    ['a\u0000b', 'id-not-acceptable'],
    ['\ud800', 'id-not-acceptable'],
    ['x'.repeat(257), 'id-not-acceptable'],
    ['中'.repeat(86), 'id-not-acceptable'],
    ['${AUCTION_ID}', 'unresolved-macro'],
    ['%%x%%', 'unresolved-macro'],
  ])('is refused as %j: %s', (id, fault) => {
    expect([idFault(id), auctionIdFault(id)]).toEqual([fault, fault]);
  });
});

describe('a price as it is stated', () => {
  it('is whole nano-units of one impression, whatever its size, without floating point', () => {
    expect(parsePrice('1.25', cpmExponent)).toEqual({ ok: true, value: 1_250_000n });
    expect(parsePrice('0.1', cpmExponent)).toEqual({ ok: true, value: 100_000n });
    expect(parsePrice('18446744073709551615', 0)).toEqual({ ok: true, value: 2n ** 64n - 1n });
  });

  it.each([
    ['18446744073709551616', 0, 'price-too-large'],
    ['18446744073709551615.1', 0, 'price-too-precise'],
    ['18446744073709.551616', 6, 'price-too-large'],
    ['-1', 0, 'price-negative'],
    ['-0.01', 6, 'price-negative'],
    ['1,5', 6, 'price-not-a-number'],
    ['1.000,50', 6, 'price-not-a-number'],
    ['1 000', 6, 'price-not-a-number'],
    ['1e3', 6, 'price-not-a-number'],
    ['1E-3', 6, 'price-not-a-number'],
    ['0x1f', 0, 'price-not-a-number'],
    ['+1', 6, 'price-not-a-number'],
    ['.5', 6, 'price-not-a-number'],
    ['1.', 6, 'price-not-a-number'],
    ['NaN', 6, 'price-not-a-number'],
    ['Infinity', 6, 'price-not-a-number'],
    ['€1', 6, 'price-not-a-number'],
    ['1.25 CNY', 6, 'price-not-a-number'],
    ['١', 0, 'price-not-a-number'],
    ['', 6, 'price-not-a-number'],
    ['null', 6, 'price-not-a-number'],
    ['0.0000001', 6, 'price-too-precise'],
    ['{AUCTION_PRICE}', 6, 'unresolved-macro'],
    ['[WINNING_PRICE]', 6, 'unresolved-macro'],
    ['%%WINNING_PRICE%%', 6, 'unresolved-macro'],
    ['%24%7Bauction_price%7D', 6, 'unresolved-macro'],
  ])('is refused as %j with exponent %d: %s', (text, exponent, code) => {
    expect(parsePrice(text, exponent)).toEqual({ ok: false, code });
  });
});
