import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { jsonOfBatch, ndjsonOfBatch, parseJsonBatch, parseNdjsonBatch } from '#api';
import { toHex, viewOf } from '#encoding';
import {
  BatchHasher,
  type ChannelId,
  impressionKeyOf,
  limits,
  recordAt,
  recordKind,
  shortHash,
  signBatch,
} from '#protocol';

const channelId: ChannelId = `0x${'5a'.repeat(32)}` as const;
const hasher = new BatchHasher(new Uint8Array(32).fill(3));
const header = { blockNumber: '0', author: 1, sequence: '9', signature: `0x${'22'.repeat(65)}` };
const win = {
  kind: 'win',
  impression: { auctionId: 'a', impId: '1' },
  counterparty: 0,
  price: '1',
  timestampMs: '5',
};

const records = fc
  .array(
    fc.record({
      kind: fc.constantFrom(recordKind.win, recordKind.audit),
      counterparty: fc.nat(255),
      flags: fc.nat(63),
      words: fc.uint8Array({ minLength: 56, maxLength: 56 }),
    }),
    { minLength: 1, maxLength: 20 },
  )
  .map((all) => {
    const bytes = new Uint8Array(all.length * limits.recordBytes);
    for (const [index, { kind, counterparty, flags, words }] of all.entries()) {
      const record = bytes.subarray(index * 64, index * 64 + 64);
      record.set([kind, 1, 1, counterparty, flags, 0, 0, 0]);
      record.set(words, 8);
      if (kind === recordKind.audit) record.fill(0, recordAt.priceNano, recordAt.campaign);
    }
    return bytes;
  });

function parseWin(change: object): ReturnType<typeof parseJsonBatch> {
  return parseJsonBatch(JSON.stringify({ ...header, records: [{ ...win, ...change }] }), channelId);
}

function priceNanoOf(change: object): bigint {
  const parsed = parseWin(change);
  if (!parsed.ok) throw new Error(parsed.detail);
  return viewOf(parsed.bytes).getBigUint64(limits.batchHeaderBytes + recordAt.priceNano, true);
}

