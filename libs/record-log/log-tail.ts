/** The end of a segment log, where its owner writes: groups of frames, flushed before they count. */
import { dirname } from 'node:path';
import { equalBytes } from '#encoding';
import {
  type Entropy,
  type Fault,
  type FileSystem,
  nextOf,
  type OpenFile,
  replaceFile,
  unlessAbsent,
} from '#environment';
import type { FolderLock } from '#environment/folder-lock';
import type { ActiveSegment } from './active-segment.js';
import { goneLog, logIdPath, numberOf, rowsPath, segmentPath } from './log-files.js';
import type { FoundTail, LogSegments } from './log-segments.js';
import { LogState } from './log-state.js';
import { logBegin, logPosition } from './record-log.js';
import {
  encodeLogId,
  encodeMark,
  encodeSegmentHead,
  type FrameName,
  type FramePlace,
  frameBytesOf,
  logIdBytes,
  markOffsetOf,
  noChannel,
  parseMarks,
  type SegmentMark,
  type SegmentName,
  segmentHeadBytes,
  segmentStates,
  writeFrame,
} from './segment-format.js';

export interface NewFrame {
  readonly name: FrameName;
  readonly body: Uint8Array;
}

const noBody = new Uint8Array(0);

export class LogTail {
  readonly #segments: LogSegments;
  readonly #files: FileSystem;
  readonly #lock: FolderLock;
  readonly #segmentBytes: number;
  #gone: Fault | undefined;
  #file: OpenFile | undefined;
  /** Whether bytes of a group that failed may stand behind the mark. */
  #isTorn = false;
  /** Where groups are put together: fresh memory for each costs as much as writing it. */
  #room = new Uint8Array(0);

  constructor(segments: LogSegments, files: FileSystem, lock: FolderLock, segmentBytes: number) {
    this.#segments = segments;
    this.#files = files;
    this.#lock = lock;
    this.#segmentBytes = segmentBytes;
  }

  /** Begins the log where there is none; ends what a killed process left half done. */
  async open(entropy: Entropy): Promise<void> {
    const { folder } = this.#segments;
    for (const name of await this.#files.list(folder)) {
      if (name.endsWith(nextOf(''))) await this.#files.remove(`${folder}/${name}`);
    }
    const found = await this.#segments.load();
    if (found === undefined) await this.#begin(entropy);
    else await this.#goOn(found);
    await this.#sayLogId();
    await this.#removeLeft();
  }

  /** Why nothing more is written; what was in the files before is not concerned. */
  get gone(): Fault | undefined {
    return this.#gone;
  }

