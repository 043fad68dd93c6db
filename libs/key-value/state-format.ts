/**
 * The bytes of a state file. It begins with a header that says whose it is and up to where it has been
 * flushed, then come records: the entries at the time of the last compaction, and every write since.
 *
 *   header, 64 bytes: magic 16, store id 16, CRC-32 of both 4, issue 4, two marks, written in turn
 *   issue:            the revision of the last compaction modulo 2^32, so that an older file copied over a
 *                     newer one is seen
 *   mark, 12 bytes:   end of what is flushed 8, CRC-32 of store id and end 4
 *   record:           CRC-32 of its offset, length and body 4, length of the body 4, body
 *   body:             revision 8, number of entries 4, the entries
 *   entry:            length of the key 2, of the value 4, key, value
 *
 * All integers are big-endian. A value length of 2^32 - 1 stands for a deletion.
 *
 * The file `store-id` beside it says how far the state has been: store id 16, its CRC-32 4, two notes that
 * are flushed and written in turn, one that is not flushed; a note is as a mark, with a revision in place of
 * the end.
 */
import { crc32 } from 'node:zlib';
import { concatBytes, equalBytes, utf8, viewOf } from '#encoding';
import { keyBytesMax, type Revision, writeBytesMax, writeOperationsMax } from './key-value.js';

const magic = utf8('papyrus state 1\n');
export const storeIdBytes = 16;
export const headerBytes = 64;
const markBytes = 12;
/** Of the two marks in the header: a power cut that tears the one that is written leaves the other. */
export const markOffsets = [40, 40 + markBytes] as const;
const frameBytes = 8;
const bodyHeadBytes = 12;
const entryHeadBytes = 6;
const deletion = 0xffff_ffff;
// A key may begin with U+FEFF, which is a byte order mark only to those who want one.
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
/** No record is longer: a length beyond is damage, and not a reason to read that far. */
const bodyBytesMax = bodyHeadBytes + writeOperationsMax * (entryHeadBytes + keyBytesMax) + writeBytesMax;
export const recordBytesMax = frameBytes + bodyBytesMax;

export interface StateRecord {
  readonly revision: Revision;
  readonly entries: readonly { readonly key: string; readonly value: Uint8Array | undefined }[];
}

/** A record and where the next one begins; `cut` if the bytes end before it does; else why it is none. */
export type FoundRecord =
  | { readonly kind: 'record'; readonly record: StateRecord; readonly next: number }
  | { readonly kind: 'cut' }
  | { readonly kind: 'broken'; readonly why: string };

const idSumBytes = storeIdBytes + 4;
export const keptNoteOffsets = [idSumBytes, idSumBytes + markBytes] as const;
export const looseNoteOffset = idSumBytes + 2 * markBytes;
export const storeNoteBytes = looseNoteOffset + markBytes;

export interface StoreNoted {
  /** Undefined where it is damaged: that is not the id of another store. */
  readonly storeId: Uint8Array | undefined;
  /** Of the two notes that are flushed, those that are whole. */
  readonly kept: readonly (number | undefined)[];
  /** The highest of all notes; 0 where none is whole. */
  readonly revision: number;
  readonly isWhole: boolean;
}

export function encodeStoreNote(storeId: Uint8Array, revision: number): Uint8Array {
  const sum = new Uint8Array(4);
  viewOf(sum).setUint32(0, crc32(storeId), false);
  const note = encodeMark(storeId, revision);
  return concatBytes(storeId, sum, note, note, note);
}

export function parseStoreNote(bytes: Uint8Array): StoreNoted {
  const storeId = bytes.slice(0, storeIdBytes);
  const isId = bytes.length >= idSumBytes && viewOf(bytes).getUint32(storeIdBytes, false) === crc32(storeId);
  if (!isId) return { storeId: undefined, kept: [], revision: 0, isWhole: false };
  const notes = [...keptNoteOffsets, looseNoteOffset].map((offset) => parseMark(storeId, bytes, offset));
  return {
    storeId,
    kept: notes.slice(0, 2),
    revision: Math.max(...notes.map((note) => note ?? 0)),
    isWhole: bytes.length >= storeNoteBytes,
  };
}

export function encodeHeader(storeId: Uint8Array, end: number, revision: number): Uint8Array {
  const bytes = new Uint8Array(headerBytes);
  bytes.set(magic);
  bytes.set(storeId, magic.length);
  const fixed = magic.length + storeIdBytes;
  viewOf(bytes).setUint32(fixed, crc32(bytes.subarray(0, fixed)), false);
  viewOf(bytes).setUint32(fixed + 4, revision % 2 ** 32, false);
  for (const offset of markOffsets) bytes.set(encodeMark(storeId, end), offset);
  return bytes;
}

