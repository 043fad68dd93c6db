/**
 * The embedded record log: entries one behind the other in segment files, each with a checksum, and beside
 * each segment a file that says where they stand. One process owns a folder and appends; any number read it.
 */
import { type Entropy, Fault, type FileSystem, systemEntropy, systemFiles } from '#environment';
import { type FolderLock, lockFolder } from '#environment/folder-lock';
import { faultingFiles, goneFrom, segmentPath, shorterLog } from './log-files.js';
import { type FoundItems, type PlaceRange, readPlaces } from './log-reads.js';
import { assertAppendable, assertPartition, fencedFault, streamRank } from './log-rules.js';
import { LogSegments } from './log-segments.js';
import { LogTail } from './log-tail.js';
import { LogWriter } from './log-writer.js';
import {
  defaultPageBytes,
  type LogClaim,
  type LogIdentity,
  type LogItem,
  type LogPartition,
  type LogPosition,
  type LogRange,
  logPosition,
  type RecordLog,
} from './record-log.js';

export interface FileRecordLogOptions {
  /** `own`, which is the default, appends and is refused while another process does; `read` only reads. */
  readonly access?: 'own' | 'read';
  /** A segment that is as long ends. */
  readonly segmentBytes?: number;
  readonly files?: FileSystem;
  readonly entropy?: Entropy;
}

const defaultSegmentBytes = 64 * 1_048_576;

/**
 * `folder` is the log's own, made when missing by its owner. Throws the faults of the port, and `data-in-use`
 * when it has an owner.
 */
export async function openFileRecordLog(
  folder: string,
  options: FileRecordLogOptions = {},
): Promise<RecordLog> {
  const files = faultingFiles(options.files ?? systemFiles);
  if (options.access === 'read') return new FileRecordLog(new LogSegments(folder, files, false));
  const lock = lockFolder(folder);
  try {
    const segments = new LogSegments(folder, files, true);
    const segmentBytes = options.segmentBytes ?? defaultSegmentBytes;
    const tail = new LogTail(segments, files, lock, segmentBytes);
    await tail.open(options.entropy ?? systemEntropy);
    return new FileRecordLog(segments, { writer: new LogWriter(segments, tail), lock });
  } catch (cause) {
    lock.release();
    throw cause;
  }
}

class FileRecordLog implements RecordLog {
  readonly #segments: LogSegments;
  readonly #owner: { readonly writer: LogWriter; readonly lock: FolderLock } | undefined;
  readonly #wakes = new Set<(partition: LogPartition) => void>();
  /** A reader looks for news at one place at a time. */
  #refreshing: Promise<void> = Promise.resolve();
  #closing: Promise<void> | undefined;

  constructor(segments: LogSegments, owner?: { readonly writer: LogWriter; readonly lock: FolderLock }) {
    this.#segments = segments;
    this.#owner = owner;
  }

  async claim(channelId: string): Promise<LogClaim> {
    assertPartition({ channelId, stream: 0 });
    return this.#writer().claim(channelId);
  }

