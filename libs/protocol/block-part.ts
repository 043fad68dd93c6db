/**
 * A block part: batches in order, cut into segments that identical batches make identical, sealed and listed
 * (wire-formats.md 5).
 */
import { hash64Into, merkleRoot, seal, sha256 } from '#crypto';
import { viewOf } from '#encoding';
import { segmentKeyOf } from './block-keys.js';
import {
  authorBatchBytesMin,
  batchHeaderBytes,
  manifestPageRows,
  manifestRowBytes,
  recordBytes,
  segmentBytesMax,
  segmentCutBelow,
  segmentCutBytesMin,
} from './limits.js';
import { batchAt, batchBytes, batchCount } from './record-batch.js';

/** A batch key: author u8 ‖ sequence u64 BE ‖ recordsRoot 32. As bytes, keys ascend as batches do. */
export const batchKeyBytes = 41;

export interface PartCommitment {
  readonly partRoot: Uint8Array;
  readonly segmentCount: number;
  readonly indexHash: Uint8Array;
}

export function writeBatchKey(batch: Uint8Array, at: number, keys: Uint8Array, keyAt: number): void {
  const sequence = viewOf(batch).getBigUint64(at + batchAt.sequence, true);
  keys[keyAt] = batch[at + batchAt.author];
  viewOf(keys).setBigUint64(keyAt + 1, sequence, false);
  keys.set(batch.subarray(at + batchAt.recordsRoot, at + batchAt.recordsRoot + 32), keyAt + 9);
}

/** Says where a part is cut, one batch after the other; the same rule makes parts and checks them. */
export class CutRule {
  #bytes = 0;
  #author = -1;
  #endsHere = false;

  /** Whether the batch begins a new segment. The first of a part does. */
  begins(author: number, bytes: number, rootLastByte: number): boolean {
    const isFirst = this.#author < 0;
    const isCut =
      isFirst || this.#endsHere || author !== this.#author || this.#bytes + bytes > segmentBytesMax;
    this.#bytes = isCut ? bytes : this.#bytes + bytes;
    this.#author = author;
    this.#endsHere = rootLastByte < segmentCutBelow && this.#bytes >= segmentCutBytesMin;
    return isCut;
  }
}

/** What a batch takes of its author's budget. */
export function budgetBytes(bytes: number): number {
  return Math.max(bytes, authorBatchBytesMin);
}

/** root(headerHash of the batches), the batches one after the other in `segment`, each of good shape. */
export function segmentRootOf(segment: Uint8Array): Uint8Array {
  const hashes: Uint8Array[] = [];
  for (let at = 0; at < segment.length; at += batchBytes(batchCount(segment, at))) {
    hashes.push(sha256(segment.subarray(at, at + batchHeaderBytes)));
  }
  return merkleRoot(new Uint8Array(Buffer.concat(hashes)));
}

export interface SealedSegment {
  /** ciphertext ‖ tag: what the part store holds. */
  readonly sealed: Uint8Array;
  /** sha256(sealed) ‖ segmentRoot, 64 bytes. */
  readonly row: Uint8Array;
}

/** Seals one segment of whole batches; the same plaintext gives the same bytes whoever seals it. */
export function sealSegment(
  block: { channelId: Uint8Array; blockNumber: number; blockKey: Uint8Array },
  plaintext: Uint8Array,
): SealedSegment {
  const segmentRoot = segmentRootOf(plaintext);
  const key = segmentKeyOf(block.blockKey, block.channelId, block.blockNumber, segmentRoot);
  const sealed = seal(key, plaintext);
  const row = new Uint8Array(manifestRowBytes);
  row.set(sha256(sealed));
  row.set(segmentRoot, 32);
  return { sealed, row };
}

/**
 * Gathers ordered batches into segments; `push` and `finish` return a segment's plaintext when one is
 * complete.
 */
export class SegmentCutter {
  readonly #rule = new CutRule();
  readonly #buffer = new Uint8Array(segmentBytesMax);
  #length = 0;

  /** `batch` is one whole batch, later in order than the one before. */
  push(batch: Uint8Array): Uint8Array | undefined {
    const rootLastByte = batch[batchAt.recordsRoot + 31];
    const isCut = this.#rule.begins(batch[batchAt.author], batch.length, rootLastByte);
    const complete = isCut && this.#length > 0 ? this.#take() : undefined;
    this.#buffer.set(batch, this.#length);
    this.#length += batch.length;
    return complete;
  }

  finish(): Uint8Array | undefined {
    return this.#length > 0 ? this.#take() : undefined;
  }

  #take(): Uint8Array {
    const segment = this.#buffer.slice(0, this.#length);
    this.#length = 0;
    return segment;
  }
}

/** The pages and the index of a manifest of n × 64 bytes of rows, and the commitment that goes on chain. */
export function commitManifest(rows: Uint8Array): {
  readonly pages: readonly Uint8Array[];
  readonly index: Uint8Array;
  readonly commitment: PartCommitment;
} {
  const pageBytes = manifestPageRows * manifestRowBytes;
  const pages: Uint8Array[] = [];
  for (let at = 0; at < rows.length; at += pageBytes) pages.push(rows.subarray(at, at + pageBytes));
  const index = new Uint8Array(pages.length * 32);
  for (const [at, page] of pages.entries()) index.set(sha256(page), at * 32);
  const segmentCount = rows.length / manifestRowBytes;
  return {
    pages,
    index,
    commitment: { partRoot: partRootOf(rows), segmentCount, indexHash: sha256(index) },
  };
}

/** root(sha256(row)). */
export function partRootOf(rows: Uint8Array): Uint8Array {
  const leaves = new Uint8Array((rows.length / manifestRowBytes) * 32);
  hash64Into(rows, leaves);
  return merkleRoot(leaves);
}

/** Calls `visit` for each batch of a plaintext of whole batches of good shape. */
export function forEachBatch(plaintext: Uint8Array, visit: (at: number, bytes: number) => void): void {
  for (let at = 0; at < plaintext.length; ) {
    const bytes = batchHeaderBytes + batchCount(plaintext, at) * recordBytes;
    visit(at, bytes);
    at += bytes;
  }
}
