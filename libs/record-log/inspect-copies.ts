/**
 * Finds bytes of a log that are not as they were written although the log reads as it was, since what they
 * said stands elsewhere too, or is needed no more: whoever has such a disk wants to know before more goes.
 */
import { equalBytes } from '#encoding';
import { type FileSystem, unlessAbsent } from '#environment';
import { logIdPath, rowsPath, segmentPath } from './log-files.js';
import type { LogSegments } from './log-segments.js';
import type { LogState } from './log-state.js';
import {
  encodeLogId,
  encodeMark,
  encodeSegmentHead,
  markOffsetOf,
  parseMarks,
  type SegmentName,
  segmentHeadBytes,
  writeFrame,
} from './segment-format.js';
import { SegmentRows } from './segment-rows.js';
import { type ScannedFrame, scanFrames } from './segment-scan.js';

/** Each in words, with its file and byte; entries that are damaged are no matter of this. */
export async function inspectCopies(segments: LogSegments, files: FileSystem): Promise<readonly string[]> {
  const { folder, state, active } = segments;
  const found: string[] = [];
  const idPath = logIdPath(folder);
  const id = await unlessAbsent(() => files.read(idPath));
  if (id !== undefined && !equalBytes(id, encodeLogId(segments.nameOf(0).logId))) {
    found.push(`${idPath} is not as it was written`);
  }
  for (const [number, end] of [...state.sealed, [active.number, active.mark.end] as const]) {
    const name = segments.nameOf(number);
    const path = segmentPath(folder, number);
    const bytes = await unlessAbsent(() => files.read(path));
    if (bytes !== undefined)
      found.push(...damagedIn(name, bytes.subarray(0, end), state).map((what) => `${path}: ${what}`));
    const indexPath = rowsPath(folder, number);
    const index = await unlessAbsent(() => files.read(indexPath));
    if (
      index !== undefined &&
      number !== active.number &&
      SegmentRows.decode(index, name, end) === undefined
    ) {
      found.push(`${indexPath} is not as it was written`);
    }
  }
  return found;
}

function damagedIn(name: SegmentName, bytes: Uint8Array, state: LogState): readonly string[] {
  const scan = scanFrames(name, bytes.subarray(segmentHeadBytes), segmentHeadBytes);
  const holes = scan.holes.map(
    ({ offset, length }) => `${length} bytes at byte ${offset} cannot be made out`,
  );
  const starts = [
    ...damagedHeads(name, bytes),
    ...scan.frames.flatMap((frame) => damagedFrame(name, bytes, frame, state)),
  ];
  return [...holes, ...starts.map((at) => `what is written twice, or was let go, is damaged at byte ${at}`)];
}

/** The bytes at which the head of the segment or one of its marks is not as it was written. */
function damagedHeads(name: SegmentName, bytes: Uint8Array): readonly number[] {
  const mark = { turn: 0, end: 0, isSealed: false };
  const [first, second] = [markOffsetOf(0), markOffsetOf(1)];
  const wanted = encodeSegmentHead(name, mark);
  for (const at of [first, second]) {
    const alone = new Uint8Array(segmentHeadBytes);
    const length = second - first;
    alone.set(bytes.subarray(at, at + length), at);
    wanted.set(encodeMark(name, parseMarks(name, alone) ?? mark), at);
  }
  return differing(bytes.subarray(0, segmentHeadBytes), wanted, 0);
}

/** Likewise of a frame; nothing where an entry is damaged, which whoever reads it is told. */
function damagedFrame(
  name: SegmentName,
  bytes: Uint8Array,
  { head, offset, length, body }: ScannedFrame,
  state: LogState,
): readonly number[] {
  const isRead = head.kind === 'entry' && head.position >= state.begin(head);
  if (body === undefined) return isRead ? [] : [offset];
  const wanted = new Uint8Array(length);
  writeFrame(wanted, name, { offset, turn: head.turn }, { name: head, body });
  return differing(bytes.subarray(offset, offset + length), wanted, offset);
}

/** The first byte that differs, counted from `base`. */
function differing(found: Uint8Array, wanted: Uint8Array, base: number): readonly number[] {
  const at = found.findIndex((byte, index) => byte !== wanted[index]);
  return at < 0 ? [] : [base + at];
}
