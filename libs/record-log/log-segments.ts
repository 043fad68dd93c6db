/** The segments of a log on disk as one reads them: what they hold, and where each entry stands. */
import { equalBytes } from '#encoding';
import { type FileSystem, type OpenFile, unlessAbsent } from '#environment';
import {
  damagedLog,
  isSegment,
  logIdPath,
  numberOf,
  ReadFiles,
  segmentPath,
  shorterLog,
} from './log-files.js';
import { LogState } from './log-state.js';
import type { LogPartition } from './record-log.js';
import { SealedSegments, type SegmentSpan } from './sealed-segments.js';
import {
  parseLogId,
  parseMarks,
  parseSegmentHead,
  type SegmentMark,
  type SegmentName,
  segmentHeadBytes,
  segmentStates,
} from './segment-format.js';
import { partitionName, SegmentRows } from './segment-rows.js';
import { type Scan, scanFrames, stateOf, takeFrames, wholeFrames } from './segment-scan.js';

/** The last segment. */
export interface ActiveSegment {
  readonly number: number;
  /** Tells the file from another under its name. */
  readonly fileId: string;
  readonly rows: SegmentRows;
  mark: SegmentMark;
  /** Of the next frame. */
  turn: number;
}

/** The last segment as it was found. */
export interface FoundTail {
  readonly mark: SegmentMark;
  /** Behind the last frame that counts, at least the mark's end. */
  readonly wholeEnd: number;
  readonly size: number;
}

/** A log that another process writes may change under who loads it. */
const loads = 3;

export class LogSegments {
  readonly folder: string;
  readonly reads: ReadFiles;
  readonly #files: FileSystem;
  readonly #isOwner: boolean;
  #logId: Uint8Array | undefined;
  #state = new LogState();
  #active: ActiveSegment | undefined;
  #sealed: SealedSegments | undefined;

  constructor(folder: string, files: FileSystem, isOwner: boolean) {
    this.folder = folder;
    this.#files = files;
    this.#isOwner = isOwner;
    this.reads = new ReadFiles(folder, files);
  }

  get state(): LogState {
    return this.#state;
  }

  /** Undefined while there is no log. */
  get logId(): Uint8Array | undefined {
    return this.#logId;
  }

