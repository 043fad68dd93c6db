/** What fields of logs say: mappings, prices, times and ids. */
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { IpinyouReader, ipinyouLayouts, nanoPerFenCpm } from '#log-files';
import { auctionIdFault, idFault as statedIdFault, parsePrice } from '#protocol';
import { idFault, idFaultOf, impFaultOf } from './id-text.js';
import { findMapping, knownMappings } from './known-mappings.js';
import { parseMapping } from './mapping.js';
import { priceCode, readPrice } from './price-text.js';
import { openTimeReader } from './time-text.js';

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);
const priceOf = (text: string, exponent: number): number => {
  const bytes = bytesOf(`,${text},`);
  return readPrice(bytes, 1, bytes.length - 1, exponent);
};
const priceCodeOf = (text: string, exponent: number): string => {
  const bytes = bytesOf(`,${text},`);
  return priceCode(bytes, 1, bytes.length - 1, exponent);
};
const idOf = (id: string | Uint8Array): number => {
  const bytes = typeof id === 'string' ? bytesOf(id) : id;
  return idFaultOf(bytes, 0, bytes.length);
};
/** Texts that are nearly ids: pieces that the rules of ids ask about, one after the other. */
const pieces = [
  'a',
  'Z9',
  '0',
  '1',
  '-',
  '_',
  '__',
  ' ',
  'null',
  'N/A',
  '\\N',
  '(',
  ')',
  '.',
  ':',
  '|',
  '\u0000',
  'é',
];
const marks = [
  '$',
  '{',
  '}',
  '[',
  ']',
  '<',
  '>',
  '%',
  '%%',
  '@@',
  '##',
  '#',
  '%7B',
  '%257d',
  '%24',
  '\ufeff',
  '__X__',
  '----------',
];
const nearlyIds = fc.oneof(
  fc.array(fc.constantFrom(...pieces, ...marks), { maxLength: 8 }).map((list) => list.join('')),
  fc.array(fc.constantFrom(...pieces), { minLength: 250, maxLength: 258 }).map((list) => list.join('')),
  fc.string({ unit: 'grapheme', maxLength: 12 }),
);
const timeOf = (format: string, text: string, offsetMinutes = 0): number => {
  const bytes = bytesOf(text);
  return openTimeReader({ format, offsetMinutes })(bytes, 0, bytes.length);
};

describe('a price', () => {
  it('is read as at every entrance, whatever its text', () => {
    const decimal = fc.stringMatching(/^-?\d{0,9}\.?\d{0,9}$/);
    const long = fc
      .tuple(fc.integer({ min: 0, max: 70 }), decimal)
      .map(([zeros, text]) => '0'.repeat(zeros) + text);
    fc.assert(
      fc.property(
        fc.oneof(decimal, long, nearlyIds, fc.string({ maxLength: 8 })),
        fc.integer({ min: 0, max: 9 }),
        (text, exponent) => {
          const expected = parsePrice(text, exponent);
          const found = priceOf(text, exponent);
          if (expected.ok && expected.value <= 10n ** 14n) {
            expect(found).toBe(Number(expected.value));
            return;
          }
          expect(found).toBe(-1);
          const code = expected.ok ? 'price-too-large' : expected.code;
          const own = code === 'unresolved-macro' ? 'price-unresolved-macro' : code;
          expect(priceCodeOf(text, exponent)).toBe(text === '' ? 'price-missing' : own);
        },
      ),
      { numRuns: 2_000 },
    );
  });

  it('says why it is none', () => {
    const cases: [string, string][] = [
      ['', 'price-missing'],
      ['1e3', 'price-not-a-number'],
      ['1.', 'price-not-a-number'],
      ['.5', 'price-not-a-number'],
      ['1.2.3', 'price-not-a-number'],
      ['{PRICE}', 'price-unresolved-macro'],
      ['-0.01', 'price-negative'],
      ['0.1234567', 'price-too-precise'],
      ['99999999999', 'price-too-large'],
    ];
    for (const [text, code] of cases) {
      expect([text, priceOf(text, 6), priceCodeOf(text, 6)]).toEqual([text, -1, code]);
    }
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

  it('is that of replay in a log of iPinYou, whose fen both take for so many nano-units', () => {
    const layout = ipinyouLayouts.find(({ name }) => name === 'season-2')!;
    const mapping = parseMapping(knownMappings.get('ipinyou-2')!);
    if (!mapping.ok) throw new Error(mapping.detail);
    const { time, price } = mapping.mapping;
    expect(10n ** BigInt(9 - 3 - price!.digits)).toBe(nanoPerFenCpm);
    const digits = (count: number, max: number) =>
      fc.integer({ min: 0, max }).map((value) => String(value).padStart(count, '0'));
    const parts = [digits(2, 13), digits(2, 32), digits(2, 25), digits(2, 61), digits(2, 59), digits(3, 999)];
    fc.assert(
      fc.property(fc.integer({ min: 2001, max: 2099 }), fc.tuple(...parts), (year, rest) => {
        const text = `${year}${rest.join('')}`;
        const good = { bid_id: 'a', timestamp: text, log_type: '1', ad_exchange: '1', pay_fen_cpm: '1' };
        const values: Readonly<Record<string, string>> = good;
        const line = layout.columns.map((column) => values[column] ?? 'x').join('\t');
        const row = new IpinyouReader(layout, 'log.txt', 10n ** 10n).read(line);
        const expected = 'timestampMs' in row ? Math.floor(row.timestampMs / 1_000) : 0;
        expect(timeOf(time!.format, text, time!.offsetMinutes)).toBe(expected);
      }),
      { numRuns: 2_000 },
    );
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
  it('is judged as at every entrance, whatever its text', () => {
    fc.assert(
      fc.property(nearlyIds, (id) => {
        const own = (fault: number): string | undefined =>
          [undefined, 'id-not-acceptable', 'unresolved-macro', 'id-not-acceptable'][fault];
        const bytes = bytesOf(id);
        expect(own(idOf(id))).toBe(auctionIdFault(id));
        expect(own(impFaultOf(bytes, 0, bytes.length))).toBe(statedIdFault(id));
      }),
      { numRuns: 5_000 },
    );
  });

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
