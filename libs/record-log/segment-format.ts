/**
 * The bytes of a segment of the embedded record log: a head that says whose it is and up to where it has been
 * flushed, then frames, one an entry or an act of the log itself.
 *
 *   head, 192 bytes: magic 16, log id 16, number of the segment 8, CRC-32 of these 4, zero to byte 64,
 *                    two marks, each twice
 *   mark, 32 bytes:  turn 8, end of what is flushed 8, 1 if nothing follows any more 1, zero 7, CRC-32 4,
 *                    zero 4
 *   frame:           head, bytes, foot
 *   frame head:      magic 4, CRC-32 of the rest of the head 4, CRC-32 of the bytes 4, their number 4,
 *                    kind 1, zero 1, stream 2, epoch 4, turn in the segment 4, position 8, receivedAtMs 8,
 *                    channel id 32
 *   frame foot:      the head again behind another magic, so that no single damage takes a frame's name
 *
 * All integers are big-endian. Checksums begin with log id, number and, in frames, the offset: bytes of
 * another log, segment or place never pass.
 */
import { crc32 } from 'node:zlib';
import { equalBytes, utf8, viewOf } from '#encoding';
import { type LogPosition, type LogStream, logEntryBytesMax, logPosition } from './record-log.js';

const segmentMagic = utf8('papyrus segment2');
const headMagic = utf8('PLOG');
const footMagic = utf8('GOLP');
export const logIdBytes = 16;
export const segmentHeadBytes = 192;
const headSumOffset = 40;
const markOffsets = [64, 128] as const;
const markBytes = 32;
/** A bit that flips in the newest mark must not bring back the one before. */
const markCopies = 2;
const markSumOffset = 24;
const frameHeadBytes = 76;
/** The state of the log stands at the beginning of a segment, twice. */
export const segmentStates = 2;
const cutMarksStream = 0xffff;
/** A state of the log may be longer than an entry: it names every partition. */
const frameBodyBytesMax = 16 * logEntryBytesMax;

/** Which segment of which log. */
export interface SegmentName {
  readonly logId: Uint8Array;
  readonly number: number;
}

export interface SegmentMark {
  /** Higher with each mark; its parity is the place of the mark. */
  readonly turn: number;
  /** Frames before it have been flushed. */
  readonly end: number;
  /** Whether the log goes on in the next segment. */
  readonly isSealed: boolean;
}

const frameKinds = ['entry', 'claim', 'truncation', 'removal', 'state'] as const;
export type FrameKind = (typeof frameKinds)[number];

export interface FrameName {
  readonly kind: FrameKind;
  readonly channelId: string;
  readonly stream: LogStream;
  readonly epoch: number;
  /** Of the entry; of a truncation, what is kept from; of a removal, the first segment that stays. */
  readonly position: LogPosition;
  readonly receivedAtMs: number;
}

export interface FrameHead extends FrameName {
  /** How many frames stand before it in the segment: a gap says how many were lost in a hole. */
  readonly turn: number;
  readonly bodyBytes: number;
  readonly bodySum: number;
}

export type FoundFrame =
  | { readonly kind: 'frame'; readonly head: FrameHead; readonly body: Uint8Array; readonly next: number }
  | { readonly kind: 'broken'; readonly head: FrameHead; readonly next: number }
  | { readonly kind: 'none' };

export const noChannel = `0x${'00'.repeat(32)}`;

/** The file `log-id`; with a checksum, so that a damaged one is not taken for that of another log. */
export function encodeLogId(logId: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(logIdBytes + 4);
  bytes.set(logId);
  viewOf(bytes).setUint32(logIdBytes, crc32(logId));
  return bytes;
}

export function parseLogId(bytes: Uint8Array): Uint8Array | undefined {
  const logId = bytes.slice(0, logIdBytes);
  return equalBytes(encodeLogId(logId), bytes) ? logId : undefined;
}