describe('a batch as JSON or NDJSON', () => {
  it('is the same bytes as the binary batch, for every batch', () => {
    fc.assert(
      fc.property(
        records,
        fc.nat(2 ** 20 - 1),
        fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
        (rows, blockNumber, sequence) => {
          const key = new Uint8Array(32).fill(1);
          const batch = signBatch(hasher, key, { channelId, blockNumber, author: 1, sequence }, rows);
          const json = parseJsonBatch(JSON.stringify(jsonOfBatch(batch)), channelId);
          const ndjson = parseNdjsonBatch(ndjsonOfBatch(batch), channelId);
          expect([json.ok && toHex(json.bytes), ndjson.ok && toHex(ndjson.bytes)]).toEqual([
            toHex(batch),
            toHex(batch),
          ]);
        },
      ),
    );
  });

  it('hashes ids as the wire format says', () => {
    const parsed = parseWin({ campaign: 'c-1', reference: 'the whole log line' });
    if (!parsed.ok) throw new Error(parsed.detail);
    const record = parsed.bytes.subarray(limits.batchHeaderBytes);
    expect(record.slice(16, 32)).toEqual(impressionKeyOf('a', '1'));
    expect(record.slice(40, 48)).toEqual(shortHash('c-1'));
    expect(record.slice(48, 56)).toEqual(new Uint8Array(8));
    expect(record.slice(56, 64)).toEqual(shortHash('the whole log line'));
  });

  it('takes a price per thousand to nano-units of one impression, exactly', () => {
    expect(priceNanoOf({ price: '1.25' })).toBe(1_250_000n);
    expect(priceNanoOf({ price: '0.000001' })).toBe(1n);
    expect(priceNanoOf({ price: '0.1234560000' })).toBe(123_456n);
    expect(priceNanoOf({ price: '18446744073709.551615' })).toBe(2n ** 64n - 1n);
    expect(priceNanoOf({ price: undefined, priceNano: '7' })).toBe(7n);
    expect(parseWin({ price: '18446744073709.551616' })).toMatchObject({
      ok: false,
      code: 'price-too-large',
    });
  });

  it.each([
    ...[
      '{{AUCTION_ID}}',
      '${auction_id}',
      '$%7BAUCTION_ID%7D',
      '%24%7BX%7D',
      '%%AUCTION_ID%%',
      '[AUCTION_ID]',
    ],
    ...['{x}', '{auction_id}', 'a-{{x}}', '__AUCTION_ID__', '@@X@@', '%257BX%257D'],
  ])('refuses the macro %s by the pointer of the field that holds it', (macro) => {
    for (const [pointer, change] of [
      ['impression/auctionId', { impression: { auctionId: macro, impId: '1' } }],
      ['impression/impId', { impression: { auctionId: 'a', impId: macro } }],
      ['campaign', { campaign: macro }],
      ['placement', { placement: macro }],
      ['price', { price: macro }],
      ['priceNano', { price: undefined, priceNano: macro }],
    ] as const) {
      const places = [{ pointer: `/records/0/${pointer}`, detail: expect.stringContaining('macro') }];
      expect(parseWin(change)).toMatchObject({ ok: false, code: 'unresolved-macro', places });
      const lines = [header, { ...win, ...change }].map((one) => JSON.stringify(one)).join('\n');
      expect(parseNdjsonBatch(lines, channelId)).toMatchObject({ code: 'unresolved-macro', places });
    }
  });

  it.each(['null', 'NULL', '-', 'undefined', '0', ' ', ''])(
    'takes %j for no id of an auction',
    (auctionId) => {
      expect(parseWin({ impression: { auctionId, impId: '1' } })).toMatchObject({
        code: 'id-not-acceptable',
        places: [{ pointer: '/records/0/impression/auctionId' }],
      });
    },
  );

  it.each<[string, string, object]>([
    ['price-not-a-number', 'price', { price: 1.25 }],
    ['price-not-a-number', 'price', { price: '1e3' }],
    ['price-not-a-number', 'price', { price: '1,25' }],
    ['price-not-a-number', 'price', { price: '1.25 EUR' }],
    ['price-not-a-number', 'price', { price: null }],
    ['price-negative', 'price', { price: '-0.5' }],
    ['price-too-precise', 'price', { price: '0.0000005' }],
    ['price-too-large', 'priceNano', { price: undefined, priceNano: '18446744073710251616' }],
    ['price-negative', 'priceNano', { price: undefined, priceNano: '-1' }],
    ['price-too-precise', 'priceNano', { price: undefined, priceNano: '0.5' }],
    ['not-parsable', 'price', { price: undefined }],
    ['not-parsable', 'price', { priceNano: '1' }],
    ['not-parsable', 'counterparty', { counterparty: 256 }],
    ['not-parsable', 'counterparty', { counterparty: -1 }],
    ['not-parsable', 'counterparty', { counterparty: undefined }],
    ['not-parsable', 'counterparty', { counterparty: '0' }],
    ['not-parsable', 'timestampMs', { timestampMs: -1 }],
    ['not-parsable', 'timestampMs', { timestampMs: 1.5 }],
    ['not-parsable', 'timestampMs', { timestampMs: 2 ** 53 }],
    ['not-parsable', 'timestampMs', { timestampMs: '18446744073709551616' }],
    ['not-parsable', 'timestampMs', { timestampMs: '2013-06-06T04:44:17Z' }],
    ['not-parsable', 'flags/0', { flags: ['Viewable'] }],
    ['not-parsable', 'flags/1', { flags: ['viewable', 'seen'] }],
    ['id-not-acceptable', 'impression/impId', { impression: { auctionId: 'a', impId: '\ud800' } }],
    ['id-not-acceptable', 'campaign', { campaign: '\udfff' }],
    ['id-not-acceptable', 'reference', { reference: '\ud800' }],
  ])('refuses as %s at %s: %j', (code, field, change) => {
    expect(parseWin(change)).toMatchObject({ ok: false, code, places: [{ pointer: `/records/0/${field}` }] });
  });

  it('refuses a name that stands twice in one object, by its pointer, wherever that is', () => {
    const record = JSON.stringify(win);
    const twice = record.replace('"price":"1"', '"price":"1","pr\\u0069ce":"2"');
    const head = JSON.stringify(header);
    const whole = `${head.slice(0, -1)},"records":[${record},${twice}]}`;
    const places = [{ pointer: '/records/1/price', detail: 'the name "price" stands twice' }];
    expect(parseJsonBatch(whole, channelId)).toMatchObject({ code: 'not-parsable', places });
    expect(parseNdjsonBatch([head, record, twice].join('\n'), channelId)).toMatchObject({ places });
    const inner = record.replace('"impId":"1"', '"impId":"1","impId":"1"');
    expect(parseNdjsonBatch([head, inner].join('\n'), channelId)).toMatchObject({
      places: [{ pointer: '/records/0/impression/impId' }],
    });
    const same = `${head.slice(0, -1)},"records":[${record},${record}]}`;
    expect(parseJsonBatch(same, channelId).ok).toBe(true);
    const text = `${head.slice(0, -1)},"records":[${record.replace('"price":"1"', '"reference":"{\\"a\\":1,","price":"1"')}]}`;
    expect(parseJsonBatch(text, channelId).ok).toBe(true);
  });

  it('never throws, whatever the text', () => {
    const text = fc.oneof(
      fc.string(),
      fc.json(),
      fc.json().map((one) => `${JSON.stringify(header)}\n${one}`),
    );
    fc.assert(
      fc.property(text, (given) => {
        expect(parseJsonBatch(given, channelId).ok).toBe(false);
        expect(parseNdjsonBatch(given, channelId).ok).toBe(false);
      }),
    );
  });
});
