/** What a channel node knows of one block while it collects: batches seen, bytes taken, impressions named. */
import type { SignedReceipt } from '#api';
import { type Digest, viewOf } from '#encoding';
import { type BatchHeader, budgetBytes, limits } from '#protocol';
import type { LogPosition } from '#record-log';
import type { Signers } from './accept-rules.js';
import { Exposure, type ExposureRules } from './exposure.js';
import type { ImpressionMemories } from './impression-memory.js';
import { ImpressionSet } from './impression-set.js';

/** A batch that is in the log, or on its way into it. */
export interface SeenBatch {
  readonly recordsRoot: Digest;
  readonly receivedAtMs: number;
  /** Where it stands in the author's partition, once durable. */
  position?: LogPosition;
  /** While it is on its way. */
  pending?: Promise<SignedReceipt>;
}

export class BlockIntake {
  readonly blockNumber: number;
  /** Known once the chain was asked. */
  signers: Signers | undefined;
  /** Whether it was cut off when nobody could post a part of it any more. */
  isCutTooLate = false;
  /** Impressions of which this node's own participant wrote records, and those of which others did. */
  readonly #own: ImpressionSet;
  readonly #others: ImpressionSet;
  /** Of a node whose participant sells. */
  readonly exposure: Exposure | undefined;
  readonly #seen = new Map<string, SeenBatch>();
  readonly #authorBytes: number[] = new Array<number>(limits.participantsMax).fill(0);
  readonly #authorBatches: number[] = new Array<number>(limits.participantsMax).fill(0);
  /** The lowest position of an author's batches, once one is durable. */
  readonly #begins = new Map<number, LogPosition>();
  #onWay = 0;
  #idle: (() => void)[] = [];

  constructor(
    about: { readonly channelId: string; readonly blockNumber: number },
    memories: ImpressionMemories,
    rules: ExposureRules | undefined,
  ) {
    this.blockNumber = about.blockNumber;
    this.#own = new ImpressionSet(memories.own, about);
    this.#others = new ImpressionSet(memories.others, about);
    this.exposure = rules && new Exposure(rules, memories.exposure, about);
  }

  /** Gives back the memory of its impressions. */
  forgetImpressions(): void {
    this.#own.forget();
    this.#others.forget();
    this.exposure?.forget();
  }

  seen(header: BatchHeader): SeenBatch | undefined {
    return this.#seen.get(keyOf(header));
  }

  /** Bytes that the author's batches would take together with one more of `bytes`. */
  budgetWith(author: number, bytes: number): number {
    return this.#authorBytes[author] + budgetBytes(bytes);
  }

  /** Takes the batch in: from now on a repeat is known, its bytes count and its impressions belong here. */
  take(header: BatchHeader, bytes: Uint8Array, isOwn: boolean, seen: SeenBatch): void {
    this.#seen.set(keyOf(header), seen);
    this.#authorBytes[header.author] += budgetBytes(bytes.length);
    this.#authorBatches[header.author]++;
    const impressions = isOwn ? this.#own : this.#others;
    const view = viewOf(bytes);
    impressions.addAll(view, limits.batchHeaderBytes, header.count);
    this.exposure?.addAll(view, limits.batchHeaderBytes, header.count);
  }

  /**
   * The first record of the batch whose impression has records in this block. What others wrote never speaks
   * against the own participant: nobody can lock a participant out of its impression by naming it first.
   */
  sharedImpression(header: BatchHeader, bytes: Uint8Array, isOwn: boolean): number | undefined {
    const view = viewOf(bytes);
    const firstIn = (set: ImpressionSet): number | undefined =>
      set.size === 0 ? undefined : set.firstIn(view, limits.batchHeaderBytes, header.count);
    return firstIn(this.#own) ?? (isOwn ? undefined : firstIn(this.#others));
  }

  /** A batch of the author is durable at this position. */
  stands(author: number, position: LogPosition): void {
    const begin = this.#begins.get(author);
    if (begin === undefined || position < begin) this.#begins.set(author, position);
  }

  /** Where the author's batches begin: an author's appends keep their order, so the first tells for all. */
  beginOf(author: number): LogPosition | 'unknown' | 'none' {
    return this.#begins.get(author) ?? (this.#authorBatches[author] > 0 ? 'unknown' : 'none');
  }

  /** Counts `work` as under way until it ends. */
  async during<Result>(work: Promise<Result>): Promise<Result> {
    this.#onWay++;
    try {
      return await work;
    } finally {
      this.#onWay--;
      if (this.#onWay === 0) for (const wake of this.#idle.splice(0)) wake();
    }
  }

  /** Resolves when nothing of the block is on its way into the log. */
  idle(): Promise<void> {
    if (this.#onWay === 0) return Promise.resolve();
    return new Promise((resolve) => this.#idle.push(resolve));
  }

  authors(): { readonly author: number; readonly batches: number; readonly budgetBytes: number }[] {
    return this.#authorBatches.flatMap((batches, author) =>
      batches === 0 ? [] : [{ author, batches, budgetBytes: this.#authorBytes[author] }],
    );
  }
}

function keyOf({ author, sequence }: BatchHeader): string {
  return `${author}/${sequence}`;
}
