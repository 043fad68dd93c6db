/** A batch as it came over HTTP: unpacked, in one of three encodings of one meaning. */
import * as zlib from 'node:zlib';
import {
  batchMediaType,
  endpoints,
  jsonBodyBytesMax,
  jsonMediaType,
  ndjsonMediaType,
  type ParsedBatch,
  parseJsonBatch,
  parseNdjsonBatch,
  type Refusal,
  refuse,
} from '#api';
import { codeOf, messageOf } from '#environment';
import type { ChannelId } from '#protocol';

const { accepts } = endpoints.submitRecords;

export interface SentHeaders {
  readonly 'content-type'?: string;
  readonly 'content-encoding'?: string;
}

export function parseSentBatch(headers: SentHeaders, body: unknown, channel: ChannelId): ParsedBatch {
  const [type, ...parameters] = (headers['content-type'] ?? '')
    .split(';')
    .map((one) => one.trim().toLowerCase());
  if (!accepts.includes(type)) return unsupported(`Content-Type ${type} is none of ${accepts.join(', ')}`);
  const charset = parameters
    .find((one) => one.startsWith('charset='))
    ?.slice(8)
    .replaceAll('"', '');
  if (charset !== undefined && charset !== 'utf-8') {
    return unsupported(`Content-Type says charset ${charset}: text is UTF-8`);
  }
  if (!(body instanceof Uint8Array)) return refuse('not-parsable', 'the request has no body');
  const unpacked = unpack(headers['content-encoding'], body);
  if (!unpacked.ok) return unpacked;
  const { bytes } = unpacked;
  if (type === batchMediaType) return { ok: true, bytes, asSent: (refusal) => refusal };
  const text = textOf(bytes);
  if (text === undefined) return refuse('not-parsable', 'the body is not UTF-8');
  if (type === jsonMediaType) return parseJsonBatch(text, channel);
  if (type === ndjsonMediaType) return parseNdjsonBatch(text, channel);
  return unsupported(`Content-Type ${type} has no parser`);
}

/** Exporters send files as they lie, packed: no batch begins as gzip or zstd do. */
function unpack(
  encoding: string | undefined,
  body: Uint8Array,
): { readonly ok: true; readonly bytes: Uint8Array } | Refusal {
  const named = encoding?.trim().toLowerCase() || 'identity';
  if (named !== 'identity' && !(named in unpackers)) {
    return unsupported(`Content-Encoding ${named} is none of ${Object.keys(unpackers).join(', ')}`);
  }
  const begins = (...bytes: readonly number[]): boolean => bytes.every((byte, at) => body[at] === byte);
  const packing = named === 'identity' ? packings.find(([, magic]) => begins(...magic))?.[0] : named;
  if (packing === undefined) return { ok: true, bytes: body };
  const unpacker = unpackers[packing];
  if (unpacker === undefined) return unsupported(`Content-Encoding ${packing}: this node cannot unpack it`);
  try {
    return { ok: true, bytes: unpacker(body, { maxOutputLength: jsonBodyBytesMax }) };
  } catch (cause) {
    if (codeOf(cause) === 'ERR_BUFFER_TOO_LARGE')
      return refuse('too-large', 'the body is too large unpacked');
    return refuse(
      'not-parsable',
      `the body is not what Content-Encoding ${packing} says: ${messageOf(cause)}`,
    );
  }
}

type Unpacker = (body: Uint8Array, options: { readonly maxOutputLength: number }) => Uint8Array;

/** Node has zstd from 22.15 on. */
const { zstdDecompressSync } = zlib as { zstdDecompressSync?: Unpacker };
const unpackers: Readonly<Record<string, Unpacker>> = {
  gzip: zlib.gunzipSync,
  ...(zstdDecompressSync === undefined ? {} : { zstd: zstdDecompressSync }),
};
const packings: readonly (readonly [string, readonly number[]])[] = [
  ['gzip', [0x1f, 0x8b]],
  ['zstd', [0x28, 0xb5, 0x2f, 0xfd]],
];

function textOf(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

function unsupported(detail: string): Refusal {
  return refuse('unsupported-media-type', detail);
}
