/** What fields of logs say: mappings, prices, times and ids. */
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { parseScaledDecimal } from '#encoding';
import { idFault, idFaultOf } from './id-text.js';
import { findMapping, knownMappings } from './known-mappings.js';
import { parseMapping } from './mapping.js';
import { priceFault, readPrice } from './price-text.js';
import { openTimeReader } from './time-text.js';

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);
const priceOf = (text: string, exponent: number): number => {
  const bytes = bytesOf(`,${text},`);
  return readPrice(bytes, 1, bytes.length - 1, exponent);
};
const idOf = (id: string | Uint8Array): number => {
  const bytes = typeof id === 'string' ? bytesOf(id) : id;
  return idFaultOf(bytes, 0, bytes.length);
};
const timeOf = (format: string, text: string, offsetMinutes = 0): number => {
  const bytes = bytesOf(text);
  return openTimeReader({ format, offsetMinutes })(bytes, 0, bytes.length);
};

describe('a price', () => {
  it('is read as everywhere else, whatever its text', () => {
    const decimal = fc.stringMatching(/^-?\d{0,9}\.?\d{0,9}$/);
    fc.assert(
      fc.property(
        fc.oneof(decimal, fc.string({ maxLength: 8 })),
        fc.integer({ min: 0, max: 9 }),
        (text, exponent) => {
          const expected = parseScaledDecimal(text, exponent);
          const found = priceOf(text, exponent);
          if (expected.ok && expected.value <= 10n ** 14n) expect(found).toBe(Number(expected.value));
          else expect(found).toBeLessThan(0);
        },
      ),
    );
  });

  it('says why it is none', () => {
    const { notANumber, negative, tooPrecise, tooLarge } = priceFault;
    const cases: [string, number][] = [
      ['', notANumber],
      ['1e3', notANumber],
      ['1.', notANumber],
      ['.5', notANumber],
      ['1.2.3', notANumber],
      ['-0.01', negative],
      ['0.1234567', tooPrecise],
      ['99999999999', tooLarge],
    ];
    for (const [text, fault] of cases) expect([text, priceOf(text, 6)]).toEqual([text, -fault]);
    expect([priceOf('-0.00', 6), priceOf('1.2500000', 6)]).toEqual([0, 1_250_000]);
  });
});

describe('a time', () => {
  it('is the second that a calendar says', () => {
    fc.assert(
      fc.property(fc.integer({ min: 800_000_000, max: 4_102_000_000 }), (seconds) => {
        const iso = new Date(seconds * 1_000).toISOString();
        const digits = iso.replace(/\D/g, '');
        expect(timeOf('iso', iso)).toBe(seconds);
        expect(timeOf('auto', iso.replace('T', ' ').slice(0, 19))).toBe(seconds);
        expect(timeOf('auto', digits)).toBe(seconds);
        expect(timeOf('%Y%m%d%H%M%S', digits.slice(0, 14))).toBe(seconds);
        expect(timeOf('%Y%m%d%H%M%S%L', digits, 480)).toBe(seconds - 28_800);
        expect(timeOf('epoch', `${seconds}.75`)).toBe(seconds);
        expect(timeOf('epoch_ms', `${seconds}999`)).toBe(seconds);
      }),
    );
    expect(timeOf('iso', '2013-06-06T12:00:00+08:00')).toBe(Date.UTC(2013, 5, 6, 4) / 1_000);
    expect(timeOf('%d/%m/%Y %H:%M', '06/06/2013 12:30')).toBe(Date.UTC(2013, 5, 6, 12, 30) / 1_000);
  });

  it('is none where no calendar has it, or no log of impressions', () => {
    const bad = [
      '',
      'x',
      '0',
      '1970-01-01T00:00:00Z',
      '9999-01-01T00:00:00Z',
      '2013-02-29T00:00:00Z',
      '20130606250000',
    ];
    for (const text of bad) expect([text, timeOf('auto', text)]).toEqual([text, 0]);
    expect(timeOf('%Y%m%d', '20130606x')).toBe(0);
  });
});