export function encodeSegmentHead(name: SegmentName, mark: SegmentMark): Uint8Array {
  const bytes = new Uint8Array(segmentHeadBytes);
  bytes.set(segmentMagic);
  bytes.set(name.logId, segmentMagic.length);
  viewOf(bytes).setBigUint64(segmentMagic.length + logIdBytes, BigInt(name.number));
  viewOf(bytes).setUint32(headSumOffset, crc32(bytes.subarray(0, headSumOffset)));
  for (const at of markOffsets) bytes.set(encodeMark(name, mark), at);
  return bytes;
}

/** Whether these bytes, undamaged, begin a segment of a format before or after this one. */
export function isOtherFormat(bytes: Uint8Array): boolean {
  if (bytes.length < segmentHeadBytes || equalBytes(bytes.subarray(0, segmentMagic.length), segmentMagic)) {
    return false;
  }
  const isNamed = equalBytes(bytes.subarray(0, segmentMagic.length - 1), segmentMagic.subarray(0, -1));
  return isNamed && viewOf(bytes).getUint32(headSumOffset) === crc32(bytes.subarray(0, headSumOffset));
}

/** Undefined where these bytes do not begin a segment. */
export function parseSegmentHead(bytes: Uint8Array): SegmentName | undefined {
  if (bytes.length < segmentHeadBytes) return undefined;
  if (!equalBytes(bytes.subarray(0, segmentMagic.length), segmentMagic)) return undefined;
  if (viewOf(bytes).getUint32(headSumOffset) !== crc32(bytes.subarray(0, headSumOffset))) return undefined;
  const logId = bytes.slice(segmentMagic.length, segmentMagic.length + logIdBytes);
  return { logId, number: Number(viewOf(bytes).getBigUint64(segmentMagic.length + logIdBytes)) };
}

export function encodeMark(name: SegmentName, { turn, end, isSealed }: SegmentMark): Uint8Array {
  const bytes = new Uint8Array(markBytes * markCopies);
  const view = viewOf(bytes);
  view.setBigUint64(0, BigInt(turn));
  view.setBigUint64(8, BigInt(end));
  bytes[16] = isSealed ? 1 : 0;
  view.setUint32(markSumOffset, crc32(bytes.subarray(0, markSumOffset), seedOf(name, 0)));
  bytes.copyWithin(markBytes, 0, markBytes);
  return bytes;
}

export const markOffsetOf = (turn: number): number => markOffsets[turn % 2];

/** The latest mark that is whole: others may be damaged, or just being written. */
export function parseMarks(name: SegmentName, head: Uint8Array): SegmentMark | undefined {
  const marks: SegmentMark[] = [];
  for (let at: number = markOffsets[0]; at < segmentHeadBytes; at += markBytes) {
    const mark = parseMark(name, head.subarray(at, at + markBytes));
    if (mark !== undefined) marks.push(mark);
  }
  return marks.sort((left, right) => right.turn - left.turn)[0];
}

function parseMark(name: SegmentName, bytes: Uint8Array): SegmentMark | undefined {
  if (bytes.length < markBytes) return undefined;
  const view = viewOf(bytes);
  const sum = crc32(bytes.subarray(0, markSumOffset), seedOf(name, 0));
  if (view.getUint32(markSumOffset) !== sum) return undefined;
  const [turn, end] = [Number(view.getBigUint64(0)), Number(view.getBigUint64(8))];
  return { turn, end, isSealed: bytes[16] === 1 };
}

export const frameBytesOf = (bodyBytes: number): number => frameHeadBytes + bodyBytes + frameHeadBytes;
export const bodyBytesOf = (frameBytes: number): number => Math.max(0, frameBytes - 2 * frameHeadBytes);

export interface FramePlace {
  readonly offset: number;
  readonly turn: number;
}

