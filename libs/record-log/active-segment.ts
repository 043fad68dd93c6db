/** The last segment of a log in memory, and how what its frames tell is taken in. */
import { type FileSystem, unlessAbsent } from '#environment';
import { damagedLog, segmentPath } from './log-files.js';
import { LogState } from './log-state.js';
import {
  parseMarks,
  type SegmentMark,
  type SegmentName,
  segmentHeadBytes,
  segmentStates,
} from './segment-format.js';
import { SegmentRows } from './segment-rows.js';
import {
  type Hole,
  passOver,
  type Scan,
  type ScannedFrame,
  scanFrames,
  stateOf,
  takeFrames,
} from './segment-scan.js';

/** More that may be lost than this is not passed over: each could be an entry of every partition. */
const passedOverMax = 4_096;

export interface ActiveSegment {
  readonly number: number;
  /** Tells the file from another under its name. */
  readonly fileId: string;
  readonly rows: SegmentRows;
  mark: SegmentMark;
  /** Of the next frame. */
  turn: number;
  /** Bytes in which no frame can be made out, so far. */
  readonly holes: Hole[];
  /** What its frames tell must be written down in a segment of its own before anything else. */
  mustEnd: boolean;
}

export function newSegment(number: number, fileId: string, mark: SegmentMark): ActiveSegment {
  return { number, fileId, mark, rows: new SegmentRows(), turn: segmentStates, holes: [], mustEnd: false };
}

export interface TakenInto {
  readonly state: LogState;
  readonly folder: string;
  readonly isOwner: boolean;
}

/**
 * What was lost so that nothing tells what it was is passed over by the owner, so that it gives no position
 * twice. A reader gives none, and the next segment will tell. Returns how many frames that were at most.
 */
export function takeIn(scan: Scan, active: ActiveSegment, { state, folder, isOwner }: TakenInto): number {
  const { rows, turn, holes } = active;
  holes.push(...scan.holes);
  if (scan.holes.length > 0) active.mustEnd = true;
  const all = { frames: scan.frames, holes };
  const lost = takeFrames(all, turn, { state, rows });
  const last = scan.frames.at(-1);
  if (last !== undefined) active.turn = last.head.turn + 1;
  if (!isOwner) return lost;
  if (lost > passedOverMax) {
    const path = segmentPath(folder, active.number);
    const what = `nothing can be made out in ${holes.at(-1)?.length} bytes at byte ${holes.at(-1)?.offset}`;
    throw damagedLog(folder, `${path}: ${what}, and up to ${lost} entries and claims were lost`);
  }
  passOver(all, lost, { state, rows });
  return lost;
}

/** What a segment began with, from all of the one before: both states that it began with are lost. */
export async function stateBefore(
  files: FileSystem,
  folder: string,
  { logId, number }: SegmentName,
  isOwner: boolean,
): Promise<LogState> {
  if (number === 0) return new LogState();
  const before = { logId, number: number - 1 };
  const path = segmentPath(folder, before.number);
  const bytes = (await unlessAbsent(() => files.read(path))) ?? new Uint8Array(0);
  const mark = parseMarks(before, bytes);
  const until = bytes.subarray(segmentHeadBytes, mark?.isSealed ? mark.end : 0);
  const scan = scanFrames(before, until, segmentHeadBytes);
  const state = stateOf(scan);
  if (state === undefined || mark === undefined) {
    const what = `does not begin with the state of the log, and ${path} does not tell it`;
    throw damagedLog(folder, `${segmentPath(folder, number)} ${what}`);
  }
  takeIn(scan, newSegment(before.number, '', mark), { state, folder, isOwner });
  state.sealed.set(before.number, mark.end);
  return state;
}

export function endOf(frames: readonly ScannedFrame[]): number | undefined {
  const last = frames.at(-1);
  return last && last.offset + last.length;
}
