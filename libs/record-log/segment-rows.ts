/**
 * Where the entries of one segment stand, by partition; and the file beside the segment that holds it, so
 * that a start does not read segments. Everything in it can be made again from the segment.
 *
 *   head, 80 bytes:       magic 16, log id 16, number 8, bytes of the segment 8, partitions 4, rows 4,
 *                         CRC-32 of the directory 4, CRC-32 of the rows 4, zero 12,
 *                         CRC-32 of the head so far 4
 *   directory, 48 bytes a partition: channel id 32, stream 2, zero 2, first position 8, rows 4
 *   row, 8 bytes:         offset 4, length 4; length 0 for an entry that cannot be found any more
 */
import { crc32 } from 'node:zlib';
import { concatBytes, equalBytes, utf8, viewOf } from '#encoding';
import { type LogPartition, type LogPosition, type LogStream, logPosition } from './record-log.js';
import { logIdBytes, type SegmentName } from './segment-format.js';

const magic = utf8('papyrus logindex');
const rowsHeadBytes = 80;
const headSumOffset = 76;
const directoryBytes = 48;
const rowBytes = 8;
const cutMarksStream = 0xffff;
const firstCapacity = 16;

export interface EntryPlace {
  readonly offset: number;
  readonly length: number;
}

/** The entries of a partition in a segment: their positions are dense. */
export interface PartitionSpan {
  readonly partition: LogPartition;
  readonly first: LogPosition;
  readonly count: number;
}

export const partitionName = ({ channelId, stream }: LogPartition): string => `${channelId}/${stream}`;

export class SegmentRows {
  readonly #spans = new Map<string, GrowingRows>();

  /** Positions of a partition come without gaps. */
  add(partition: LogPartition, position: LogPosition, place: EntryPlace): void {
    const name = partitionName(partition);
    const rows = this.#spans.get(name) ?? new GrowingRows(partition, position);
    this.#spans.set(name, rows);
    if (position !== rows.first + rows.count) throw new Error(`a row for ${name} ${position} out of turn`);
    rows.push(place);
  }

  spans(): readonly PartitionSpan[] {
    return [...this.#spans.values()];
  }

  span(partition: LogPartition): PartitionSpan | undefined {
    return this.#spans.get(partitionName(partition));
  }

  place(partition: LogPartition, position: LogPosition): EntryPlace | undefined {
    return this.#spans.get(partitionName(partition))?.at(position);
  }

  encode(name: SegmentName, segmentBytes: number): Uint8Array {
    const spans = [...this.#spans.values()];
    const directory = concatBytes(...spans.map(encodeSpan));
    const rows = concatBytes(...spans.map((span) => span.encode()));
    const head = new Uint8Array(rowsHeadBytes);
    const view = viewOf(head);
    head.set(magic);
    head.set(name.logId, magic.length);
    view.setBigUint64(32, BigInt(name.number));
    view.setBigUint64(40, BigInt(segmentBytes));
    view.setUint32(48, spans.length);
    view.setUint32(52, rows.length / rowBytes);
    view.setUint32(56, crc32(directory));
    view.setUint32(60, crc32(rows));
    view.setUint32(headSumOffset, crc32(head.subarray(0, headSumOffset)));
    return concatBytes(head, directory, rows);
  }

  /** Undefined where the bytes are not those of `encode`. */
  static decode(bytes: Uint8Array, name: SegmentName, segmentBytes: number): SegmentRows | undefined {
    const spans = parseSpans(bytes, name, segmentBytes);
    if (spans === undefined) return undefined;
    const rows = bytes.subarray(rowsHeadBytes + spans.length * directoryBytes);
    const view = viewOf(rows);
    if (viewOf(bytes).getUint32(60) !== crc32(rows)) return undefined;
    const found = new SegmentRows();
    let at = 0;
    for (const { partition, first, count } of spans) {
      for (let index = 0; index < count; index++, at += rowBytes) {
        const place = { offset: view.getUint32(at), length: view.getUint32(at + 4) };
        found.add(partition, logPosition(first + index), place);
      }
    }
    return found;
  }
}

/** Bytes of the file before the rows; undefined where `head` is not its beginning. */
export function bytesBeforeRows(head: Uint8Array): number | undefined {
  if (head.length < rowsHeadBytes) return undefined;
  return rowsHeadBytes + viewOf(head).getUint32(48) * directoryBytes;
}

/** What is in the segment, from the file's bytes before the rows; undefined where they are damaged. */
export function parseSpans(
  bytes: Uint8Array,
  name: SegmentName,
  segmentBytes: number,
): readonly PartitionSpan[] | undefined {
  const until = bytesBeforeRows(bytes);
  if (until === undefined || bytes.length < until) return undefined;
  const view = viewOf(bytes);
  const isWhole =
    equalBytes(bytes.subarray(0, magic.length), magic) &&
    view.getUint32(headSumOffset) === crc32(bytes.subarray(0, headSumOffset)) &&
    equalBytes(bytes.subarray(magic.length, magic.length + logIdBytes), name.logId) &&
    Number(view.getBigUint64(32)) === name.number &&
    Number(view.getBigUint64(40)) === segmentBytes &&
    view.getUint32(56) === crc32(bytes.subarray(rowsHeadBytes, until));
  if (!isWhole) return undefined;
  const spans: PartitionSpan[] = [];
  for (let at = rowsHeadBytes; at < until; at += directoryBytes) spans.push(parseSpan(bytes, at));
  return spans;
}

function encodeSpan({ partition, first, count }: PartitionSpan): Uint8Array {
  const bytes = new Uint8Array(directoryBytes);
  const view = viewOf(bytes);
  bytes.set(Buffer.from(partition.channelId.slice(2), 'hex'));
  view.setUint16(32, partition.stream === 'cut-marks' ? cutMarksStream : partition.stream);
  view.setBigUint64(36, BigInt(first));
  view.setUint32(44, count);
  return bytes;
}

function parseSpan(bytes: Uint8Array, at: number): PartitionSpan {
  const view = viewOf(bytes);
  const number = view.getUint16(at + 32);
  const stream: LogStream = number === cutMarksStream ? 'cut-marks' : number;
  const channelId = `0x${Buffer.from(bytes.buffer, bytes.byteOffset + at, 32).toString('hex')}`;
  const first = logPosition(Number(view.getBigUint64(at + 36)));
  return { partition: { channelId, stream }, first, count: view.getUint32(at + 44) };
}

/** Offset and length of each entry, in one array that doubles. */
class GrowingRows implements PartitionSpan {
  readonly partition: LogPartition;
  readonly first: LogPosition;
  count = 0;
  #places = new Uint32Array(firstCapacity);

  constructor(partition: LogPartition, first: LogPosition) {
    this.partition = partition;
    this.first = first;
  }

  push({ offset, length }: EntryPlace): void {
    if (this.#places.length === this.count * 2) {
      const places = new Uint32Array(this.#places.length * 2);
      places.set(this.#places);
      this.#places = places;
    }
    this.#places[this.count * 2] = offset;
    this.#places[this.count * 2 + 1] = length;
    this.count++;
  }

  at(position: LogPosition): EntryPlace | undefined {
    const index = position - this.first;
    if (index < 0 || index >= this.count) return undefined;
    return { offset: this.#places[index * 2], length: this.#places[index * 2 + 1] };
  }

  encode(): Uint8Array {
    const bytes = new Uint8Array(this.count * rowBytes);
    const view = viewOf(bytes);
    for (let at = 0; at < this.count * 2; at++) view.setUint32(at * 4, this.#places[at]);
    return bytes;
  }
}