describe('an id', () => {
  it('is no macro in any spelling, no placeholder and no bytes that are not text', () => {
    const macros = [
      '{{X}}',
      '${x}',
      '$%7BX%7D',
      '%24%7BX%7D',
      '%%X%%',
      '[X]',
      '{x}',
      'a-${AUCTION_ID}',
      '%7b%7bid%7d%7d',
    ];
    for (const id of macros) expect([id, idOf(id)]).toEqual([id, idFault.macro]);
    for (const id of ['', ' ', 'null', 'NULL', '-', 'undefined', '0', 'N/A']) {
      expect([id, idOf(id)]).toEqual([id, idFault.missing]);
    }
    const broken = [
      Uint8Array.of(...bytesOf('a-long-id-'), 0xc4, 0xe3),
      bytesOf('a\u0000b'),
      bytesOf('x'.repeat(257)),
    ];
    for (const id of broken) expect(idOf(id)).toBe(idFault.notAcceptable);
    const good = [
      'a1',
      '7',
      '00',
      'é',
      '29efd94d8a0415ee1f83e7f20ccf5fcc',
      'a|b',
      'a{b',
      '100%',
      'x'.repeat(256),
    ];
    for (const id of good) expect([id, idOf(id)]).toEqual([id, idFault.none]);
  });
});

describe('a mapping', () => {
  it('says the same as text and as a file', () => {
    const text =
      'id=auction_id,imp=#2,price=pay_fen_cpm:cpm:CNY/100,time=ts:%Y%m%d@+08:00,seller=ex:number,where=type:imp|win';
    const file = JSON.stringify(
      Object.fromEntries(text.split(',').map((part) => part.split(/=(.*)/s).slice(0, 2))),
    );
    expect(parseMapping(file)).toEqual(parseMapping(text));
    expect(parseMapping(text)).toMatchObject({
      ok: true,
      mapping: {
        id: { name: 'auction_id' },
        imp: { number: 2 },
        price: { column: { name: 'pay_fen_cpm' }, per: 'cpm', currency: 'CNY', digits: 2 },
        time: { column: { name: 'ts' }, format: '%Y%m%d', offsetMinutes: 480 },
        seller: { column: { name: 'ex' }, isNumber: true },
        where: [{ column: { name: 'type' }, values: ['imp', 'win'] }],
        hasHeader: true,
      },
    });
  });

  it('is refused with what is wrong', () => {
    const bad = [
      'price=p',
      'id',
      'id=a,id=b',
      'id=a,foo=b',
      'id=a,price=p:each:EUR/10000000000',
      'id=a,price=p:cpm:EUR/7',
      'id=a,time=t:%Q',
      '{"id":{}}',
      '{',
    ];
    for (const text of bad) expect([text, parseMapping(text).ok]).toEqual([text, false]);
  });

  it('is ready for logs that many have, and found by a header', () => {
    for (const text of knownMappings.values()) expect(parseMapping(text).ok).toBe(true);
    const found = findMapping(['Auction-ID', 'imp_id', 'price', 'ts', 'tagId'], false, true);
    expect(found).toMatchObject({
      ok: true,
      text: 'id=Auction-ID,imp=imp_id,price=price:cpm,time=ts,placement=tagId',
    });
    expect(findMapping(['id', 'viewable'], false, false)).toMatchObject({
      ok: true,
      text: 'id=id,viewable=viewable',
    });
    expect(findMapping(['a', 'b'], false, true)).toMatchObject({ ok: false, code: 'log-without-header' });
    const bids = ['a', '20131021192300000', ...Array.from({ length: 19 }, () => 'x')];
    expect(findMapping(bids, false, true)).toMatchObject({ ok: false, code: 'log-of-bids' });
  });
});
