/** The segments of a log before the last: which partitions have entries in them, and where these stand. */
import { type FileSystem, nextOf, replaceFile, unlessAbsent } from '#environment';
import { stateBefore } from './active-segment.js';
import { damagedLog, goneSegment, rowsPath, segmentPath, shorterLog } from './log-files.js';
import type { LogState } from './log-state.js';
import type { LogPartition } from './record-log.js';
import { type SegmentName, segmentHeadBytes, segmentStates } from './segment-format.js';
import {
  bytesBeforeRows,
  type PartitionSpan,
  parseSpans,
  partitionName,
  SegmentRows,
} from './segment-rows.js';
import { fillUp, type Scan, scanFrames, stateOf, takeFrames } from './segment-scan.js';

export interface SegmentSpan extends PartitionSpan {
  readonly segment: number;
}

const cachedRows = 8;
const rowsReadBytes = 4_096;

export interface SealedOptions {
  readonly folder: string;
  readonly files: FileSystem;
  readonly logId: Uint8Array;
  /** Whether a file beside a segment that is missing or damaged is written anew. */
  readonly mends: boolean;
}

export class SealedSegments {
  readonly #options: SealedOptions;
  readonly #spans = new Map<string, SegmentSpan[]>();
  readonly #bytes = new Map<number, number>();
  readonly #rows = new Map<number, Promise<SegmentRows>>();

  constructor(options: SealedOptions) {
    this.#options = options;
  }

  /** Reads what the file beside the segment says of it; the segment itself only where that is no help. */
  async find(number: number, bytes: number): Promise<void> {
    const { folder, files } = this.#options;
    const path = segmentPath(folder, number);
    const facts = await unlessAbsent(() => files.facts(path));
    if (facts === undefined) throw shorterLog(folder, `${path} is gone`);
    if (facts.size < bytes) {
      throw shorterLog(folder, `${path} has ${facts.size} bytes, and ${bytes} have been flushed`);
    }
    this.#bytes.set(number, bytes);
    this.#addSpans(number, (await this.#readSpans(number, bytes)) ?? (await this.rowsOf(number)).spans());
  }

  /** Where a frame was lost that may have told of their removal, the first that are gone are no loss. */
  async forgetRemoved(state: LogState): Promise<void> {
    const { folder, files } = this.#options;
    const begun = [...state.sealed.keys()];
    let first = 0;
    while (first < begun.length) {
      if ((await unlessAbsent(() => files.facts(segmentPath(folder, begun[first])))) !== undefined) break;
      state.sealed.delete(begun[first++]);
    }
  }

  /** The last segment so far is sealed. */
  add(number: number, bytes: number, rows: SegmentRows): void {
    this.#bytes.set(number, bytes);
    this.#addSpans(number, rows.spans());
  }

  /** In order of positions. */
  spans(partition: LogPartition): readonly SegmentSpan[] {
    return this.#spans.get(partitionName(partition)) ?? [];
  }

  /** Throws an error with the code ENOENT for a segment that is no more. */
  rowsOf(number: number): Promise<SegmentRows> {
    const known = this.#rows.get(number);
    if (known !== undefined) return known;
    const loading = this.#loadRows(number);
    this.#rows.set(number, loading);
    loading.catch(() => this.#rows.delete(number));
    for (const other of this.#rows.keys()) if (this.#rows.size > cachedRows) this.#rows.delete(other);
    return loading;
  }

  /** What cannot be written is made again from the segment. */
  async writeRows(number: number, rows: SegmentRows, segmentBytes: number): Promise<void> {
    const { folder, files } = this.#options;
    const path = rowsPath(folder, number);
    await replaceFile(files, path, [rows.encode(this.#nameOf(number), segmentBytes)]).then(
      (file) => file.close(),
      () => files.remove(nextOf(path)).catch(() => {}),
    );
  }

  forgetBefore(first: number): void {
    for (const [name, spans] of this.#spans) {
      this.#spans.set(
        name,
        spans.filter(({ segment }) => segment >= first),
      );
    }
    for (const number of [...this.#bytes.keys()]) {
      if (number >= first) continue;
      this.#bytes.delete(number);
      this.#rows.delete(number);
    }
  }

  #addSpans(segment: number, spans: readonly PartitionSpan[]): void {
    for (const { partition, first, count } of spans) {
      const name = partitionName(partition);
      const known = this.#spans.get(name) ?? [];
      known.push({ partition, first, count, segment });
      this.#spans.set(name, known);
    }
  }

  /** From the beginning of the file beside the segment; undefined where that is no help. */
  async #readSpans(number: number, segmentBytes: number): Promise<readonly PartitionSpan[] | undefined> {
    const { folder, files } = this.#options;
    const file = await unlessAbsent(() => files.open(rowsPath(folder, number), 'read'));
    if (file === undefined) return undefined;
    try {
      const first = new Uint8Array(rowsReadBytes);
      const head = first.subarray(0, await file.read(first, 0));
      const needed = bytesBeforeRows(head) ?? 0;
      if (needed > (await file.facts()).size) return undefined;
      const whole = needed <= head.length ? head : new Uint8Array(needed);
      if (whole !== head) await file.read(whole, 0);
      return parseSpans(whole, this.#nameOf(number), segmentBytes);
    } finally {
      await file.close();
    }
  }

  async #loadRows(number: number): Promise<SegmentRows> {
    const { folder, files, mends } = this.#options;
    const segmentBytes = this.#bytes.get(number);
    if (segmentBytes === undefined) throw goneSegment(segmentPath(folder, number));
    const bytes = await unlessAbsent(() => files.read(rowsPath(folder, number)));
    const known = bytes && SegmentRows.decode(bytes, this.#nameOf(number), segmentBytes);
    if (known !== undefined) return known;
    const rows = await this.#scanRows(number, segmentBytes);
    if (mends) await this.writeRows(number, rows, segmentBytes);
    return rows;
  }

  async #scanRows(number: number, segmentBytes: number): Promise<SegmentRows> {
    const scan = await this.#scan(number, segmentBytes);
    const { folder, files, mends } = this.#options;
    const state = stateOf(scan) ?? (await stateBefore(files, folder, this.#nameOf(number), mends));
    const rows = new SegmentRows();
    takeFrames(scan, segmentStates, { state, rows });
    // What was lost at the end of a partition only the next segment tells.
    const known = stateOf(await this.#scan(number + 1, undefined));
    if (known === undefined) {
      throw damagedLog(folder, `${segmentPath(folder, number + 1)} does not begin with the state of the log`);
    }
    const hole = scan.holes.at(-1)?.offset ?? 0;
    for (const partition of known.partitions())
      fillUp(partition, known.end(partition), hole, { state, rows });
    return rows;
  }

  async #scan(number: number, end: number | undefined): Promise<Scan> {
    const { folder, files } = this.#options;
    const bytes = await files.read(segmentPath(folder, number));
    return scanFrames(this.#nameOf(number), bytes.subarray(segmentHeadBytes, end), segmentHeadBytes);
  }

  #nameOf(number: number): SegmentName {
    return { logId: this.#options.logId, number };
  }
}
