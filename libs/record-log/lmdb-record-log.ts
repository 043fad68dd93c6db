/** The embedded record log, on LMDB. Any number of processes may open one folder, append and read at the
 *  same time: positions are given inside the one write transaction that exists among them. */
import { randomBytes } from 'node:crypto';
import { Fault } from '#environment';
import { type ByteRead, type ByteWrite, LmdbStore } from '#environment/lmdb-store';
import {
  defaultPageBytes,
  type LogClaim,
  type LogEntry,
  type LogIdentity,
  type LogItem,
  type LogPartition,
  type LogPosition,
  type LogRange,
  type LogStream,
  logEntryBytesMax,
  logPosition,
  positionAfter,
  type RecordLog,
} from './record-log.js';

/** `path` is a folder of the log's own. Throws a Fault `record-log-unavailable` when it cannot be opened. */
export function openLmdbRecordLog(path: string): RecordLog {
  return new LmdbRecordLog(new LmdbStore({ path, faultCode: 'record-log-unavailable' }));
}

/* Keys and values, big-endian, so that the order of keys is the order of positions:
   head     0 ‖ channelId 32 ‖ stream u16                 → end u64 ‖ begin u64 of the partition
   entry    1 ‖ channelId 32 ‖ stream u16 ‖ position u48  → receivedAtMs u64 ‖ bytes
   claim    2 ‖ channelId 32                              → epoch u64
   identity 3                                             → 16 random bytes */
const headTag = 0;
const entryTag = 1;
const claimTag = 2;
const identityKey = Uint8Array.of(3);
const headKeyBytes = 35;
const entryKeyBytes = 41;
const cutMarksStream = 0xffff;
const partitionsMax = cutMarksStream + 1;
const removedPerWrite = 1_000;

class LmdbRecordLog implements RecordLog {
  readonly #store: LmdbStore;
  readonly #wakes = new Set<(partition: LogPartition) => void>();
  readonly #claims = new Map<string, AbortController>();

  constructor(store: LmdbStore) {
    this.#store = store;
  }

  async claim(channelId: string): Promise<LogClaim> {
    const key = claimKey(channelId);
    const epoch = await this.#store.write((txn) => {
      const next = numberAt(txn.get(key), 0) + 1;
      txn.put(key, u64s(next));
      return next;
    }, 8);
    const lost = new AbortController();
    this.#claims.get(channelId)?.abort();
    this.#claims.set(channelId, lost);
    return { channelId, epoch, lost: lost.signal, release: async () => lost.abort() };
  }

  async append(
    claim: LogClaim,
    partition: LogPartition,
    bytes: Uint8Array,
    receivedAtMs: number,
  ): Promise<LogPosition> {
    if (bytes.length > logEntryBytesMax) throw new Error(`a log entry of ${bytes.length} bytes`);
    if (claim.channelId !== partition.channelId) throw new Error('the claim is of another channel');
    if (claim.lost.aborted) throw fencedFault(claim);
    // A copy: the caller may reuse its buffer at once.
    const value = new Uint8Array(8 + bytes.length);
    new DataView(value.buffer).setBigUint64(0, BigInt(receivedAtMs));
    value.set(bytes, 8);
    const position = await this.#store.write((txn) => put(txn, claim, partition, value), value.length);
    if (position === 'fenced') {
      await claim.release();
      throw fencedFault(claim);
    }
    for (const wake of this.#wakes) wake(partition);
    return position;
  }

  async *read(partition: LogPartition, range: LogRange): AsyncIterable<readonly LogItem[]> {
    range.signal?.throwIfAborted();
    const { begin, end } = this.#bounds(partition);
    const until = Math.min(range.to ?? end, end);
    let page: LogItem[] = [];
    let bytes = 0;
    for (let at = Math.max(range.from, begin); at < until; at++) {
      const entry = this.#entry(partition, logPosition(at));
      if (!entry) {
        // Only a truncation that came meanwhile takes entries away.
        if (this.#bounds(partition).begin > at) continue;
        throw new Error(`log entry ${at} below the end ${end} is missing`);
      }
      page.push(entry);
      bytes += entry.bytes.length;
      if (bytes < (range.pageBytes ?? defaultPageBytes)) continue;
      yield page;
      range.signal?.throwIfAborted();
      page = [];
      bytes = 0;
    }
    if (page.length > 0) yield page;
  }

  async get(partition: LogPartition, position: LogPosition): Promise<LogItem | undefined> {
    const entry = this.#entry(partition, logPosition(position));
    return entry !== undefined && position >= this.#bounds(partition).begin ? entry : undefined;
  }

  async end(partition: LogPartition): Promise<LogPosition> {
    return this.#bounds(partition).end;
  }

  async partitions(channelId: string): Promise<readonly LogPartition[]> {
    const from = headKey({ channelId, stream: 0 });
    // One byte longer than the last possible head, so that it is within.
    const to = new Uint8Array([...headKey({ channelId, stream: 'cut-marks' }), 0]);
    const heads = this.#store.read((view) => view.range(from, to, partitionsMax));
    return heads.map(({ key }) => ({ channelId, stream: streamOf(key) }));
  }

  async truncateBefore(partition: LogPartition, position: LogPosition): Promise<void> {
    const head = headKey(partition);
    // First the begin moves, so that nobody looks for what is being removed.
    await this.#store.write((txn) => {
      const { begin, end } = boundsOf(txn, head);
      txn.put(head, u64s(end, Math.max(begin, Math.min(position, end))));
    }, 16);
    const from = entryKey(partition, 0);
    const to = entryKey(partition, this.#bounds(partition).begin);
    for (;;) {
      const removed = await this.#store.write((txn) => {
        const keys = txn.range(from, to, removedPerWrite).map(({ key }) => key);
        for (const key of keys) txn.remove(key);
        return keys.length;
      }, removedPerWrite);
      if (removed < removedPerWrite) return;
    }
  }

  async identity(): Promise<LogIdentity> {
    const known = this.#store.read((view) => view.get(identityKey));
    const found =
      known ??
      (await this.#store.write((txn) => {
        // Another process may have been first.
        const logId = txn.get(identityKey) ?? new Uint8Array(randomBytes(16));
        txn.put(identityKey, logId);
        return logId;
      }, 16));
    return { logId: Buffer.from(found).toString('hex') };
  }

  subscribe(wake: (partition: LogPartition) => void): () => void {
    const own = (partition: LogPartition): void => wake(partition);
    this.#wakes.add(own);
    return () => this.#wakes.delete(own);
  }

  close(): Promise<void> {
    this.#wakes.clear();
    return this.#store.close();
  }

  #bounds(partition: LogPartition): { readonly begin: LogPosition; readonly end: LogPosition } {
    const head = headKey(partition);
    return this.#store.read((view) => boundsOf(view, head));
  }

  #entry(partition: LogPartition, position: LogPosition): LogEntry | undefined {
    const key = entryKey(partition, position);
    const value = this.#store.read((view) => view.get(key));
    return value && { position, receivedAtMs: numberAt(value, 0), bytes: value.subarray(8) };
  }
}

