/** Finds the batches of a block in the record log and orders them, holding keys and offsets only. */
import { compareBytes, type Hex, viewOf } from '#encoding';
import type { Log } from '#environment';
import { batchAt, batchFault, batchKeyBytes, batchKeyOrderBytes, writeBatchKey } from '#protocol';
import type { RecordLog } from '#record-log';

/** [author, offset] pairs, ascending by author. */
export type Offsets = readonly (readonly [author: number, offset: number])[];

export interface BlockRange {
  readonly channelId: Hex;
  readonly blockNumber: number;
  /** No entry of this or a later block lies before these offsets; authors left out begin at 0. */
  readonly begins: Offsets;
  /** Where the manifest cuts the block off. */
  readonly ends: Offsets;
}

export interface BlockBatches {
  /** Where to find each distinct batch of the block, in the order of a part. */
  readonly places: BatchPlaces;
  /** The `begins` of the next block. */
  readonly nextBegins: Offsets;
}

/** Reads the range once. Memory: 60 bytes a batch, whatever its size. */
export async function findBatches(recordLog: RecordLog, range: BlockRange, log: Log): Promise<BlockBatches> {
  const places = new BatchPlaces();
  const nextBegins: (readonly [number, number])[] = [];
  const begins = new Map(range.begins);
  for (const [author, end] of range.ends) {
    const partition = { channelId: range.channelId, stream: author };
    let next = end;
    for await (const { offset, bytes } of recordLog.read(partition, begins.get(author) ?? 0, end)) {
      if (batchFault(bytes) !== undefined || bytes[batchAt.author] !== author) {
        log.error(
          { channelId: range.channelId, author, offset },
          'the log holds what is no batch of this author',
        );
        continue;
      }
      const blockNumber = viewOf(bytes).getBigUint64(batchAt.blockNumber, true);
      if (blockNumber > range.blockNumber && offset < next) next = offset;
      if (blockNumber === BigInt(range.blockNumber)) places.add(bytes, offset);
    }
    nextBegins.push([author, Math.max(next, begins.get(author) ?? 0)]);
  }
  places.sort();
  return { places, nextBegins };
}

const firstCapacity = 1_024;

/** Keys (author, sequence, recordsRoot) and offsets of batches, in typed arrays. */
export class BatchPlaces {
  #keys = new Uint8Array(firstCapacity * batchKeyBytes);
  #offsets = new Float64Array(firstCapacity);
  #order = new Uint32Array(0);
  #count = 0;

  get length(): number {
    return this.#order.length;
  }

  add(batch: Uint8Array, offset: number): void {
    if (this.#count === this.#offsets.length) this.#grow();
    writeBatchKey(batch, 0, this.#keys, this.#count * batchKeyBytes);
    this.#offsets[this.#count++] = offset;
  }

  sort(): void {
    this.#order = Uint32Array.from({ length: this.#count }, (_, at) => at);
    if (!this.#ascends())
      this.#order.sort((a, b) => this.#compare(a, b) || this.#offsets[a] - this.#offsets[b]);
  }

  /** The places in order; those of one key together, as repetitions of one batch. */
  *groups(): Generator<{ readonly author: number; readonly offsets: readonly number[] }> {
    for (let at = 0; at < this.#order.length; ) {
      const first = this.#order[at];
      const offsets: number[] = [];
      for (; at < this.#order.length && this.#compare(first, this.#order[at]) === 0; at++) {
        offsets.push(this.#offsets[this.#order[at]]);
      }
      yield { author: this.#keys[first * batchKeyBytes], offsets };
    }
  }

  #compare(a: number, b: number): number {
    return compareBytes(this.#key(a), this.#key(b));
  }

  #key(at: number): Uint8Array {
    return this.#keys.subarray(at * batchKeyBytes, at * batchKeyBytes + batchKeyOrderBytes);
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
    const offsets = new Float64Array(this.#offsets.length * 2);
    offsets.set(this.#offsets);
    this.#offsets = offsets;
  }
}