  get active(): ActiveSegment {
    if (this.#active === undefined) throw new Error('the log has no segment yet');
    return this.#active;
  }

  get sealed(): SealedSegments {
    if (this.#sealed === undefined) throw new Error('the log has no segment yet');
    return this.#sealed;
  }

  nameOf(number: number): SegmentName {
    if (this.#logId === undefined) throw new Error('the log has no id yet');
    return { logId: this.#logId, number };
  }

  /**
   * Reads the last segment, and of the others what the files beside them say. Undefined where there is no log
   * yet. Throws a fault `record-log-shorter` or `record-log-damaged` when something is missing.
   */
  async load(): Promise<FoundTail | undefined> {
    const names = (await unlessAbsent(() => this.#files.list(this.folder))) ?? [];
    const numbers = names.filter(isSegment).map((name) => numberOf(name) as number);
    const knownId = await unlessAbsent(() => this.#files.read(logIdPath(this.folder)));
    if (numbers.length === 0) {
      if (knownId === undefined && this.#logId === undefined) return undefined;
      throw shorterLog(this.folder, 'every segment is gone');
    }
    const number = Math.max(...numbers);
    const path = segmentPath(this.folder, number);
    const { id } = await this.#files.facts(path);
    const bytes = await this.#files.read(path);
    if (bytes.length < segmentHeadBytes) throw shorterLog(this.folder, `${path} has ${bytes.length} bytes`);
    this.#setLogId(knownId && parseLogId(knownId), parseSegmentHead(bytes)?.logId, path);
    const mark = this.#markIn(bytes, number);
    if (mark.isSealed) throw shorterLog(this.folder, `${segmentPath(this.folder, number + 1)} is gone`);
    if (bytes.length < mark.end) {
      throw shorterLog(this.folder, `${path} has ${bytes.length} bytes, and ${mark.end} have been flushed`);
    }
    return this.#take(number, mark, id, bytes);
  }

  /** Takes up what the owner, another process, has flushed since. */
  async refresh(): Promise<void> {
    const active = this.#active;
    if (active === undefined || !(await this.#readOn(active))) await this.#reload();
  }

  /** The segments that hold entries of the partition, in order. */
  spans(partition: LogPartition): readonly SegmentSpan[] {
    if (this.#active === undefined) return [];
    const { number, rows } = this.#active;
    const last = rows.span(partition);
    const sealed = this.sealed.spans(partition);
    if (last === undefined) return sealed;
    return [...sealed, { partition, first: last.first, count: last.count, segment: number }];
  }

  rowsOf(segment: number): Promise<SegmentRows> {
    return segment === this.active.number ? Promise.resolve(this.active.rows) : this.sealed.rowsOf(segment);
  }

  /** The log goes on in another segment, of which `mark` says what is flushed. */
  startActive(number: number, fileId: string, mark: SegmentMark): void {
    const before = this.#active;
    if (before !== undefined) {
      this.#state.sealed.set(before.number, before.mark.end);
      this.sealed.add(before.number, before.mark.end, before.rows);
    }
    this.#active = { number, fileId, mark, rows: new SegmentRows(), turn: segmentStates };
  }

  begin(logId: Uint8Array): void {
    this.#logId = logId;
    this.#sealed = this.#noSealed(logId);
  }

  async #take(number: number, mark: SegmentMark, fileId: string, bytes: Uint8Array): Promise<FoundTail> {
    const name = this.nameOf(number);
    const scan = scanFrames(name, bytes.subarray(segmentHeadBytes, mark.end), segmentHeadBytes);
    const state = stateOf(scan);
    const path = segmentPath(this.folder, number);
    if (state === undefined)
      throw damagedLog(this.folder, `${path} does not begin with the state of the log`);
    const rows = new SegmentRows();
    const active = { number, fileId, mark, rows, turn: segmentStates };
    this.#takeFlushed(scan, active, state);
    // Only the owner may say of what is behind the mark that it is part of the log.
    const tail = this.#isOwner ? wholeFrames(name, bytes.subarray(mark.end), mark.end) : [];
    this.#takeFlushed({ frames: tail, holes: [] }, active, state);
    const last = tail.at(-1);
    const wholeEnd = last === undefined ? mark.end : last.offset + last.length;
    await this.reads.dropBefore(Number.POSITIVE_INFINITY);
    const sealed = this.#noSealed(name.logId);
    for (const [before, sealedBytes] of state.sealed) await sealed.find(before, sealedBytes);
    this.#state = state;
    this.#active = active;
    this.#sealed = sealed;
    return { mark, wholeEnd, size: bytes.length };
  }

  /** Throws where something was lost of which nothing tells what it was: positions might be given twice. */
  #takeFlushed(scan: Scan, active: ActiveSegment, state: LogState): void {
    const unknown = takeFrames(scan, active.turn, { state, rows: active.rows });
    const lastHole = scan.holes.at(-1);
    const last = scan.frames.at(-1);
    if (lastHole !== undefined && (unknown > 0 || last === undefined || last.offset < lastHole.offset)) {
      const place = `in ${lastHole.length} bytes at byte ${lastHole.offset}`;
      const path = segmentPath(this.folder, active.number);
      throw damagedLog(
        this.folder,
        `${path}: nothing can be made out ${place}, and nothing behind tells of it`,
      );
    }
    if (last !== undefined) active.turn = last.head.turn + 1;
  }

  async #reload(): Promise<void> {
    const before = this.#state;
    for (let load = 1; ; load++) {
      try {
        await this.load();
        break;
      } catch (cause) {
        if (load === loads) throw cause;
      }
    }
    for (const partition of before.partitions()) {
      if (this.#state.end(partition) >= before.end(partition)) continue;
      const ends = `${this.#state.end(partition)}, and ${before.end(partition)} was read before`;
      throw shorterLog(this.folder, `${partitionName(partition)} ends at ${ends}`);
    }
  }

  /** False where the log has to be loaded anew. */
  async #readOn(from: ActiveSegment): Promise<boolean> {
    for (let active = from; ; active = this.active) {
      const found = await unlessAbsent(() => this.#files.facts(segmentPath(this.folder, active.number)));
      if (found?.id !== active.fileId) return false;
      try {
        if (!(await this.reads.use(active.number, (file) => this.#readMore(file, active)))) return true;
      } catch (cause) {
        // Some of it may have been taken in already.
        this.#active = undefined;
        throw cause;
      }
      const facts = await unlessAbsent(() => this.#files.facts(segmentPath(this.folder, active.number + 1)));
      if (facts === undefined) return false;
      this.startActive(active.number + 1, facts.id, { turn: 0, end: segmentHeadBytes, isSealed: false });
    }
  }

  /** True once all of the segment is read and the log goes on in the next. */
  async #readMore(file: OpenFile, active: ActiveSegment): Promise<boolean> {
    const { number } = active;
    const head = new Uint8Array(segmentHeadBytes);
    await file.read(head, 0);
    const mark = this.#markIn(head, number);
    if (mark.end === active.mark.end) return mark.isSealed;
    const more = new Uint8Array(Math.max(0, mark.end - active.mark.end));
    const found = active.mark.end + (await file.read(more, active.mark.end));
    if (found < mark.end || mark.end < active.mark.end) {
      const path = segmentPath(this.folder, number);
      throw shorterLog(this.folder, `${path} has ${found} bytes, and ${mark.end} have been flushed`);
    }
    this.#takeFlushed(scanFrames(this.nameOf(number), more, active.mark.end), active, this.#state);
    active.mark = mark;
    return mark.isSealed;
  }

  #markIn(bytes: Uint8Array, number: number): SegmentMark {
    const mark = parseMarks(this.nameOf(number), bytes);
    if (mark !== undefined) return mark;
    const path = segmentPath(this.folder, number);
    throw damagedLog(this.folder, `neither mark at the beginning of ${path} is whole`);
  }

  #setLogId(known: Uint8Array | undefined, named: Uint8Array | undefined, path: string): void {
    const logId = this.#logId ?? known ?? named;
    if (logId === undefined) throw damagedLog(this.folder, `neither log-id nor ${path} says which log it is`);
    for (const other of [known, named]) {
      if (other === undefined || equalBytes(other, logId)) continue;
      throw damagedLog(this.folder, `${path} or log-id belongs to another log`);
    }
    this.#logId = logId;
  }

  #noSealed(logId: Uint8Array): SealedSegments {
    return new SealedSegments({ folder: this.folder, files: this.#files, logId, mends: this.#isOwner });
  }
}
