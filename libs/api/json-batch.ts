/** Batches for people and exporters: JSON and NDJSON to the canonical bytes of a batch, and back. */
import type { z } from 'zod';
import { fromHex, type Hex, toHex } from '#encoding';
import {
  auctionIdFault,
  BatchHasher,
  batchAt,
  batchCount,
  type ChannelId,
  cpmExponent,
  decodeRecord,
  encodeRecord,
  encodeUnsignedBatch,
  type IdFault,
  idFault,
  impressionKeyOf,
  limits,
  type PriceFault,
  parseHeader,
  parsePrice,
  recordFlag,
  recordKind,
  shortHash,
  textFault,
} from '#protocol';
import { type Refusal, type RefusalCode, refuse } from './refusals.js';
import { batchHeaderSchema, flagNames, placesOf, recordSchema } from './schemas.js';
import { parseStrictJson } from './strict-json.js';

export type ParsedBatch =
  | {
      readonly ok: true;
      readonly bytes: Uint8Array;
      /** A refusal of these bytes with the pointers of the fields that were sent for them. */
      readonly asSent: (refusal: Refusal) => Refusal;
    }
  | Refusal;

/** A batch as JSON has it: the header's fields and `records`. */
export type JsonBatch = z.input<typeof batchHeaderSchema> & {
  readonly records: readonly z.input<typeof recordSchema>[];
};

/** Digests are none of this parser's business: the root of the records is the same in every domain. */
const hasher = new BatchHasher(new Uint8Array(32));

/** `text` is a JSON object with the header's fields and `records`. */
export function parseJsonBatch(text: string, channelId: ChannelId): ParsedBatch {
  const parsed = parseJson(text, '');
  if (!parsed.ok) return parsed;
  if (!isObject(parsed.value) || !Array.isArray(parsed.value.records)) {
    return notParsable('the body is no JSON object with a list of records', '/records');
  }
  const { records, ...header } = parsed.value;
  return assemble(channelId, header, records as unknown[]);
}

/** The first line of `text` is the header, each further one a record. */
export function parseNdjsonBatch(text: string, channelId: ChannelId): ParsedBatch {
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  if (lines.length > limits.batchRecordsMax + 1) return countRefusal(lines.length - 1);
  const values: unknown[] = [];
  for (const [index, line] of lines.entries()) {
    const parsed = parseJson(line, index === 0 ? '' : `/records/${index - 1}`);
    if (!parsed.ok) return parsed;
    values.push(parsed.value);
  }
  return assemble(channelId, values[0], values.slice(1));
}

/** The JSON that parses to the very bytes of `batch`, a batch of good shape. */
export function jsonOfBatch(batch: Uint8Array): JsonBatch & { readonly channelId: ChannelId } {
  const { channelId, blockNumber, author, sequence, recordsRoot } = parseHeader(batch);
  const records = Array.from({ length: batchCount(batch) }, (_, index) =>
    jsonOfRecord(batch, limits.batchHeaderBytes + index * limits.recordBytes),
  );
  return {
    channelId,
    blockNumber: String(blockNumber),
    author,
    sequence: String(sequence),
    recordsRoot,
    signature: toHex(batch.subarray(batchAt.signature, batchAt.padding)),
    records,
  };
}

/** The NDJSON that parses to the very bytes of `batch`. */
export function ndjsonOfBatch(batch: Uint8Array): string {
  const { records, ...header } = jsonOfBatch(batch);
  return [header, ...records].map((line) => `${JSON.stringify(line)}\n`).join('');
}

