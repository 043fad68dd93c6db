/** Whether a part counts: every check of wire-formats.md 5 and 8, alike for whoever makes it. */
import { merkleRoot, open, sha256 } from '#crypto';
import { compareBytes, equalBytes, viewOf } from '#encoding';
import { segmentKeyOf } from './block-keys.js';
import { batchKeyBytes, CutRule, writeBatchKey } from './block-part.js';
import { batchHeaderBytes, recordBytes, segmentBytesMax } from './limits.js';
import { RecordCheck, type RecordRules, recordAt } from './record.js';
import { BatchHasher, batchAt, batchBytes, batchCount, headerFault } from './record-batch.js';
import { rowsMaxOf } from './terms-fault.js';

/** Reasons of an invalid part, in the order in which the first that applies is the part's. */
const partReasons = [
  'missing',
  'unavailable',
  'wrong-bytes',
  'does-not-open',
  'malformed',
  'wrong-segment-root',
  'out-of-order',
  'too-large',
  'wrong-batch-root',
  'bad-signature',
] as const;
export type PartReason = (typeof partReasons)[number];

/** What everyone who checks the parts of one block knows. */
export interface BlockRules extends RecordRules {
  readonly channelId: Uint8Array;
  readonly blockNumber: number;
  readonly blockKey: Uint8Array;
  readonly domainSeparator: Uint8Array;
  /**
   * Record key (20-byte address) of each participant at the block's collection start; undefined if it had
   * none.
   */
  readonly signers: readonly (Uint8Array | undefined)[];
  readonly authorBytesMax: number;
}

/**
 * What one sealed segment turned out to be. `keys` is there unless an earlier reason than `wrong-segment-
 * root` applies.
 */
export interface CheckedSegment {
  readonly reason: PartReason | undefined;
  /** n × 41 bytes, see `batchKeyBytes`. */
  readonly keys: Uint8Array;
  /** The opened batches, one after the other. */
  readonly plaintext: Uint8Array;
  /** The hash of each record in order, without gaps; complete only for a segment without a reason. */
  readonly recordHashes: Uint8Array;
  readonly records: number;
}

const nothing = new Uint8Array(0);
/** Opens and checks segments of one block; one instance a thread. */
export class SegmentCheck {
  readonly #rules: BlockRules;
  readonly #records: RecordCheck;
  readonly #hasher: BatchHasher;

  constructor(rules: BlockRules) {
    this.#rules = rules;
    this.#records = new RecordCheck(rules);
    this.#hasher = new BatchHasher(rules.domainSeparator);
  }

  /**
   * `row` is the 64 bytes of the manifest, `sealed` the stored bytes or undefined where the store has none.
   */
  check(row: Uint8Array, sealed: Uint8Array | undefined): CheckedSegment {
    if (sealed === undefined) return failed('unavailable');
    if (!equalBytes(sha256(sealed), row.subarray(0, 32))) return failed('wrong-bytes');
    const segmentRoot = row.subarray(32, 64);
    const { blockKey, channelId, blockNumber } = this.#rules;
    const plaintext = open(segmentKeyOf(blockKey, channelId, blockNumber, segmentRoot), sealed);
    if (plaintext === undefined) return failed('does-not-open');
    return this.#checkOpened(plaintext, segmentRoot);
  }

  /** As `check`, for a segment that is already open; without `segmentRoot` that comparison is left out. */
  checkPlaintext(plaintext: Uint8Array): CheckedSegment {
    return this.#checkOpened(plaintext, undefined);
  }

