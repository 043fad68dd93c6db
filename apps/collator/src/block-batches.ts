/** Finds the batches of a block in the record log and orders them, holding keys and positions only. */
import { compareBytes, viewOf } from '#encoding';
import type { Log } from '#environment';
import { batchAt, batchFault, batchKeyBytes, type ChannelId, writeBatchKey } from '#protocol';
import {
  type AuthorPositions,
  isDamaged,
  type LogItem,
  type LogPosition,
  logBegin,
  logPosition,
  type RecordLog,
} from '#record-log';

export interface BlockRange {
  readonly channelId: ChannelId;
  readonly blockNumber: number;
  /** No entry of this or a later block lies before these; authors left out begin where the log does. */
  readonly begins: AuthorPositions;
  /** Where the cut mark cuts the block off. */
  readonly ends: AuthorPositions;
}

export interface BlockBatches {
  /** Where to find each distinct batch of the block, in the order of a part. */
  readonly places: BatchPlaces;
  /** The `begins` of the next block. */
  readonly nextBegins: AuthorPositions;
}

/** Reads the range once. Memory: 60 bytes a batch, whatever its size. */
export async function findBatches(recordLog: RecordLog, range: BlockRange, log: Log): Promise<BlockBatches> {
  const places = new BatchPlaces();
  const nextBegins: (readonly [number, LogPosition])[] = [];
  const begins = new Map(range.begins);
  for (const [author, to] of range.ends) {
    const from = begins.get(author) ?? logBegin;
    const partition = { channelId: range.channelId, stream: author };
    if (from > to) throw new Error(`entries of author ${author} from ${from} to ${to}`);
    let next = to;
    for await (const page of recordLog.read(partition, { from, to })) {
      for (const item of page) {
        const blockNumber = blockOf(item, { channelId: range.channelId, author, log });
        if (isDamaged(item) || blockNumber === undefined) continue;
        if (blockNumber > range.blockNumber && item.position < next) next = item.position;
        if (blockNumber === BigInt(range.blockNumber)) places.add(item.bytes, item.position);
      }
    }
    nextBegins.push([author, next]);
  }
  places.sort();
  return { places, nextBegins };
}

interface Found {
  readonly channelId: ChannelId;
  readonly author: number;
  readonly log: Log;
}

/** The block that the entry belongs to; undefined, and said loudly, where it is no batch of its author. */
function blockOf(item: LogItem, { channelId, author, log }: Found): bigint | undefined {
  const { position } = item;
  if (isDamaged(item)) {
    log.error(
      { channelId, author, position, damage: item.damage },
      'an entry of the log is damaged and left out',
    );
    return undefined;
  }
  if (batchFault(item.bytes) !== undefined || item.bytes[batchAt.author] !== author) {
    log.error({ channelId, author, position }, 'the log holds what is no batch of this author');
    return undefined;
  }
  return viewOf(item.bytes).getBigUint64(batchAt.blockNumber, true);
}

const firstCapacity = 1_024;

/** Keys (author, sequence, recordsRoot) and positions of batches, in typed arrays. */
class BatchPlaces {
  #keys = new Uint8Array(firstCapacity * batchKeyBytes);
  #positions = new Float64Array(firstCapacity);
  #order = new Uint32Array(0);
  #count = 0;

  get length(): number {
    return this.#order.length;
  }

  add(batch: Uint8Array, position: LogPosition): void {
    if (this.#count === this.#positions.length) this.#grow();
    writeBatchKey(batch, 0, this.#keys, this.#count * batchKeyBytes);
    this.#positions[this.#count++] = position;
  }

  sort(): void {
    this.#order = Uint32Array.from({ length: this.#count }, (_, at) => at);
    if (!this.#ascends())
      this.#order.sort((a, b) => this.#compare(a, b) || this.#positions[a] - this.#positions[b]);
  }

  /** The places in order; those of one key together, as repetitions of one batch. */
  *groups(): Generator<{ readonly author: number; readonly positions: readonly LogPosition[] }> {
    for (let at = 0; at < this.#order.length; ) {
      const first = this.#order[at];
      const positions: LogPosition[] = [];
      for (; at < this.#order.length && this.#compare(first, this.#order[at]) === 0; at++) {
        positions.push(logPosition(this.#positions[this.#order[at]]));
      }
      yield { author: this.#keys[first * batchKeyBytes], positions };
    }
  }

  #compare(a: number, b: number): number {
    return compareBytes(this.#key(a), this.#key(b));
  }

  #key(at: number): Uint8Array {
    return this.#keys.subarray(at * batchKeyBytes, (at + 1) * batchKeyBytes);
  }

  /** The usual case: senders count upward, and authors are read one after the other. */
  #ascends(): boolean {
    for (let at = 1; at < this.#count; at++) if (this.#compare(at - 1, at) > 0) return false;
    return true;
  }

  #grow(): void {
    const keys = new Uint8Array(this.#keys.length * 2);
    keys.set(this.#keys);
    this.#keys = keys;
    const positions = new Float64Array(this.#positions.length * 2);
    positions.set(this.#positions);
    this.#positions = positions;
  }
}
