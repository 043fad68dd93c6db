/** A record: 64 bytes, what one participant asserts about one impression (wire-formats.md 3). */
import { sha256 } from '#crypto';
import { concatBytes, utf8, viewOf } from '#encoding';
import { isSellerRole, roleOf } from './ids.js';
import { everySeller, idBytesMax, recordBytes } from './limits.js';

export const recordKind = { win: 1, audit: 2 } as const;
const recordVersion = 1;

export const recordFlag = {
  measurable: 1,
  viewable: 2,
  click: 4,
  generalInvalidTraffic: 8,
  sophisticatedInvalidTraffic: 16,
  test: 32,
} as const;
const auditFlagsMask = 63;

/** Byte offsets within a record; multi-byte integers are little-endian. */
export const recordAt = {
  kind: 0,
  version: 1,
  author: 2,
  counterparty: 3,
  flags: 4,
  timestampMs: 8,
  impressionKey: 16,
  priceNano: 32,
  campaign: 40,
  placement: 48,
  reference: 56,
} as const;

export interface RecordFields {
  readonly kind: number;
  readonly author: number;
  readonly counterparty: number;
  readonly flags: number;
  readonly timestampMs: bigint;
  /** 16 bytes. */
  readonly impressionKey: Uint8Array;
  readonly priceNano: bigint;
  /** 8 bytes each. */
  readonly campaign: Uint8Array;
  readonly placement: Uint8Array;
  readonly reference: Uint8Array;
}

export type RecordField = keyof typeof recordAt | 'length';

/** What a channel allows in its records. */
export interface RecordRules {
  readonly roles: readonly number[];
  readonly priceNanoMax: bigint;
}

/** Writes the record at `offset` of `into`. Throws a RangeError that names a field that does not fit. */
export function encodeRecord(
  fields: RecordFields,
  into = new Uint8Array(recordBytes),
  offset = 0,
): Uint8Array {
  requireRanges(fields);
  const view = viewOf(into);
  into[offset + recordAt.kind] = fields.kind;
  into[offset + recordAt.version] = recordVersion;
  into[offset + recordAt.author] = fields.author;
  into[offset + recordAt.counterparty] = fields.counterparty;
  view.setUint32(offset + recordAt.flags, fields.flags, true);
  view.setBigUint64(offset + recordAt.timestampMs, fields.timestampMs, true);
  into.set(fields.impressionKey, offset + recordAt.impressionKey);
  view.setBigUint64(offset + recordAt.priceNano, fields.priceNano, true);
  into.set(fields.campaign, offset + recordAt.campaign);
  into.set(fields.placement, offset + recordAt.placement);
  into.set(fields.reference, offset + recordAt.reference);
  return into;
}

const [u8End, u32End, u64End] = [2 ** 8, 2 ** 32, 2n ** 64n];

/** Typed arrays and views would cut a value to its bytes, and sign another one. */
function requireRanges(fields: RecordFields): void {
  requireWhole('kind', fields.kind, u8End);
  requireWhole('author', fields.author, u8End);
  requireWhole('counterparty', fields.counterparty, u8End);
  requireWhole('flags', fields.flags, u32End);
  requireU64('timestampMs', fields.timestampMs);
  requireU64('priceNano', fields.priceNano);
  requireLength('impressionKey', fields.impressionKey, 16);
  requireLength('campaign', fields.campaign, 8);
  requireLength('placement', fields.placement, 8);
  requireLength('reference', fields.reference, 8);
}

function requireWhole(name: RecordField, value: number, end: number): void {
  if (Number.isInteger(value) && value >= 0 && value < end) return;
  throw new RangeError(`${name} is ${String(value)}: a whole number of 0 to ${end - 1}`);
}

function requireU64(name: RecordField, value: bigint): void {
  if (typeof value === 'bigint' && value >= 0n && value < u64End) return;
  throw new RangeError(`${name} is ${String(value)}: a bigint of 0 to 2^64 − 1`);
}

function requireLength(name: RecordField, value: Uint8Array, length: number): void {
  if (value instanceof Uint8Array && value.length === length) return;
  throw new RangeError(`${name} has ${value?.length} bytes: ${length} of them`);
}

