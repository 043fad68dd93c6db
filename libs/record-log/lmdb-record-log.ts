/** The embedded record log, on LMDB. Any number of processes may open one folder, append and read at the
 *  same time: offsets are given inside the one write transaction that exists among them. */
import { LmdbStore } from '#environment/lmdb-store';
import { type LogEntry, type LogPartition, logEntryBytesMax, type RecordLog } from './record-log.js';

/** `path` is a folder of the log's own. Throws a Fault `record-log-unavailable` when it cannot be opened. */
export function openLmdbRecordLog(path: string): RecordLog {
  return new LmdbRecordLog(new LmdbStore({ path, faultCode: 'record-log-unavailable' }));
}

/* Keys and values, big-endian, so that the order of keys is the order of offsets:
   head   0 ‖ channelId 32 ‖ stream u16               → end of the partition u64
   entry  1 ‖ channelId 32 ‖ stream u16 ‖ offset u48  → receivedAtMs u64 ‖ bytes */
const headTag = 0;
const entryTag = 1;
const headKeyBytes = 35;
const entryKeyBytes = 41;
const manifestsStream = 0xffff;
const partitionsMax = manifestsStream + 1;

class LmdbRecordLog implements RecordLog {
  readonly #store: LmdbStore;
  readonly #wakes = new Set<(partition: LogPartition) => void>();

  constructor(store: LmdbStore) {
    this.#store = store;
  }

  async append(partition: LogPartition, bytes: Uint8Array, receivedAtMs: number): Promise<number> {
    if (bytes.length > logEntryBytesMax) throw new Error(`a log entry of ${bytes.length} bytes`);
    const head = headKey(partition);
    const entry = entryKey(partition, 0);
    // A copy: the caller may reuse its buffer at once.
    const value = new Uint8Array(8 + bytes.length);
    new DataView(value.buffer).setBigUint64(0, BigInt(receivedAtMs));
    value.set(bytes, 8);
    const offset = await this.#store.write((txn) => {
      const end = readEnd(txn.get(head));
      setOffset(entry, end);
      txn.put(entry, value);
      txn.put(head, u64(end + 1));
      return end;
    }, value.length);
    for (const wake of this.#wakes) wake(partition);
    return offset;
  }

  async *read(partition: LogPartition, from: number, to?: number): AsyncIterable<LogEntry> {
    const end = await this.end(partition);
    const until = Math.min(to ?? end, end);
    for (let offset = from; offset < until; offset++) {
      const entry = this.#entry(partition, offset);
      if (!entry) throw new Error(`log entry ${offset} below the end ${end} is missing`);
      yield entry;
    }
  }

  async get(partition: LogPartition, offset: number): Promise<LogEntry | undefined> {
    return this.#entry(partition, offset);
  }

  async end(partition: LogPartition): Promise<number> {
    const head = headKey(partition);
    return this.#store.read((view) => readEnd(view.get(head)));
  }

  async partitions(channelId: string): Promise<readonly LogPartition[]> {
    const from = headKey({ channelId, stream: 0 });
    // One byte longer than the last possible head, so that it is within.
    const to = new Uint8Array([...headKey({ channelId, stream: 'manifests' }), 0]);
    const heads = this.#store.read((view) => view.range(from, to, partitionsMax));
    return heads.map(({ key }) => ({ channelId, stream: streamOf(key) }));
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

  #entry(partition: LogPartition, offset: number): LogEntry | undefined {
    if (!Number.isSafeInteger(offset) || offset < 0) throw new Error(`a log offset of ${offset}`);
    const key = entryKey(partition, offset);
    const value = this.#store.read((view) => view.get(key));
    if (!value) return undefined;
    const receivedAtMs = Number(new DataView(value.buffer, value.byteOffset).getBigUint64(0));
    return { offset, receivedAtMs, bytes: value.subarray(8) };
  }
}

function headKey({ channelId, stream }: LogPartition): Uint8Array {
  const key = Buffer.alloc(headKeyBytes);
  writePartition(key, headTag, channelId, stream);
  return key;
}

function entryKey({ channelId, stream }: LogPartition, offset: number): Uint8Array {
  const key = Buffer.alloc(entryKeyBytes);
  writePartition(key, entryTag, channelId, stream);
  setOffset(key, offset);
  return key;
}

function writePartition(key: Buffer, tag: number, channelId: string, stream: number | 'manifests'): void {
  const number = stream === 'manifests' ? manifestsStream : stream;
  if (!/^0x[0-9a-f]{64}$/.test(channelId)) throw new Error(`a partition of channel ${channelId}`);
  if (stream !== 'manifests' && !(Number.isInteger(number) && number >= 0 && number < manifestsStream)) {
    throw new Error(`a partition of stream ${stream}`);
  }
  key[0] = tag;
  key.write(channelId.slice(2), 1, 'hex');
  key.writeUInt16BE(number, headKeyBytes - 2);
}

function setOffset(key: Uint8Array, offset: number): void {
  const view = new DataView(key.buffer, key.byteOffset);
  view.setUint16(headKeyBytes, Math.floor(offset / 2 ** 32));
  view.setUint32(headKeyBytes + 2, offset >>> 0);
}

function streamOf(head: Uint8Array): number | 'manifests' {
  const number = new DataView(head.buffer, head.byteOffset).getUint16(headKeyBytes - 2);
  return number === manifestsStream ? 'manifests' : number;
}

function readEnd(head: Uint8Array | undefined): number {
  return head ? Number(new DataView(head.buffer, head.byteOffset).getBigUint64(0)) : 0;
}

function u64(value: number): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(value));
  return bytes;
}