/** The store id, or why these bytes do not begin a state file. */
export function parseHeader(bytes: Uint8Array): Uint8Array | string {
  const fixed = magic.length + storeIdBytes;
  if (bytes.length < headerBytes) return `the file has ${bytes.length} bytes and no whole header`;
  if (!equalBytes(bytes.subarray(0, magic.length), magic)) return 'the file does not begin as a state file';
  if (viewOf(bytes).getUint32(fixed, false) !== crc32(bytes.subarray(0, fixed))) {
    return 'the checksum of the header does not match';
  }
  return bytes.slice(magic.length, fixed);
}

/** Records before `end` have been flushed. */
export function encodeMark(storeId: Uint8Array, end: number): Uint8Array {
  const bytes = new Uint8Array(markBytes);
  viewOf(bytes).setBigUint64(0, BigInt(end), false);
  viewOf(bytes).setUint32(8, markSum(storeId, bytes), false);
  return bytes;
}

/** What either mark of a header says; undefined for one that is torn or damaged. */
export function parseMarks(storeId: Uint8Array, header: Uint8Array): readonly (number | undefined)[] {
  return markOffsets.map((offset) => parseMark(storeId, header, offset));
}

function parseMark(storeId: Uint8Array, bytes: Uint8Array, offset: number): number | undefined {
  const mark = bytes.subarray(offset, offset + markBytes);
  if (mark.length < markBytes || viewOf(mark).getUint32(8, false) !== markSum(storeId, mark))
    return undefined;
  return Number(viewOf(mark).getBigUint64(0, false));
}

export function encodeRecord(offset: number, { revision, entries }: StateRecord): Uint8Array {
  const keys = entries.map(({ key }) => utf8(key));
  const length = entries.reduce(
    (sum, { value }, at) => sum + entryHeadBytes + keys[at].length + (value?.length ?? 0),
    bodyHeadBytes,
  );
  const bytes = new Uint8Array(frameBytes + length);
  const view = viewOf(bytes);
  view.setUint32(4, length, false);
  view.setBigUint64(frameBytes, BigInt(revision), false);
  view.setUint32(frameBytes + 8, entries.length, false);
  let at = frameBytes + bodyHeadBytes;
  entries.forEach(({ value }, index) => {
    view.setUint16(at, keys[index].length, false);
    view.setUint32(at + 2, value?.length ?? deletion, false);
    bytes.set(keys[index], at + entryHeadBytes);
    at += entryHeadBytes + keys[index].length;
    if (value) bytes.set(value, at);
    at += value?.length ?? 0;
  });
  view.setUint32(0, recordSum(offset, bytes), false);
  return bytes;
}

/** Looks at `bytes` from `at`; the bytes begin at `base` in the file. */
export function parseRecord(bytes: Uint8Array, at: number, base: number): FoundRecord {
  if (bytes.length - at < frameBytes) return { kind: 'cut' };
  const length = viewOf(bytes).getUint32(at + 4, false);
  if (length < bodyHeadBytes || length > bodyBytesMax) {
    return { kind: 'broken', why: `a record cannot have ${length} bytes` };
  }
  const next = at + frameBytes + length;
  if (next > bytes.length) return { kind: 'cut' };
  const whole = bytes.subarray(at, next);
  if (viewOf(whole).getUint32(0, false) !== recordSum(base + at, whole)) {
    return { kind: 'broken', why: 'the checksum of the record does not match' };
  }
  return { kind: 'record', record: parseBody(whole.subarray(frameBytes)), next };
}

/** Its checksum was right: what was written here is what is read. */
function parseBody(body: Uint8Array): StateRecord {
  const view = viewOf(body);
  const revision = Number(view.getBigUint64(0, false)) as Revision;
  let at = bodyHeadBytes;
  const entries = Array.from({ length: view.getUint32(8, false) }, () => {
    const keyLength = view.getUint16(at, false);
    const valueLength = view.getUint32(at + 2, false);
    const valueAt = at + entryHeadBytes + keyLength;
    const key = decoder.decode(body.subarray(at + entryHeadBytes, valueAt));
    const value = valueLength === deletion ? undefined : body.slice(valueAt, valueAt + valueLength);
    at = valueAt + (value?.length ?? 0);
    return { key, value };
  });
  return { revision, entries };
}

/** Holds the offset too, so that bytes of another place are not taken for a record of this one. */
function recordSum(offset: number, record: Uint8Array): number {
  const place = new Uint8Array(8);
  viewOf(place).setBigUint64(0, BigInt(offset), false);
  return crc32(record.subarray(4), crc32(place));
}

function markSum(storeId: Uint8Array, mark: Uint8Array): number {
  return crc32(mark.subarray(0, 8), crc32(storeId));
}