export function decodeRecord(bytes: Uint8Array, offset = 0): RecordFields {
  const view = viewOf(bytes);
  const slice = (from: number, length: number): Uint8Array =>
    bytes.slice(offset + from, offset + from + length);
  return {
    kind: bytes[offset + recordAt.kind],
    author: bytes[offset + recordAt.author],
    counterparty: bytes[offset + recordAt.counterparty],
    flags: view.getUint32(offset + recordAt.flags, true),
    timestampMs: view.getBigUint64(offset + recordAt.timestampMs, true),
    impressionKey: slice(recordAt.impressionKey, 16),
    priceNano: view.getBigUint64(offset + recordAt.priceNano, true),
    campaign: slice(recordAt.campaign, 8),
    placement: slice(recordAt.placement, 8),
    reference: slice(recordAt.reference, 8),
  };
}

/** The first field of one record that the format or the channel refuses. */
export function recordFault(bytes: Uint8Array, rules: RecordRules): RecordField | undefined {
  if (bytes.length !== recordBytes) return 'length';
  return new RecordCheck(rules).faultAt(viewOf(bytes), 0);
}

/** Checks many records of one channel without making an object of any. */
export class RecordCheck {
  readonly #roles: readonly number[];
  readonly #priceHigh: number;
  readonly #priceLow: number;

  constructor(rules: RecordRules) {
    this.#roles = rules.roles;
    this.#priceHigh = Number(rules.priceNanoMax >> 32n);
    this.#priceLow = Number(rules.priceNanoMax & 0xffff_ffffn);
  }

  /** The field at fault of the record at `at`, or undefined for a good one. */
  faultAt(view: DataView, at: number): RecordField | undefined {
    const kind = view.getUint8(at);
    if (kind !== recordKind.win && kind !== recordKind.audit) return 'kind';
    if (view.getUint8(at + recordAt.version) !== recordVersion) return 'version';
    const author = view.getUint8(at + recordAt.author);
    const authorRole = this.#roles[author];
    if (authorRole === undefined) return 'author';
    const counterparty = view.getUint8(at + recordAt.counterparty);
    const flags = view.getUint32(at + recordAt.flags, true);
    const priceLow = view.getUint32(at + recordAt.priceNano, true);
    const priceHigh = view.getUint32(at + recordAt.priceNano + 4, true);
    if (kind === recordKind.audit) {
      if (authorRole !== roleOf.auditor) return 'author';
      if (counterparty !== everySeller && !isSellerRole(this.#roles[counterparty])) return 'counterparty';
      if (flags > auditFlagsMask) return 'flags';
      return priceLow !== 0 || priceHigh !== 0 ? 'priceNano' : undefined;
    }
    if (author === 0) {
      if (!isSellerRole(this.#roles[counterparty])) return 'counterparty';
    } else {
      if (!isSellerRole(authorRole)) return 'author';
      if (counterparty !== 0) return 'counterparty';
    }
    if (flags !== 0 && flags !== recordFlag.test) return 'flags';
    const isTooDear =
      priceHigh > this.#priceHigh || (priceHigh === this.#priceHigh && priceLow > this.#priceLow);
    return isTooDear ? 'priceNano' : undefined;
  }
}

/**
 * Whether an id may be hashed: 1 to 256 bytes of UTF-8, well-formed Unicode without U+0000. Each half of a
 * surrogate pair would be hashed as the same replacement character.
 */
export function isAcceptableId(id: string): boolean {
  const isText = id.length > 0 && id.isWellFormed() && !id.includes('\u0000');
  return isText && utf8(id).length <= idBytesMax;
}

/** First 16 bytes of sha256(utf8(auctionId) ‖ 0x00 ‖ utf8(impId)); both ids are acceptable. */
export function impressionKeyOf(auctionId: string, impId: string): Uint8Array {
  return sha256(concatBytes(utf8(auctionId), Uint8Array.of(0), utf8(impId))).slice(0, 16);
}

/** First 8 bytes of the SHA-256 of a campaign id or log line. */
export function shortHash(text: string): Uint8Array {
  return sha256(utf8(text)).slice(0, 8);
}