function assemble(channelId: ChannelId, header: unknown, values: readonly unknown[]): ParsedBatch {
  const parsed = batchHeaderSchema.safeParse(header);
  if (!parsed.success) {
    return refuse(
      'not-parsable',
      'the header of the batch is not as expected',
      placesOf(parsed.error.issues),
    );
  }
  const { blockNumber, author, sequence, signature, count, recordsRoot } = parsed.data;
  if (parsed.data.channelId !== undefined && parsed.data.channelId !== channelId) {
    return refuse('wrong-channel', `the batch is of channel ${parsed.data.channelId}`);
  }
  if (values.length < 1 || values.length > limits.batchRecordsMax) return countRefusal(values.length);
  if (count !== undefined && count !== values.length) return countRefusal(values.length);
  if (blockNumber >= BigInt(limits.blocksMaxLimit)) {
    return refuse('unknown-block', `no channel has a block ${blockNumber}`);
  }
  const records = new Uint8Array(values.length * limits.recordBytes);
  for (const [index, value] of values.entries()) {
    const refusal = writeRecord(value, author, records, index);
    if (refusal !== undefined) return refusal;
  }
  const head = { channelId, blockNumber: Number(blockNumber), author, sequence };
  const bytes = encodeUnsignedBatch(hasher, head, records);
  if (recordsRoot !== undefined) bytes.set(fromHex(recordsRoot), batchAt.recordsRoot);
  bytes.set(fromHex(signature), batchAt.signature);
  return { ok: true, bytes, asSent: (refusal) => asSent(refusal, values) };
}

/** Of the fields of a record's bytes the names under which JSON may have them. */
const sentNames: Readonly<Record<string, readonly string[]>> = {
  priceNano: ['price'],
  impressionKey: ['impression'],
};

function asSent(refusal: Refusal, records: readonly unknown[]): Refusal {
  const places = refusal.places?.map((place) => {
    const [, index, field] = /^\/records\/(\d+)\/(\w+)$/.exec(place.pointer) ?? [];
    const record = records[Number(index)];
    const name = sentNames[field]?.find((one) => isObject(record) && one in record);
    return name === undefined ? place : { ...place, pointer: `/records/${index}/${name}` };
  });
  return { ...refusal, ...(places === undefined ? {} : { places }) };
}

function writeRecord(
  value: unknown,
  author: number,
  into: Uint8Array<ArrayBuffer>,
  index: number,
): Refusal | undefined {
  const place = `/records/${index}`;
  const parsed = recordSchema.safeParse(value);
  if (!parsed.success) {
    return refuse('not-parsable', `record ${index} is not as expected`, placesOf(parsed.error.issues, place));
  }
  const record = parsed.data;
  const price = priceOf(record, place);
  if (!price.ok) return price;
  const keys = keysOf(record, place);
  if (!keys.ok) return keys;
  const fields = {
    kind: recordKind[record.kind],
    author,
    counterparty: record.counterparty,
    flags: record.flags.reduce((sum, name) => sum | recordFlag[name], 0),
    timestampMs: record.timestampMs,
    priceNano: price.value,
    ...keys.value,
  };
  encodeRecord(fields, into, index * limits.recordBytes);
  return undefined;
}

type Parsed<Value> = { readonly ok: true; readonly value: Value } | Refusal;
type JsonRecord = z.output<typeof recordSchema>;

function priceOf(record: JsonRecord, place: string): Parsed<bigint> {
  const { price, priceNano } = record;
  if (price === undefined && priceNano === undefined) {
    if (record.kind === 'audit') return { ok: true, value: 0n };
    return notParsable('a win has a price or a priceNano', `${place}/price`);
  }
  if (price !== undefined && priceNano !== undefined) {
    return notParsable('a record has a price or a priceNano, not both', `${place}/price`);
  }
  const [given, name, exponent] =
    price !== undefined ? [price, 'price', cpmExponent] : [priceNano, 'priceNano', 0];
  const no = (code: RefusalCode, why: string): Refusal =>
    refuse(code, `${name} ${JSON.stringify(given)} ${why}`, [{ pointer: `${place}/${name}`, detail: why }]);
  if (typeof given !== 'string') return no('price-not-a-number', 'is not decimal text in quotation marks');
  const parsed = parsePrice(given, exponent as number);
  return parsed.ok ? parsed : no(parsed.code, priceFaults[parsed.code]);
}