  #checkOpened(plaintext: Uint8Array, segmentRoot: Uint8Array | undefined): CheckedSegment {
    const keys = this.#parse(plaintext);
    if (keys === undefined) return failed('malformed');
    const reason = this.#verify(plaintext, keys, segmentRoot);
    return { ...reason, keys, plaintext };
  }

  /** The batch keys, or undefined if a header, a record or a cut is malformed. */
  #parse(plaintext: Uint8Array): Uint8Array | undefined {
    if (plaintext.length === 0 || plaintext.length > segmentBytesMax) return undefined;
    const batchesMax = Math.ceil(plaintext.length / (batchHeaderBytes + recordBytes));
    const keys = new Uint8Array(batchesMax * batchKeyBytes);
    const view = viewOf(plaintext);
    const cut = new CutRule();
    let count = 0;
    for (let at = 0; at < plaintext.length; count++) {
      if (headerFault(plaintext, at) !== undefined || !this.#isOfThisBlock(plaintext, view, at))
        return undefined;
      const end = at + batchBytes(batchCount(plaintext, at));
      const author = plaintext[at + batchAt.author];
      for (let record = at + batchHeaderBytes; record < end; record += recordBytes) {
        if (plaintext[record + recordAt.author] !== author) return undefined;
        if (this.#records.faultAt(view, record) !== undefined) return undefined;
      }
      // A segment may end early, but not go on where a cut is due.
      const isCut = cut.begins(author, end - at, plaintext[at + batchAt.recordsRoot + 31]);
      if (isCut && count > 0) return undefined;
      writeBatchKey(plaintext, at, keys, count * batchKeyBytes);
      at = end;
    }
    return keys.subarray(0, count * batchKeyBytes);
  }

  #isOfThisBlock(plaintext: Uint8Array, view: DataView, at: number): boolean {
    const channelId = plaintext.subarray(at + batchAt.channelId, at + batchAt.channelId + 32);
    return (
      view.getBigUint64(at + batchAt.blockNumber, true) === BigInt(this.#rules.blockNumber) &&
      equalBytes(channelId, this.#rules.channelId) &&
      plaintext[at + batchAt.author] < this.#rules.roles.length
    );
  }

  #verify(
    plaintext: Uint8Array,
    keys: Uint8Array,
    segmentRoot: Uint8Array | undefined,
  ): { reason: PartReason | undefined; recordHashes: Uint8Array; records: number } {
    const count = keys.length / batchKeyBytes;
    const headerHashes = new Uint8Array(count * 32);
    const records = (plaintext.length - count * batchHeaderBytes) / recordBytes;
    const recordHashes = new Uint8Array(records * 32);
    let isRootTrue = true;
    let isSigned = true;
    for (let at = 0, batch = 0, record = 0; at < plaintext.length; batch++) {
      const inBatch = batchCount(plaintext, at);
      headerHashes.set(sha256(plaintext.subarray(at, at + batchHeaderBytes)), batch * 32);
      isRootTrue &&= this.#hasher.hasTrueRoot(plaintext, at, recordHashes.subarray(record * 32));
      const signer = this.#rules.signers[plaintext[at + batchAt.author]];
      isSigned &&= signer !== undefined && this.#hasher.isSignedBy(signer, plaintext, at);
      record += inBatch;
      at += batchBytes(inBatch);
    }
    const done = (reason: PartReason | undefined) => ({ reason, recordHashes, records });
    if (segmentRoot !== undefined && !equalBytes(merkleRoot(headerHashes), segmentRoot)) {
      return done('wrong-segment-root');
    }
    if (!ascends(keys)) return done('out-of-order');
    if (!isRootTrue) return done('wrong-batch-root');
    return done(isSigned ? undefined : 'bad-signature');
  }
}

/** Puts the segments of one part together, in order, and says whether the part counts. */
export class PartCheck {
  readonly #rowsMax: number;
  readonly #authorRows: Float64Array;
  #last: Uint8Array = nothing;
  #reason: number = partReasons.length;

  constructor(rules: { roles: readonly number[]; authorBytesMax: number }) {
    this.#rowsMax = rowsMaxOf(rules);
    this.#authorRows = new Float64Array(rules.roles.length);
  }

  /** The first reason found so far. */
  get reason(): PartReason | undefined {
    return partReasons[this.#reason];
  }

  /** Notes a reason that lies outside the segments: a missing part, index or page. */
  note(reason: PartReason | undefined): void {
    if (reason !== undefined) this.#reason = Math.min(this.#reason, partReasons.indexOf(reason));
  }

  /** The next segment of the part. */
  add(segment: Pick<CheckedSegment, 'reason' | 'keys'>): void {
    this.note(segment.reason);
    const { keys } = segment;
    if (keys.length === 0) return;
    // Within the segment its own check has seen to the order.
    const first = keys.subarray(0, batchKeyBytes);
    if (this.#last.length > 0 && compareBytes(this.#last, first) >= 0) this.note('out-of-order');
    this.#last = keys.subarray(keys.length - batchKeyBytes);
    const author = keys[0];
    this.#authorRows[author] += 1;
    if (this.#authorRows[author] > this.#rowsMax) this.note('too-large');
  }
}

function ascends(keys: Uint8Array): boolean {
  for (let at = batchKeyBytes; at < keys.length; at += batchKeyBytes) {
    const before = keys.subarray(at - batchKeyBytes, at);
    if (compareBytes(before, keys.subarray(at, at + batchKeyBytes)) >= 0) return false;
  }
  return true;
}

function failed(reason: PartReason): CheckedSegment {
  return { reason, keys: nothing, plaintext: nothing, recordHashes: nothing, records: 0 };
}
