/** A record log in memory, for tests and simulation: it holds what the conformance suite asks and forgets
 *  with its drawer. */
import { Fault } from '#environment';
import { type LogEntry, type LogPartition, logEntryBytesMax, type RecordLog } from './record-log.js';

interface Drawer {
  readonly partition: LogPartition;
  readonly entries: LogEntry[];
}

/** What outlives one open log, as a folder does: pass it to the next one. */
export type RecordDrawers = Map<string, Drawer>;

export function openMemoryRecordLog(drawers: RecordDrawers = new Map()): RecordLog {
  return new MemoryRecordLog(drawers);
}

class MemoryRecordLog implements RecordLog {
  readonly #drawers: RecordDrawers;
  readonly #wakes = new Set<(partition: LogPartition) => void>();
  #closed = false;

  constructor(drawers: RecordDrawers) {
    this.#drawers = drawers;
  }

  async append(partition: LogPartition, bytes: Uint8Array, receivedAtMs: number): Promise<number> {
    if (bytes.length > logEntryBytesMax) throw new Error(`a log entry of ${bytes.length} bytes`);
    const entries = this.#entries(partition);
    const offset = entries.push({ offset: entries.length, receivedAtMs, bytes: bytes.slice() }) - 1;
    this.#drawers.set(nameOf(partition), { partition, entries });
    await Promise.resolve();
    for (const wake of this.#wakes) wake(partition);
    return offset;
  }

  async *read(partition: LogPartition, from: number, to?: number): AsyncIterable<LogEntry> {
    const end = await this.end(partition);
    const until = Math.min(to ?? end, end);
    for (let offset = from; offset < until; offset++) yield copyOf(this.#entries(partition)[offset]);
  }

  async get(partition: LogPartition, offset: number): Promise<LogEntry | undefined> {
    if (!Number.isSafeInteger(offset) || offset < 0) throw new Error(`a log offset of ${offset}`);
    const entry = this.#entries(partition)[offset];
    return entry && copyOf(entry);
  }

  async end(partition: LogPartition): Promise<number> {
    return this.#entries(partition).length;
  }

  async partitions(channelId: string): Promise<readonly LogPartition[]> {
    if (this.#closed) throw closedFault();
    const found = [...this.#drawers.values()].map((drawer) => drawer.partition);
    return found
      .filter((partition) => partition.channelId === channelId)
      .sort((left, right) => rank(left) - rank(right));
  }

  subscribe(wake: (partition: LogPartition) => void): () => void {
    const own = (partition: LogPartition): void => wake(partition);
    this.#wakes.add(own);
    return () => this.#wakes.delete(own);
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#wakes.clear();
  }

  #entries(partition: LogPartition): LogEntry[] {
    if (this.#closed) throw closedFault();
    return this.#drawers.get(nameOf(partition))?.entries ?? [];
  }
}

function closedFault(): Fault {
  return new Fault('record-log-unavailable', 'the record log is closed', { retriable: true });
}

function nameOf({ channelId, stream }: LogPartition): string {
  return `${channelId}/${stream}`;
}

function rank({ stream }: LogPartition): number {
  return stream === 'manifests' ? Number.POSITIVE_INFINITY : stream;
}

function copyOf(entry: LogEntry): LogEntry {
  return { ...entry, bytes: entry.bytes.slice() };
}