  /**
   * Throws a fault `record-log-gone`, from then on for good, where lock or segment are no longer found under
   * their names: a disk takes and flushes what is written to a file that nobody will find again.
   */
  async assertInPlace(): Promise<void> {
    this.#assertLocked();
    for (let active: ActiveSegment | undefined; active !== this.#segments.active; ) {
      active = this.#segments.active;
      const path = segmentPath(this.#segments.folder, active.number);
      const found = await unlessAbsent(() => this.#files.facts(path));
      if (found?.id === active.fileId || active !== this.#segments.active) continue;
      throw this.#lose(`${path} was ${found === undefined ? 'removed' : 'replaced'}`);
    }
  }

  #assertLocked(): void {
    if (this.#gone !== undefined) throw this.#gone;
    if (!this.#lock.stillHeld()) throw this.#lose('its lock file was removed or replaced');
  }

  #lose(what: string): Fault {
    this.#gone = goneLog(this.#segments.folder, what);
    return this.#gone;
  }

  /** Durable, and seen by other processes, when it resolves. Where it throws nothing of it counts. */
  async commit(frames: readonly NewFrame[]): Promise<void> {
    this.#assertLocked();
    await this.#mend();
    const { mustEnd, mark: flushed } = this.#segments.active;
    if (mustEnd || flushed.end >= this.#segmentBytes) await this.#roll();
    const { active } = this.#segments;
    const { mark } = active;
    const name = this.#segments.nameOf(active.number);
    const bytes = this.#framed(frames, name, { offset: mark.end, turn: active.turn });
    const end = mark.end + bytes.length;
    const next = { turn: mark.turn + 1, end, isSealed: false };
    try {
      await this.#open().write(bytes, mark.end);
      await this.#open().datasync();
      const inPlace = this.assertInPlace();
      inPlace.catch(() => {});
      await this.#writeMark(this.#open(), name, next);
      await inPlace;
    } catch (cause) {
      this.#isTorn = true;
      if (this.#gone === undefined) await this.#mend().catch(() => {});
      throw cause;
    }
    active.mark = next;
    active.turn += frames.length;
    let offset = mark.end;
    for (const { name: frameName, body } of frames) {
      const { kind, channelId, stream, position } = frameName;
      const length = frameBytesOf(body.length);
      if (kind === 'entry') active.rows.add({ channelId, stream }, position, { offset, length });
      this.#segments.state.take(frameName);
      offset += length;
    }
  }

  /** Lets go of segments before `first`, as nothing in them is needed; returns which may be removed. */
  async letGoBefore(first: number): Promise<readonly number[]> {
    const before = [...this.#segments.state.sealed.keys()].filter((number) => number < first);
    if (before.length === 0) return before;
    const about = { channelId: noChannel, stream: 0, epoch: 0, receivedAtMs: 0 };
    const name: FrameName = { kind: 'removal', position: logPosition(first), ...about };
    // Written down before they go: a segment that is missing otherwise is one that was lost.
    await this.commit([{ name, body: noBody }]);
    this.#segments.sealed.forgetBefore(first);
    await this.#segments.reads.dropBefore(first);
    return before;
  }

  /** Those that were let go of. What is left of them after a failure goes when the log is opened again. */
  async remove(numbers: readonly number[]): Promise<void> {
    const { folder } = this.#segments;
    for (const number of numbers) {
      // Not out of a folder that took the place of the log's.
      await this.assertInPlace();
      await this.#files.remove(segmentPath(folder, number));
      await this.#files.remove(rowsPath(folder, number));
    }
    if (numbers.length > 0) await this.#files.syncFolder(folder);
  }

  async close(): Promise<void> {
    const file = this.#file;
    this.#file = undefined;
    if (file === undefined) return;
    try {
      if (this.#gone !== undefined) return;
      const { number, mark } = this.#segments.active;
      // In the other place too, and on disk: from now on no byte before it can be missing unnoticed.
      await this.#writeMark(file, this.#segments.nameOf(number), { ...mark, turn: mark.turn + 1 });
      await file.datasync();
    } finally {
      await file.close();
    }
  }

  async #begin(entropy: Entropy): Promise<void> {
    this.#segments.begin(entropy.bytes(logIdBytes));
    await this.#startSegment(0, new LogState());
  }

  async #goOn({ mark, isMarkLost, wholeEnd, size }: FoundTail): Promise<void> {
    const { folder, active } = this.#segments;
    const name = this.#segments.nameOf(active.number);
    this.#file = await this.#files.open(segmentPath(folder, active.number), 'change');
    if (isMarkLost) {
      await this.#file.write(encodeSegmentHead(name, mark), 0);
      await this.#file.datasync();
    }
    if (size > wholeEnd) await this.#file.truncate(wholeEnd);
    // Whole entries behind the mark may have been acknowledged before a power cut took the mark back, and
    // what was cut off must not come back behind what is appended.
    if (size > mark.end) await this.#file.datasync();
    if (wholeEnd > mark.end) {
      active.mark = { turn: mark.turn + 1, end: wholeEnd, isSealed: false };
      await this.#writeMark(this.#file, name, active.mark);
    }
    await this.#sealBefore(active.number);
  }

  /** A process may have been killed after it began a segment and before it sealed the one before. */
  async #sealBefore(number: number): Promise<void> {
    const end = this.#segments.state.sealed.get(number - 1);
    if (end === undefined) return;
    const file = await this.#files.open(segmentPath(this.#segments.folder, number - 1), 'change');
    try {
      const head = new Uint8Array(segmentHeadBytes);
      await file.read(head, 0);
      const name = this.#segments.nameOf(number - 1);
      const mark = parseMarks(name, head);
      if (mark?.isSealed !== true)
        await this.#seal(file, name, { turn: mark?.turn ?? 0, end, isSealed: true });
    } finally {
      await file.close();
    }
  }

  async #roll(): Promise<void> {
    // Not into a folder that took the place of the log's.
    await this.assertInPlace();
    const before = this.#segments.active;
    const { number, mark, rows } = before;
    const file = this.#open();
    const { state } = this.#segments;
    state.sealed.set(number, mark.end);
    try {
      await this.#startSegment(number + 1, state, () =>
        this.#seal(file, this.#segments.nameOf(number), mark),
      );
    } catch (cause) {
      state.sealed.delete(number);
      throw cause;
    }
    await file.close();
    await this.#segments.sealed.writeRows(number, rows, mark.end);
  }

  /** The segment is on disk under its name before `tie` says in the one before that the log goes on in it. */
  async #startSegment(number: number, state: LogState, tie = async (): Promise<void> => {}): Promise<void> {
    const { folder } = this.#segments;
    const name = this.#segments.nameOf(number);
    const about = { channelId: noChannel, stream: 0, epoch: 0, receivedAtMs: 0 };
    const copy: NewFrame = { name: { kind: 'state', position: logBegin, ...about }, body: state.encode() };
    // Without it nobody knows where positions go on.
    const copies = Array.from({ length: segmentStates }, () => copy);
    const states = this.#framed(copies, name, { offset: segmentHeadBytes, turn: 0 });
    const end = segmentHeadBytes + states.length;
    const mark = { turn: 0, end, isSealed: false };
    const path = segmentPath(folder, number);
    await (await replaceFile(this.#files, path, [encodeSegmentHead(name, mark), states])).close();
    // Opened anew under its own name, which is what faults name.
    const file = await this.#files.open(path, 'change');
    try {
      await this.#files.syncFolder(folder);
      await tie();
      this.#segments.startActive(number, (await file.facts()).id, mark);
    } catch (cause) {
      await file.close().catch(() => {});
      throw cause;
    }
    this.#file = file;
  }

  /** One behind the other; the bytes are good until the next call. */
  #framed(frames: readonly NewFrame[], segment: SegmentName, first: FramePlace): Uint8Array {
    const length = frames.reduce((sum, { body }) => sum + frameBytesOf(body.length), 0);
    if (this.#room.length < length) this.#room = new Uint8Array(length);
    let at = 0;
    for (const [index, frame] of frames.entries()) {
      const whole = this.#room.subarray(at, at + frameBytesOf(frame.body.length));
      writeFrame(whole, segment, { offset: first.offset + at, turn: first.turn + index }, frame);
      at += whole.length;
    }
    return this.#room.subarray(0, length);
  }

  async #seal(file: OpenFile, name: SegmentName, { turn, end }: SegmentMark): Promise<void> {
    for (const next of [turn + 1, turn + 2]) {
      await this.#writeMark(file, name, { turn: next, end, isSealed: true });
    }
    await file.datasync();
  }

  #writeMark(file: OpenFile, name: SegmentName, mark: SegmentMark): Promise<void> {
    return file.write(encodeMark(name, mark), markOffsetOf(mark.turn));
  }

  /** Cuts off what a failed group left, so that nothing stands between what counts and what comes. */
  async #mend(): Promise<void> {
    if (!this.#isTorn) return;
    const { active } = this.#segments;
    // In the place of the mark that may have been written after all: it counts bytes that are to go.
    const mark = { ...active.mark, turn: active.mark.turn + 1 };
    await this.#writeMark(this.#open(), this.#segments.nameOf(active.number), mark);
    active.mark = mark;
    await this.#open().truncate(mark.end);
    // Otherwise a power cut might bring back what was told to have failed.
    await this.#open().datasync();
    this.#isTorn = false;
  }

  /** What a killed process was about to remove. */
  async #removeLeft(): Promise<void> {
    const { folder, state, active } = this.#segments;
    const isKept = (number: number): boolean => state.sealed.has(number) || number === active.number;
    const numbers = (await this.#files.list(folder)).flatMap((name) => numberOf(name) ?? []);
    await this.remove([...new Set(numbers)].filter((number) => !isKept(number)));
  }

  /** Written only where it is missing or damaged: a log on a full disk can be opened. */
  async #sayLogId(): Promise<void> {
    const { folder } = this.#segments;
    const path = logIdPath(folder);
    const logId = encodeLogId(this.#segments.nameOf(0).logId);
    const known = await unlessAbsent(() => this.#files.read(path));
    if (known !== undefined && equalBytes(known, logId)) return;
    await (await replaceFile(this.#files, path, [logId])).close();
    await this.#files.syncFolder(folder);
    await this.#files.syncFolder(dirname(folder));
  }

  #open(): OpenFile {
    if (this.#file === undefined) throw new Error('the log is not open to be written');
    return this.#file;
  }
}
