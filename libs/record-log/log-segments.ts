/** The segments of a log on disk as one reads them: what they hold, and where each entry stands. */
import { equalBytes } from '#encoding';
import { type FileSystem, type OpenFile, unlessAbsent } from '#environment';
import { type ActiveSegment, endOf, newSegment, stateBefore, takeIn } from './active-segment.js';
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
  isOtherFormat,
  parseLogId,
  parseMarks,
  parseSegmentHead,
  type SegmentMark,
  type SegmentName,
  segmentHeadBytes,
} from './segment-format.js';
import { partitionName, type SegmentRows } from './segment-rows.js';
import { scanFrames, stateOf, wholeFrames } from './segment-scan.js';

/** The last segment as it was found. */
export interface FoundTail {
  readonly mark: SegmentMark;
  /** None was whole: how far the segment goes was found out. */
  readonly isMarkLost: boolean;
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
    if (isOtherFormat(bytes)) throw damagedLog(this.folder, `${path} is of another version of Papyrus`);
    this.#setLogId(knownId && parseLogId(knownId), parseSegmentHead(bytes)?.logId, path);
    // Without one the owner goes by what it finds; a reader cannot tell what was flushed.
    const flushed = this.#isOwner ? parseMarks(this.nameOf(number), bytes) : this.#markIn(bytes, number);
    const mark = flushed ?? { turn: 0, end: bytes.length, isSealed: false };
    if (mark.isSealed) throw shorterLog(this.folder, `${segmentPath(this.folder, number + 1)} is gone`);
    if (bytes.length < mark.end) {
      throw shorterLog(this.folder, `${path} has ${bytes.length} bytes, and ${mark.end} have been flushed`);
    }
    const tail = await this.#take({ ...newSegment(number, id, mark), mustEnd: flushed === undefined }, bytes);
    return { ...tail, isMarkLost: flushed === undefined };
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
    this.#active = newSegment(number, fileId, mark);
  }

  begin(logId: Uint8Array): void {
    this.#logId = logId;
    this.#sealed = this.#noSealed(logId);
  }

  async #take(active: ActiveSegment, bytes: Uint8Array): Promise<Omit<FoundTail, 'isMarkLost'>> {
    const { number, mark } = active;
    const name = this.nameOf(number);
    const flushed = scanFrames(name, bytes.subarray(segmentHeadBytes, mark.end), segmentHeadBytes);
    // Only the owner may say of what is behind the mark that it is part of the log.
    const behind = this.#isOwner ? wholeFrames(name, bytes.subarray(mark.end), mark.end) : [];
    const scan = { frames: [...flushed.frames, ...behind], holes: flushed.holes };
    const known = stateOf(scan);
    const state = known ?? (await stateBefore(this.#files, this.folder, name, this.#isOwner));
    if (known === undefined) active.mustEnd = true;
    const lost = takeIn(scan, active, { state, folder: this.folder, isOwner: this.#isOwner });
    await this.reads.dropBefore(Number.POSITIVE_INFINITY);
    const sealed = this.#noSealed(this.nameOf(number).logId);
    if (lost > 0) await sealed.forgetRemoved(state);
    for (const [before, sealedBytes] of state.sealed) await sealed.find(before, sealedBytes);
    this.#state = state;
    this.#active = active;
    this.#sealed = sealed;
    // So do truncations, of which one may have been lost: nothing is there any more before the first entry.
    if (lost > 0) for (const partition of state.partitions()) this.#beginAtFirst(partition);
    return { mark, wholeEnd: endOf(behind) ?? mark.end, size: bytes.length };
  }

  #beginAtFirst(partition: LogPartition): void {
    const position = this.spans(partition)[0]?.first ?? this.#state.end(partition);
    this.#state.take({ kind: 'truncation', ...partition, position, epoch: 0, receivedAtMs: 0 });
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
      // What was lost in this one the next one tells.
      if (active.mustEnd) return false;
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
    const scan = scanFrames(this.nameOf(number), more, active.mark.end);
    takeIn(scan, active, { state: this.#state, folder: this.folder, isOwner: this.#isOwner });
    active.mark = mark;
    return mark.isSealed;
  }

  #markIn(bytes: Uint8Array, number: number): SegmentMark {
    const mark = parseMarks(this.nameOf(number), bytes);
    if (mark !== undefined) return mark;
    const path = segmentPath(this.folder, number);
    const who = 'the process that writes the log finds out how far it goes when it starts';
    throw damagedLog(this.folder, `no mark at the beginning of ${path} is whole: ${who}`);
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
