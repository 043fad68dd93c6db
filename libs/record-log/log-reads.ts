/** Reads entries from a segment, those that stand near each other at once, and checks each. */
import type { OpenFile } from '#environment';
import { segmentPath } from './log-files.js';
import type { LogSegments } from './log-segments.js';
import {
  type LogItem,
  type LogPartition,
  type LogPosition,
  logPosition,
  positionAfter,
} from './record-log.js';
import { bodyBytesOf, parseFrame } from './segment-format.js';
import type { EntryPlace, SegmentRows } from './segment-rows.js';

/** Bytes that one read of the disk takes, unless a single entry is longer. */
const readBytesMax = 1_048_576;

export interface PlaceRange {
  readonly partition: LogPartition;
  readonly from: LogPosition;
  /** Not included; all before it are in the segment. */
  readonly to: LogPosition;
  readonly pageBytes: number;
}

export interface FoundItems {
  readonly items: readonly LogItem[];
  readonly next: LogPosition;
  /** Of the entries. */
  readonly bytes: number;
}

/** At least one item. Throws an error with the code ENOENT when the segment is no more. */
export async function readPlaces(
  segments: LogSegments,
  segment: number,
  range: PlaceRange,
): Promise<FoundItems> {
  const rows = await segments.rowsOf(segment);
  return segments.reads.use(segment, async (file) => {
    const items: LogItem[] = [];
    let next = range.from;
    let bytes = 0;
    do {
      const places = nearPlaces(rows, range, next, range.pageBytes - bytes);
      const chunk = await readChunk(file, places);
      for (const place of places) {
        items.push(itemAt(segments, segment, { partition: range.partition, position: next, place }, chunk));
        bytes += bodyBytesOf(place.length);
        next = positionAfter(next);
      }
    } while (next < range.to && bytes < range.pageBytes);
    return { items, next, bytes };
  });
}

/** Bytes of a segment and where they begin in it. */
interface Chunk {
  readonly bytes: Uint8Array;
  readonly base: number;
}

async function readChunk(file: OpenFile, places: readonly EntryPlace[]): Promise<Chunk> {
  const base = places[0].offset;
  const end = places.reduce((last, { offset, length }) => Math.max(last, offset + length), base);
  // Not zeroed: what is not read is cut off. Entries are given out as views of it, so it has no other user.
  const room = new Uint8Array(Buffer.allocUnsafeSlow(end - base).buffer);
  return { bytes: room.subarray(0, await file.read(room, base)), base };
}

/** The first, and those behind it up to what fills the page or one read. */
function nearPlaces(
  rows: SegmentRows,
  { partition, to }: PlaceRange,
  from: LogPosition,
  bytes: number,
): readonly EntryPlace[] {
  const places: EntryPlace[] = [];
  let left = bytes;
  for (let at: number = from; at < to && (places.length === 0 || left > 0); at++) {
    const place = rows.place(partition, logPosition(at));
    if (place === undefined) throw new Error(`no row for ${at}, which is in the segment`);
    const isNear =
      place.length > 0 && place.offset + place.length - (places[0] ?? place).offset <= readBytesMax;
    if (places.length > 0 && !isNear) break;
    places.push(place);
    left -= bodyBytesOf(place.length);
  }
  return places;
}

interface WantedEntry {
  readonly partition: LogPartition;
  readonly position: LogPosition;
  readonly place: EntryPlace;
}

/** What is not the entry that was appended is damage. */
function itemAt(
  segments: LogSegments,
  segment: number,
  { partition, position, place }: WantedEntry,
  { bytes, base }: Chunk,
): LogItem {
  const at = place.offset - base;
  const found = place.length === 0 ? undefined : parseFrame(segments.nameOf(segment), bytes, at, base);
  if (found?.kind === 'frame' && found.next === at + place.length) {
    const { head, body } = found;
    const isWanted =
      head.kind === 'entry' &&
      head.channelId === partition.channelId &&
      head.stream === partition.stream &&
      head.position === position;
    if (isWanted) return { position, receivedAtMs: head.receivedAtMs, bytes: body };
  }
  const path = segmentPath(segments.folder, segment);
  const damage =
    place.length === 0
      ? `from byte ${place.offset} of ${path} on bytes cannot be made out: an entry may have stood there`
      : `the bytes of ${path} at ${place.offset} are not those of the entry that was written there`;
  return { position, damage };
}