/** Fills `frame`, which has as many bytes as `frameBytesOf` says. */
export function writeFrame(
  frame: Uint8Array,
  segment: SegmentName,
  { offset, turn }: FramePlace,
  { name, body }: { readonly name: FrameName; readonly body: Uint8Array },
): void {
  const head = frame.subarray(0, frameHeadBytes).fill(0);
  const view = viewOf(head);
  head.set(headMagic);
  view.setUint32(8, crc32(body));
  view.setUint32(12, body.length);
  head[16] = frameKinds.indexOf(name.kind);
  view.setUint16(18, name.stream === 'cut-marks' ? cutMarksStream : name.stream);
  view.setUint32(20, name.epoch);
  view.setUint32(24, turn);
  view.setBigUint64(28, BigInt(name.position));
  view.setBigUint64(36, BigInt(name.receivedAtMs));
  head.set(Buffer.from(name.channelId.slice(2), 'hex'), 44);
  view.setUint32(4, crc32(head.subarray(8), seedOf(segment, offset)));
  frame.set(body, frameHeadBytes);
  frame.set(head, frameHeadBytes + body.length);
  frame.set(footMagic, frameHeadBytes + body.length);
}

/** What stands at `at`; `base` is the offset of the first of these bytes in the segment. */
export function parseFrame(segment: SegmentName, bytes: Uint8Array, at: number, base: number): FoundFrame {
  const head =
    parseFrameHead(segment, bytes, at, base + at, headMagic) ?? headFromFoot(segment, bytes, at, base);
  if (head === undefined) return { kind: 'none' };
  const next = at + frameBytesOf(head.bodyBytes);
  if (next > bytes.length) return { kind: 'none' };
  const body = bytes.subarray(at + frameHeadBytes, next - frameHeadBytes);
  if (crc32(body) !== head.bodySum) return { kind: 'broken', head, next };
  return { kind: 'frame', head, body, next };
}

/** Where the next frame begins whose head is whole; the end of the bytes if there is none. */
export function nextFrame(segment: SegmentName, bytes: Uint8Array, from: number, base: number): number {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  for (let at = buffer.indexOf(headMagic, from); at >= 0; at = buffer.indexOf(headMagic, at + 1)) {
    if (parseFrameHead(segment, bytes, at, base + at, headMagic) !== undefined) return at;
  }
  return bytes.length;
}

function headFromFoot(
  segment: SegmentName,
  bytes: Uint8Array,
  at: number,
  base: number,
): FrameHead | undefined {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const first = at + frameHeadBytes;
  const last = first + frameBodyBytesMax;
  for (let foot = buffer.indexOf(footMagic, first); foot >= 0; foot = buffer.indexOf(footMagic, foot + 1)) {
    if (foot > last) return undefined;
    const head = parseFrameHead(segment, bytes, foot, base + at, footMagic);
    if (head !== undefined && first + head.bodyBytes === foot) return head;
  }
  return undefined;
}

/** `start` is the offset of the frame in the segment. */
function parseFrameHead(
  segment: SegmentName,
  bytes: Uint8Array,
  at: number,
  start: number,
  magic: Uint8Array,
): FrameHead | undefined {
  if (at + frameHeadBytes > bytes.length) return undefined;
  const head = bytes.subarray(at, at + frameHeadBytes);
  if (!equalBytes(head.subarray(0, 4), magic)) return undefined;
  const view = viewOf(head);
  if (view.getUint32(4) !== crc32(head.subarray(8), seedOf(segment, start))) return undefined;
  const stream = view.getUint16(18);
  return {
    kind: frameKinds[head[16]],
    channelId: `0x${Buffer.from(head.buffer, head.byteOffset + 44, 32).toString('hex')}`,
    stream: stream === cutMarksStream ? 'cut-marks' : stream,
    epoch: view.getUint32(20),
    turn: view.getUint32(24),
    position: logPosition(Number(view.getBigUint64(28))),
    receivedAtMs: Number(view.getBigUint64(36)),
    bodyBytes: view.getUint32(12),
    bodySum: view.getUint32(8),
  };
}

function seedOf({ logId, number }: SegmentName, offset: number): number {
  const place = new Uint8Array(16);
  const view = viewOf(place);
  view.setBigUint64(0, BigInt(number));
  view.setBigUint64(8, BigInt(offset));
  return crc32(place, crc32(logId));
}