  async append(
    claim: LogClaim,
    partition: LogPartition,
    bytes: Uint8Array,
    receivedAtMs: number,
  ): Promise<LogPosition> {
    assertAppendable(claim, partition, bytes, receivedAtMs);
    assertPartition(partition);
    const writer = this.#writer();
    if (claim.lost.aborted) throw writer.gone ?? fencedFault(claim);
    const position = await writer.append(claim, partition, bytes, receivedAtMs);
    for (const wake of this.#wakes) wake(partition);
    return position;
  }

  async *read(partition: LogPartition, range: LogRange): AsyncIterable<readonly LogItem[]> {
    range.signal?.throwIfAborted();
    const end = await this.end(partition);
    const until = logPosition(Math.min(range.to ?? end, end));
    const pageBytes = range.pageBytes ?? defaultPageBytes;
    for (let from = range.from; from < until; ) {
      this.#assertOpen();
      const page = await this.#page(partition, from, until, pageBytes);
      if (page.items.length === 0) return;
      from = page.next;
      yield page.items;
      range.signal?.throwIfAborted();
    }
  }

  async get(partition: LogPartition, position: LogPosition): Promise<LogItem | undefined> {
    this.#assertOpen();
    // What was there stays as it was: only for more the owner has to be asked.
    if (position >= this.#segments.state.end(partition)) await this.#refresh();
    if (position >= this.#segments.state.end(partition)) return undefined;
    const page = await this.#page(partition, logPosition(position), logPosition(position + 1), 0);
    return page.items.at(0);
  }

  async end(partition: LogPartition): Promise<LogPosition> {
    await this.#refresh();
    return this.#segments.state.end(partition);
  }

  async partitions(channelId: string): Promise<readonly LogPartition[]> {
    await this.#refresh();
    const all = this.#segments.state.partitions();
    return all
      .filter((partition) => partition.channelId === channelId)
      .sort((left, right) => streamRank(left) - streamRank(right));
  }

  async truncateBefore(partition: LogPartition, position: LogPosition): Promise<void> {
    await this.#writer().truncateBefore(partition, position);
  }

  async identity(): Promise<LogIdentity> {
    await this.#refresh();
    const { logId, folder } = this.#segments;
    if (logId !== undefined) return { logId: Buffer.from(logId).toString('hex') };
    throw unavailableLog(
      `nothing has been written to the record log ${folder} yet; start the process that does`,
    );
  }

  subscribe(wake: (partition: LogPartition) => void): () => void {
    const own = (partition: LogPartition): void => wake(partition);
    this.#wakes.add(own);
    return () => this.#wakes.delete(own);
  }

  /** Whoever calls it again waits for the same end: only then is the folder free. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.#wakes.clear();
    await this.#refreshing.catch(() => {});
    try {
      await this.#owner?.writer.close();
    } finally {
      await this.#segments.reads.dropBefore(Number.POSITIVE_INFINITY);
      this.#owner?.lock.release();
    }
  }

  /** Items from `from` on, up to the one that fills the page. */
  async #page(
    partition: LogPartition,
    from: LogPosition,
    until: LogPosition,
    pageBytes: number,
  ): Promise<FoundItems> {
    const page: LogItem[] = [];
    let next = from;
    let bytes = 0;
    do {
      const found = await this.#items({ partition, from: next, to: until, pageBytes: pageBytes - bytes });
      page.push(...found.items);
      bytes += found.bytes;
      next = found.next;
    } while (next < until && bytes < pageBytes);
    return { items: page, next, bytes };
  }

  /** Those of one segment; a truncation may take it meanwhile. */
  async #items(range: PlaceRange): Promise<FoundItems> {
    const { partition } = range;
    for (let { from } = range; ; ) {
      const begin = this.#segments.state.begin(partition);
      if (from < begin) from = begin;
      const span = this.#segments.spans(partition).find(({ first, count }) => first + count > from);
      if (from >= range.to || span === undefined) return { items: [], next: range.to, bytes: 0 };
      const to = logPosition(Math.min(range.to, span.first + span.count));
      try {
        return await readPlaces(this.#segments, span.segment, { ...range, from, to });
      } catch (cause) {
        if (!goneFrom(cause)) throw cause;
        await this.#refresh();
        if (this.#segments.state.begin(partition) > from) continue;
        const { folder } = this.#segments;
        throw shorterLog(folder, `${segmentPath(folder, span.segment)} is gone`);
      }
    }
  }

  async #refresh(): Promise<void> {
    this.#assertOpen();
    if (this.#owner !== undefined) return this.#owner.writer.assertInPlace();
    const refreshing = this.#refreshing.catch(() => {}).then(() => this.#segments.refresh());
    this.#refreshing = refreshing;
    await refreshing;
  }

  #writer(): LogWriter {
    this.#assertOpen();
    if (this.#owner === undefined) throw new Error('the record log was opened only to be read');
    return this.#owner.writer;
  }

  #assertOpen(): void {
    if (this.#closing !== undefined) throw unavailableLog('the record log is closed');
  }
}

function unavailableLog(message: string): Fault {
  return new Fault('record-log-unavailable', message, { retriable: true });
}
