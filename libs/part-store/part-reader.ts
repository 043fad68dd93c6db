/**
 * Reads the blocks of parts from part stores, the own one first: asks again and elsewhere where bytes are
 * wrong or late, and counts what nobody can be sure of.
 */
import { hash } from 'node:crypto';
import { equalBytes, toHex } from '#encoding';
import { type Clock, Fault, type Log, messageOf, systemClock } from '#environment';
import { type ManifestEnd, type PartCommitment, walkManifest } from '#protocol';
import { getInOrder } from './flights.js';
import { type Found, type PartStore, storedBlockBytesMax } from './part-store.js';

export interface PartReaderOptions {
  /** How long one store may look for one block. */
  readonly askMs: number;
  /**
   * How long all stores may take for all blocks together, from the making of the reader on: however many
   * there are and however slowly each comes, what has not come by then is late. Without an end if absent.
   */
  readonly patienceMs?: number;
  readonly clock?: Clock;
  readonly log: Log;
  readonly signal?: AbortSignal;
}

/** After so many late answers of a store it is no longer waited for as long: each block would take it. */
const lateAnswersMax = 8;
const impatientMs = 250;

/** One for each reading of a block's parts. */
export class PartReader {
  readonly #stores: readonly PartStore[];
  readonly #options: PartReaderOptions;
  readonly #lateAnswers: number[];
  readonly #clock: Clock;
  /** By the monotonic clock. */
  readonly #untilMs: number;
  readonly #unsure = new Set<string>();

  /** The own store, then those of counterparties. */
  constructor(stores: readonly [PartStore, ...PartStore[]], options: PartReaderOptions) {
    this.#stores = stores;
    this.#options = options;
    this.#lateAnswers = stores.map(() => 0);
    this.#clock = options.clock ?? systemClock;
    this.#untilMs = this.#clock.monotonicMs() + (options.patienceMs ?? Number.POSITIVE_INFINITY);
  }

  /**
   * Blocks that were not given, or given with other bytes, though no store surely lacks them: whoever judges
   * the part may still wait.
   */
  get unsureBlocks(): number {
    return this.#unsure.size;
  }

  /**
   * The bytes that a store has under each digest, in order; undefined where none has any. Whether they have
   * the digest is not checked: `again` is for those that do not. Throws a retriable Fault where the own store
   * cannot be asked or is damaged, and no other helps: that is never the part's fault.
   */
  blocks(digests: Iterable<Uint8Array>): AsyncIterable<Uint8Array | undefined> {
    const found = getInOrder(digests, {}, (digest) => this.#ask(digest, () => true));
    return withoutNames(found);
  }

  /** The block once more, after other bytes came, from wherever it can be had; undefined if from nowhere. */
  async again(digest: Uint8Array): Promise<Uint8Array | undefined> {
    this.#options.log.warn({ digest: toHex(digest) }, 'a part store gave other bytes than asked for');
    const found = await this.#ask(digest, (bytes) => hasDigest(bytes, digest));
    if (typeof found !== 'string') return found;
    this.#unsure.add(toHex(digest));
    return undefined;
  }

  /** As `blocks`, and bytes without their digest only where nothing better can be had. */
  async *checkedBlocks(digests: readonly Uint8Array[]): AsyncGenerator<Uint8Array | undefined> {
    let at = 0;
    for await (const bytes of this.blocks(digests)) {
      const digest = digests[at++];
      if (bytes === undefined || hasDigest(bytes, digest)) yield bytes;
      else yield (await this.again(digest)) ?? bytes;
    }
  }

  /** The rows of a part, or why there are none; `onBlock` hears of every block that was found on the way. */
  async manifest(
    commitment: PartCommitment,
    onBlock: (digest: Uint8Array, bytes: Uint8Array) => void = () => {},
  ): Promise<ManifestEnd> {
    const walk = walkManifest(commitment);
    let step = walk.next();
    while (step.done !== true) {
      const found: (Uint8Array | undefined)[] = [];
      for await (const bytes of this.checkedBlocks(step.value)) {
        if (bytes !== undefined) onBlock(step.value[found.length], bytes);
        found.push(bytes);
      }
      step = walk.next(found);
    }
    return step.value;
  }

  /** Asks one store after the other until one has bytes that are good. */
  async #ask(digest: Uint8Array, isGood: (bytes: Uint8Array) => boolean): Promise<Found> {
    let fault: unknown;
    let isLate = false;
    for (const [at, store] of this.#stores.entries()) {
      const found = await this.#askOne(at, store, digest).catch((cause) => {
        if (!(cause instanceof Fault && cause.retriable)) throw cause;
        this.#options.log.warn({ digest: toHex(digest), cause: messageOf(cause) }, 'a part store failed');
        if (at === 0) fault = cause;
        return 'not-found-in-time' as const;
      });
      if (typeof found === 'string') isLate ||= found === 'not-found-in-time';
      // What is larger than any stored block is none.
      else if (found.length <= storedBlockBytesMax && isGood(found)) return found;
    }
    if (fault !== undefined) throw fault;
    if (isLate) this.#unsure.add(toHex(digest));
    return isLate ? 'not-found-in-time' : 'absent';
  }

  async #askOne(at: number, store: PartStore, digest: Uint8Array): Promise<Found> {
    const { askMs, signal } = this.#options;
    const isImpatient = this.#lateAnswers[at] >= lateAnswersMax;
    const leftMs = this.#untilMs - this.#clock.monotonicMs();
    // The own one is asked on for what it has at hand, as long as it answers at all.
    if (leftMs <= 0 && (at > 0 || isImpatient)) return 'not-found-in-time';
    const usualMs = isImpatient ? Math.min(askMs, impatientMs) : askMs;
    const deadlineMs = Math.min(usualMs, Math.max(leftMs, impatientMs));
    const found = await store.get(digest, { signal, deadlineMs });
    if (found === 'not-found-in-time') this.#lateAnswers[at] += 1;
    return found;
  }
}

function hasDigest(bytes: Uint8Array, digest: Uint8Array): boolean {
  return equalBytes(hash('sha256', bytes, 'buffer'), digest);
}

async function* withoutNames(found: AsyncIterable<Found>): AsyncGenerator<Uint8Array | undefined> {
  for await (const one of found) yield typeof one === 'string' ? undefined : one;
}
