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
