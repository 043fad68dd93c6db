/** A record log in memory, for tests and simulation: it holds what the conformance suite asks and forgets
 *  with its drawers. It can be as awkward as a distributed engine: gaps, slow answers, an outage. */
import { randomBytes } from 'node:crypto';
import { Fault } from '#environment';
import { assertAppendable, fencedFault, streamRank } from './log-rules.js';
import {
  defaultPageBytes,
  type LogClaim,
  type LogEntry,
  type LogIdentity,
  type LogItem,
  type LogPartition,
  type LogPosition,
  type LogRange,
  logBegin,
  logPosition,
  positionAfter,
  type RecordLog,
} from './record-log.js';

interface Drawer {
  readonly partition: LogPartition;
  readonly entries: Map<LogPosition, LogEntry>;
  end: LogPosition;
}

export interface AwkwardEngine {
  /** Positions left free before every third entry, as transaction markers of a distributed engine do. */
  readonly gap: number;
  /** What each call waits for before it is answered. */
  readonly answers: () => Promise<void>;
}

/** What outlives one open log, as a folder does: pass it to the next one. */
export class RecordDrawers {
  readonly logId = randomBytes(16).toString('hex');
  readonly drawers = new Map<string, Drawer>();
  readonly claims = new Map<string, { readonly epoch: number; readonly lost: AbortController }>();
  readonly engine: AwkwardEngine;
  /** While it is, every call fails as with an engine that nobody reaches. */
  isAway = false;

  constructor(engine: AwkwardEngine = { gap: 0, answers: () => Promise.resolve() }) {
    this.engine = engine;
  }
}

export function openMemoryRecordLog(drawers: RecordDrawers = new RecordDrawers()): RecordLog {
  return new MemoryRecordLog(drawers);
}

class MemoryRecordLog implements RecordLog {
  readonly #store: RecordDrawers;
  readonly #wakes = new Set<(partition: LogPartition) => void>();
  #closed = false;

  constructor(store: RecordDrawers) {
    this.#store = store;
  }

  async claim(channelId: string): Promise<LogClaim> {
    await this.#reached();
    const { claims } = this.#store;
    const before = claims.get(channelId);
    const lost = new AbortController();
    const epoch = (before?.epoch ?? 0) + 1;
    claims.set(channelId, { epoch, lost });
    before?.lost.abort();
    return { channelId, epoch, lost: lost.signal, release: async () => lost.abort() };
  }

  async append(
    claim: LogClaim,
    partition: LogPartition,
    bytes: Uint8Array,
    receivedAtMs: number,
  ): Promise<LogPosition> {
    assertAppendable(claim, partition, bytes, receivedAtMs);
    this.#mustBeOpen();
    if (claim.lost.aborted || this.#store.claims.get(claim.channelId)?.epoch !== claim.epoch) {
      throw fencedFault(claim);
    }
    const position = this.#put(partition, bytes.slice(), receivedAtMs);
    await this.#store.engine.answers();
    for (const wake of this.#wakes) wake(partition);
    return position;
  }

  async *read(partition: LogPartition, range: LogRange): AsyncIterable<readonly LogItem[]> {
    range.signal?.throwIfAborted();
    const end = await this.end(partition);
    const until = Math.min(range.to ?? end, end);
    const entries = [...(this.#drawer(partition)?.entries.values() ?? [])];
    let page: LogItem[] = [];
    let bytes = 0;
    for (const entry of entries) {
      if (entry.position < range.from || entry.position >= until) continue;
      page.push(copyOf(entry));
      bytes += entry.bytes.length;
      if (bytes < (range.pageBytes ?? defaultPageBytes)) continue;
      yield page;
      range.signal?.throwIfAborted();
      await this.#reached();
      page = [];
      bytes = 0;
    }
    if (page.length > 0) yield page;
  }

  async get(partition: LogPartition, position: LogPosition): Promise<LogItem | undefined> {
    await this.#reached();
    const entry = this.#drawer(partition)?.entries.get(logPosition(position));
    return entry && copyOf(entry);
  }

  async end(partition: LogPartition): Promise<LogPosition> {
    await this.#reached();
    return this.#drawer(partition)?.end ?? logBegin;
  }

  async partitions(channelId: string): Promise<readonly LogPartition[]> {
    await this.#reached();
    const found = [...this.#store.drawers.values()].map((drawer) => drawer.partition);
    return found
      .filter((partition) => partition.channelId === channelId)
      .sort((left, right) => streamRank(left) - streamRank(right));
  }

  async truncateBefore(partition: LogPartition, position: LogPosition): Promise<void> {
    await this.#reached();
    const entries = this.#drawer(partition)?.entries;
    for (const at of [...(entries?.keys() ?? [])]) if (at < position) entries?.delete(at);
  }

  async identity(): Promise<LogIdentity> {
    await this.#reached();
    return { logId: this.#store.logId };
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

  #put(partition: LogPartition, bytes: Uint8Array, receivedAtMs: number): LogPosition {
    const drawer = this.#drawer(partition) ?? { partition, entries: new Map(), end: logBegin };
    this.#store.drawers.set(nameOf(partition), drawer);
    const gap = drawer.entries.size % 3 === 2 ? this.#store.engine.gap : 0;
    const position = logPosition(drawer.end + gap);
    drawer.entries.set(position, { position, receivedAtMs, bytes });
    drawer.end = positionAfter(position);
    return position;
  }

  #drawer(partition: LogPartition): Drawer | undefined {
    return this.#store.drawers.get(nameOf(partition));
  }

  async #reached(): Promise<void> {
    this.#mustBeOpen();
    await this.#store.engine.answers();
  }

  #mustBeOpen(): void {
    if (!this.#closed && !this.#store.isAway) return;
    const message = this.#closed ? 'the record log is closed' : 'the record log is away';
    throw new Fault('record-log-unavailable', message, { retriable: true });
  }
}

function nameOf({ channelId, stream }: LogPartition): string {
  return `${channelId}/${stream}`;
}

function copyOf(entry: LogEntry): LogEntry {
  return { ...entry, bytes: entry.bytes.slice() };
}
