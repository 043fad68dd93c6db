/** Records of 64 bytes, parsed strictly (wire-formats.md 3). */
import { bigEndian, fromLittleEndian, hex, join, littleEndian, sha256, unhex } from './bytes.js';

export const win = 1;
export const audit = 2;
export const everySeller = 255;
export const flag = {
  measurable: 1,
  viewable: 2,
  click: 4,
  generalInvalid: 8,
  sophisticatedInvalid: 16,
  test: 32,
} as const;
export const priceNanoMaxOfFormat = 2n ** 64n - 1n;

export interface ReferenceRecord {
  readonly kind: number;
  readonly version: number;
  readonly author: number;
  readonly counterparty: number;
  readonly flags: number;
  readonly timestampMs: bigint;
  /** 0x-hexadecimal, like the three fields of 8 bytes. */
  readonly impressionKey: string;
  readonly priceNano: bigint;
  readonly campaign: string;
  readonly placement: string;
  readonly reference: string;
  readonly hash: Uint8Array;
  readonly bytes: Uint8Array;
}

export type RecordField =
  | 'length'
  | 'kind'
  | 'version'
  | 'author'
  | 'counterparty'
  | 'flags'
  | 'priceNano'
  | 'impressionKey';

export const isSeller = (role: number | undefined): boolean => role === 3 || role === 4;
export const isAuditor = (role: number | undefined): boolean => role === 5;

/** The record, or the name of the field at fault. */
export function parseRecord(
  bytes: Uint8Array,
  roles: readonly number[],
  priceNanoMax: bigint = priceNanoMaxOfFormat,
): ReferenceRecord | RecordField {
  if (bytes.length !== 64) return 'length';
  const record = readRecord(bytes);
  const { kind, version, author, counterparty, flags, priceNano } = record;
  if (kind !== win && kind !== audit) return 'kind';
  if (version !== 1) return 'version';
  if (kind === win) {
    if (author !== 0 && !isSeller(roles[author])) return 'author';
    const isRight = author === 0 ? isSeller(roles[counterparty]) : counterparty === 0;
    if (!isRight) return 'counterparty';
    if (flags !== 0 && flags !== flag.test) return 'flags';
    if (priceNano > priceNanoMax) return 'priceNano';
    return record;
  }
  if (!isAuditor(roles[author])) return 'author';
  if (counterparty !== everySeller && !isSeller(roles[counterparty])) return 'counterparty';
  if (flags >= 64) return 'flags';
  if (priceNano !== 0n) return 'priceNano';
  return record;
}

/** Reads the fields without asking whether they are allowed. */
export function readRecord(bytes: Uint8Array): ReferenceRecord {
  const number = (from: number, to: number): bigint => fromLittleEndian(bytes.slice(from, to));
  return {
    kind: bytes[0],
    version: bytes[1],
    author: bytes[2],
    counterparty: bytes[3],
    flags: Number(number(4, 8)),
    timestampMs: number(8, 16),
    impressionKey: hex(bytes.slice(16, 32)),
    priceNano: number(32, 40),
    campaign: hex(bytes.slice(40, 48)),
    placement: hex(bytes.slice(48, 56)),
    reference: hex(bytes.slice(56, 64)),
    hash: sha256(bytes),
    bytes,
  };
}

export function encodeRecord(fields: Omit<ReferenceRecord, 'hash' | 'bytes'>): Uint8Array {
  return join(
    bigEndian(fields.kind, 1),
    bigEndian(fields.version, 1),
    bigEndian(fields.author, 1),
    bigEndian(fields.counterparty, 1),
    littleEndian(fields.flags, 4),
    littleEndian(fields.timestampMs, 8),
    unhex(fields.impressionKey),
    littleEndian(fields.priceNano, 8),
    unhex(fields.campaign),
    unhex(fields.placement),
    unhex(fields.reference),
  );
}

/** First 16 bytes of the hash of both ids, or undefined for an id that is refused. */
export function impressionKeyOf(auctionId: string, impId: string): string | undefined {
  if (![auctionId, impId].every(isAcceptable)) return undefined;
  const text = Buffer.from(`${auctionId}\u0000${impId}`, 'utf8');
  return hex(sha256(text).slice(0, 16));
}

function isAcceptable(id: string): boolean {
  const length = Buffer.byteLength(id, 'utf8');
  const isWellFormed = Buffer.from(id, 'utf8').toString('utf8') === id;
  return length > 0 && length <= 256 && isWellFormed && !id.includes('\u0000');
}
