/** Goes through the frames of a segment, past what is damaged, and says what was there. */
import { LogState } from './log-state.js';
import { type LogPartition, type LogPosition, logPosition } from './record-log.js';
import { type FrameHead, frameBytesOf, nextFrame, parseFrame, type SegmentName } from './segment-format.js';
import { partitionName, type SegmentRows } from './segment-rows.js';

export interface ScannedFrame {
  readonly head: FrameHead;
  readonly offset: number;
  readonly length: number;
  /** Undefined where the bytes are not those that were appended. */
  readonly body: Uint8Array | undefined;
}

/** Bytes in which no frame can be made out. */
export interface Hole {
  readonly offset: number;
  readonly length: number;
}

export interface Scan {
  readonly frames: readonly ScannedFrame[];
  readonly holes: readonly Hole[];
}

/** `base` is the offset of the first of these bytes in the segment. */
export function scanFrames(name: SegmentName, bytes: Uint8Array, base: number): Scan {
  const frames: ScannedFrame[] = [];
  const holes: Hole[] = [];
  for (let at = 0; at < bytes.length; ) {
    const found = parseFrame(name, bytes, at, base);
    if (found.kind === 'none') {
      const next = nextFrame(name, bytes, at + 1, base);
      holes.push({ offset: base + at, length: next - at });
      at = next;
      continue;
    }
    const body = found.kind === 'frame' ? found.body : undefined;
    frames.push({ head: found.head, offset: base + at, length: found.next - at, body });
    at = found.next;
  }
  return { frames, holes };
}

/** The frames from `base` on that are whole, up to the first that is not. */
export function wholeFrames(name: SegmentName, bytes: Uint8Array, base: number): readonly ScannedFrame[] {
  const frames: ScannedFrame[] = [];
  for (let at = 0; at < bytes.length; ) {
    const found = parseFrame(name, bytes, at, base);
    if (found.kind !== 'frame') break;
    frames.push({ head: found.head, offset: base + at, length: found.next - at, body: found.body });
    at = found.next;
  }
  return frames;
}

/** The state that a segment begins with: it is written twice. */
export function stateOf({ frames }: Scan): LogState | undefined {
  const found = frames.find(({ head, body }) => head.kind === 'state' && body !== undefined);
  return found?.body && LogState.decode(found.body);
}

/**
 * Takes the frames, of which the first should have the turn `turn`, into state and rows. An entry that is
 * missing, as those behind it tell, gets a row without length, with the offset of a hole. Returns how many
 * frames were lost, at most, of which nothing tells what they were.
 */
export function takeFrames(
  { frames, holes }: Scan,
  turn: number,
  { state, rows }: { readonly state: LogState; readonly rows: SegmentRows },
): number {
  let unknown = 0;
  let next = turn;
  for (const { head, offset, length } of frames) {
    // One of the two states may be lost: the other says the same.
    if (head.kind === 'state') continue;
    unknown += head.turn - next;
    next = head.turn + 1;
    if (head.kind === 'entry') {
      const partition = { channelId: head.channelId, stream: head.stream };
      const hole = holes.findLast((one) => one.offset < offset)?.offset ?? offset;
      unknown -= fillUp(partition, head.position, hole, { state, rows });
      unknown -= Math.max(0, head.epoch - state.epoch(head.channelId));
      rows.add(partition, head.position, { offset, length });
    }
    if (head.kind === 'claim') unknown -= Math.max(0, head.epoch - 1 - state.epoch(head.channelId));
    state.take(head);
  }
  const lastHole = holes.at(-1);
  const isLast = lastHole !== undefined && (frames.at(-1)?.offset ?? 0) < lastHole.offset;
  return Math.max(0, unknown) + (isLast ? Math.floor(lastHole.length / frameBytesOf(0)) : 0);
}

/**
 * Goes on behind `lost` frames of which nothing tells what they were: no position and no epoch that one of
 * them may have had is given again. Concerned are those of which no frame behind the last hole tells; each of
 * their positions that may have been given gets a row without length.
 */
export function passOver(
  { frames, holes }: Scan,
  lost: number,
  { state, rows }: { readonly state: LogState; readonly rows: SegmentRows },
): void {
  const hole = holes.at(-1)?.offset ?? 0;
  const behind = frames.filter(({ head, offset }) => offset > hole && head.kind !== 'state');
  const told = new Set(behind.flatMap(({ head }) => (head.kind === 'entry' ? [partitionName(head)] : [])));
  for (const partition of lost === 0 ? [] : state.partitions()) {
    if (told.has(partitionName(partition))) continue;
    fillUp(partition, logPosition(state.end(partition) + lost), hole, { state, rows });
  }
  const claims = behind.filter(({ head }) => head.kind === 'entry' || head.kind === 'claim');
  state.passOver(lost, new Set(claims.map(({ head }) => head.channelId)));
}

/** Entries before `end` that no frame told of get a row without length; returns how many there were. */
export function fillUp(
  partition: LogPartition,
  end: LogPosition,
  hole: number,
  { state, rows }: { readonly state: LogState; readonly rows: SegmentRows },
): number {
  const first = state.end(partition);
  for (let at: number = first; at < end; at++) {
    const position = logPosition(at);
    rows.add(partition, position, { offset: hole, length: 0 });
    state.take({ kind: 'entry', ...partition, position, epoch: 0, receivedAtMs: 0 });
  }
  return end - first;
}