const priceFaults: Readonly<Record<PriceFault, string>> = {
  'unresolved-macro': 'holds a macro that nobody replaced',
  'price-negative': 'is below zero',
  'price-too-precise': 'leaves a fraction of a nano-unit',
  'price-not-a-number': 'is not decimal text',
  'price-too-large': 'is not below 2^64 nano-units',
};

interface RecordKeys {
  readonly impressionKey: Uint8Array;
  readonly campaign: Uint8Array;
  readonly placement: Uint8Array;
  readonly reference: Uint8Array;
}

function keysOf(record: JsonRecord, place: string): Parsed<RecordKeys> {
  const { impression, impressionKey } = record;
  if ((impression === undefined) === (impressionKey === undefined)) {
    return notParsable('a record has an impression or an impressionKey, and not both', `${place}/impression`);
  }
  const refusal =
    idRefusal(auctionIdFault, impression?.auctionId, `${place}/impression/auctionId`) ??
    idRefusal(idFault, impression?.impId, `${place}/impression/impId`) ??
    idRefusal(idFault, record.campaign, `${place}/campaign`) ??
    idRefusal(idFault, record.placement, `${place}/placement`) ??
    idRefusal(textFault, record.reference, `${place}/reference`);
  if (refusal !== undefined) return refusal;
  return {
    ok: true,
    value: {
      impressionKey: impression
        ? impressionKeyOf(impression.auctionId, impression.impId)
        : fromHex(impressionKey as Hex),
      campaign: shortKey(record.campaign, record.campaignKey),
      placement: shortKey(record.placement, record.placementKey),
      reference: shortKey(record.reference, record.referenceKey),
    },
  };
}

function idRefusal(
  faultOf: (id: string) => IdFault | undefined,
  id: string | undefined,
  pointer: string,
): Refusal | undefined {
  const code = id === undefined ? undefined : faultOf(id);
  if (code === undefined) return undefined;
  const text = JSON.stringify(id).slice(0, 80);
  const detail =
    code === 'unresolved-macro'
      ? `${text} holds a macro that nobody replaced`
      : `${text} is no id: ${idRule}`;
  return refuse(code, detail, [{ pointer, detail }]);
}

/** What `id-not-acceptable` may have found. */
const idRule =
  'it is empty, stands for none such as null or -, is longer than 256 bytes, holds U+0000 or is no Unicode';

function shortKey(text: string | undefined, key: Hex | undefined): Uint8Array {
  if (key !== undefined) return fromHex(key);
  return text === undefined ? new Uint8Array(8) : shortHash(text);
}

function jsonOfRecord(batch: Uint8Array, at: number): z.input<typeof recordSchema> {
  const record = decodeRecord(batch, at);
  const isWin = record.kind === recordKind.win;
  return {
    kind: isWin ? 'win' : 'audit',
    impressionKey: toHex(record.impressionKey),
    counterparty: record.counterparty,
    ...(isWin ? { priceNano: String(record.priceNano) } : {}),
    flags: flagNames.filter((name) => (record.flags & recordFlag[name]) !== 0),
    timestampMs: String(record.timestampMs),
    campaignKey: toHex(record.campaign),
    placementKey: toHex(record.placement),
    referenceKey: toHex(record.reference),
  };
}

function parseJson(text: string, pointer: string): Parsed<unknown> {
  const parsed = parseStrictJson(text);
  return parsed.ok ? parsed : notParsable(parsed.detail, `${pointer}${parsed.pointer}`);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function notParsable(detail: string, pointer: string): Refusal {
  return refuse('not-parsable', detail, [{ pointer, detail }]);
}

function countRefusal(count: number): Refusal {
  return refuse(
    'wrong-count',
    `the batch holds ${count} records, which is not what it may hold or says it holds`,
  );
}