/** Fencing is decided within the transaction that writes, so that no later claim can come between. */
function put(
  txn: ByteWrite,
  claim: LogClaim,
  partition: LogPartition,
  value: Uint8Array,
): LogPosition | 'fenced' {
  if (numberAt(txn.get(claimKey(claim.channelId)), 0) !== claim.epoch) return 'fenced';
  const head = headKey(partition);
  const { begin, end } = boundsOf(txn, head);
  txn.put(entryKey(partition, end), value);
  txn.put(head, u64s(positionAfter(end), begin));
  return end;
}

function boundsOf(view: ByteRead, head: Uint8Array): { begin: LogPosition; end: LogPosition } {
  const found = view.get(head);
  return { begin: logPosition(numberAt(found, 8)), end: logPosition(numberAt(found, 0)) };
}

function fencedFault({ channelId, epoch }: LogClaim): Fault {
  const message = `claim ${epoch} of channel ${channelId} is lost: claim it again and read its log first`;
  return new Fault('record-log-fenced', message, { retriable: false });
}

function claimKey(channelId: string): Uint8Array {
  const key = headKey({ channelId, stream: 0 }).slice(0, headKeyBytes - 2);
  key[0] = claimTag;
  return key;
}

function headKey({ channelId, stream }: LogPartition): Uint8Array {
  const key = Buffer.alloc(headKeyBytes);
  writePartition(key, headTag, channelId, stream);
  return key;
}

function entryKey({ channelId, stream }: LogPartition, position: number): Uint8Array {
  const key = Buffer.alloc(entryKeyBytes);
  writePartition(key, entryTag, channelId, stream);
  setPosition(key, position);
  return key;
}

function writePartition(key: Buffer, tag: number, channelId: string, stream: LogStream): void {
  const number = stream === 'cut-marks' ? cutMarksStream : stream;
  if (!/^0x[0-9a-f]{64}$/.test(channelId)) throw new Error(`a partition of channel ${channelId}`);
  if (stream !== 'cut-marks' && !(Number.isInteger(number) && number >= 0 && number < cutMarksStream)) {
    throw new Error(`a partition of stream ${stream}`);
  }
  key[0] = tag;
  key.write(channelId.slice(2), 1, 'hex');
  key.writeUInt16BE(number, headKeyBytes - 2);
}

function setPosition(key: Uint8Array, position: number): void {
  const view = new DataView(key.buffer, key.byteOffset);
  view.setUint16(headKeyBytes, Math.floor(position / 2 ** 32));
  view.setUint32(headKeyBytes + 2, position >>> 0);
}

function streamOf(head: Uint8Array): LogStream {
  const number = new DataView(head.buffer, head.byteOffset).getUint16(headKeyBytes - 2);
  return number === cutMarksStream ? 'cut-marks' : number;
}

/** 0 where the value does not reach: a head of which nothing was cut off yet, or nothing at all. */
function numberAt(value: Uint8Array | undefined, at: number): number {
  if (value === undefined || value.length < at + 8) return 0;
  return Number(new DataView(value.buffer, value.byteOffset).getBigUint64(at));
}

function u64s(...values: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(8 * values.length);
  const view = new DataView(bytes.buffer);
  for (const [at, value] of values.entries()) view.setBigUint64(at * 8, BigInt(value));
  return bytes;
}
