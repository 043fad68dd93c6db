/** Reduces a whole block in one thread and in memory: merge, deduplicate, order, reduce, settlement tree. */
import { hash64Into } from '#crypto';
import type { Address } from '#encoding';
import {
  type BlockRules,
  batchCount,
  batchKeyBytes,
  forEachBatch,
  limits,
  type PartCommitment,
  type PartReason,
  SegmentCheck,
  walkManifestOf,
  writeBatchKey,
} from '#protocol';
import { type BlockOutput, BlockOutputAssembly, type LeafVisit } from './block-output.js';
import { BucketReduction } from './bucket-reduction.js';
import { type MergedParts, PartMerge } from './part-merge.js';
import type { GroupReducer } from './reducer.js';
import { reducers } from './reducers.js';
import { RowRuns } from './row-runs.js';
import { allocateScatter, bucketBitsFor, pagesFor, RowScatter } from './row-scatter.js';
import { sequenceConflicts } from './sequence-conflicts.js';

/** The terms that decide what records pay. */
export interface ReductionTerms {
  readonly roles: readonly number[];
  /** Id of a reducer of the catalogue. */
  readonly reducer: string;
  readonly parameters: Uint8Array;
}

/** A part that was checked before: its plaintext if it counts, otherwise why it does not. */
export type OpenedPart =
  | { readonly participant: number; readonly plaintext: Uint8Array }
  | { readonly participant: number; readonly reason: PartReason };

/** A part as it was posted. */
export interface CommittedPart {
  readonly participant: number;
  readonly commitment: PartCommitment;
}

/** Records of a block in buckets, ready to be reduced. */
export interface MergedRecords {
  readonly scatter: RowScatter;
  readonly bits: number;
  readonly merged: MergedParts;
}

/** The reducer that the terms name; throws on terms that could not have opened a channel. */
export function openReducer(terms: ReductionTerms): GroupReducer {
  const reducer = reducers.get(terms.reducer);
  if (reducer === undefined) throw new Error(`no reducer ${terms.reducer}`);
  const decoded = reducer.decodeParameters(terms.parameters, terms.roles);
  if (!decoded.ok) throw new Error(`parameters of no channel: ${decoded.refusal.detail}`);
  return reducer.open(decoded.parameters, terms.roles);
}

/** Reduces opened parts; participants that are not among them posted none. `validator` is whose workDigest
 *  to give. */
export function reduceBlock(
  terms: ReductionTerms,
  parts: readonly OpenedPart[],
  validator?: Address,
): BlockOutput {
  return reduceMerged(terms, mergeOpened(terms.roles, parts), validator);
}

/** Opens, verifies and reduces parts as they were posted; `stored` gives the bytes of a digest, if it has
 *  them; `visit` is handed all leaves. */
export function reduceSealedBlock(
  terms: ReductionTerms,
  rules: BlockRules,
  parts: readonly CommittedPart[],
  stored: (digest: Uint8Array) => Uint8Array | undefined,
  validator?: Address,
  visit?: LeafVisit,
): BlockOutput {
  const merge = new PartMerge(rules);
  const distinct = parts.flatMap(({ participant, commitment }) => {
    const manifest = walkManifestOf(commitment, stored);
    if ('rows' in manifest) return merge.addPart(participant, manifest.rows);
    merge.addInvalid(participant, manifest.reason);
    return [];
  });
  const check = new SegmentCheck(rules);
  const rows = distinct.length * limits.batchRecordsMax;
  const bits = bucketBitsFor(rows);
  const scatter = new RowScatter(allocateScatter(bits, pagesFor(rows, bits)));
  for (const { segment, row } of distinct) {
    const checked = check.check(row, stored(row.subarray(0, 32)));
    merge.setChecked(segment, checked);
    if (checked.reason === undefined) addSegment(scatter, checked.plaintext, checked.recordHashes, segment);
  }
  scatter.seal();
  return reduceMerged(terms, { scatter, bits, merged: merge.finish() }, validator, visit);
}

/** Reduces checked segments, each once, and hands over what each bucket gives, in key order. */
export function reduceSegments(
  terms: ReductionTerms,
  segments: readonly Uint8Array[],
  visit: LeafVisit,
): void {
  const bytes = segments.reduce((sum, { length }) => sum + length, 0);
  const rowsMax = Math.ceil(bytes / limits.recordBytes);
  const bits = bucketBitsFor(rowsMax);
  const scatter = new RowScatter(allocateScatter(bits, pagesFor(rowsMax, bits)));
  const hashes = new Uint8Array(limits.batchRecordsMax * 32);
  for (const segment of segments) {
    forEachBatch(segment, (at, length) => {
      const batch = segment.slice(at, at + length);
      hash64Into(batch.subarray(limits.batchHeaderBytes), hashes);
      addSegment(scatter, batch, hashes, 0);
    });
  }
  scatter.seal();
  reduceBuckets(openReducer(terms), terms.roles.length, { scatter, bits }, undefined, visit);
}

/** `alive`: see `MergedParts`; undefined if every row counts. */
function reduceBuckets(
  reducer: GroupReducer,
  participants: number,
  { scatter, bits }: Pick<MergedRecords, 'scatter' | 'bits'>,
  alive: Uint8Array | undefined,
  visit: LeafVisit,
): void {
  const reduction = new BucketReduction(reducer, participants);
  const rows = new RowRuns();
  for (let bucket = 0; bucket < scatter.buckets; bucket++) {
    rows.begin(scatter.arena);
    scatter.addRuns(bucket, rows);
    if (alive !== undefined) rows.keepAlive(alive);
    visit(reduction.reduce(rows, bits));
  }
}

/** Adds the records of a plaintext of whole batches, whose hashes follow one another in `recordHashes`. */
export function addSegment(
  scatter: RowScatter,
  plaintext: Uint8Array,
  recordHashes: Uint8Array,
  segment: number,
): void {
  // Rows are read as words of 8 bytes: decryption may hand out bytes that begin anywhere.
  const aligned = plaintext.byteOffset % 8 === 0 ? plaintext : new Uint8Array(plaintext);
  let record = 0;
  forEachBatch(aligned, (at) => {
    const count = batchCount(aligned, at);
    const records = aligned.subarray(at + limits.batchHeaderBytes);
    scatter.add(records, recordHashes.subarray(record * 32), count, segment);
    record += count;
  });
}

/** Scatters opened parts. Whatever they share is there several times until it is deduplicated. */
export function mergeOpened(roles: readonly number[], parts: readonly OpenedPart[]): MergedRecords {
  let bytes = 0;
  for (const part of parts) if ('plaintext' in part) bytes += part.plaintext.length;
  const rows = Math.ceil(bytes / limits.recordBytes);
  const bits = bucketBitsFor(rows);
  const scatter = new RowScatter(allocateScatter(bits, pagesFor(rows, bits)));
  const hashes = new Uint8Array(limits.batchRecordsMax * 32);
  const keys: Uint8Array[] = [];
  const invalidParts: (readonly [number, PartReason])[] = [];
  let validParts = 0;
  for (let participant = 0; participant < roles.length; participant++) {
    const part = parts.find((one) => one.participant === participant) ?? { reason: 'missing' as const };
    if ('reason' in part) {
      invalidParts.push([participant, part.reason]);
      continue;
    }
    validParts |= 1 << participant;
    forEachBatch(part.plaintext, (at, length) => {
      const batch = part.plaintext.slice(at, at + length);
      const records = batch.subarray(limits.batchHeaderBytes);
      hash64Into(records, hashes);
      scatter.add(records, hashes, batchCount(batch), 0);
      const key = new Uint8Array(batchKeyBytes);
      writeBatchKey(batch, 0, key, 0);
      keys.push(key);
    });
  }
  scatter.seal();
  const alive = Uint8Array.of(1);
  const merged = { validParts, invalidParts, alive, areAllAlive: true };
  return { scatter, bits, merged: { ...merged, sequenceConflicts: sequenceConflicts(keys) } };
}

function reduceMerged(
  terms: ReductionTerms,
  records: MergedRecords,
  validator: Address | undefined,
  visit?: LeafVisit,
): BlockOutput {
  const { merged } = records;
  const reducer = openReducer(terms);
  const output = new BlockOutputAssembly(terms.roles.length, validator, visit);
  const alive = merged.areAllAlive ? undefined : merged.alive;
  reduceBuckets(reducer, terms.roles.length, records, alive, (bucket) => output.add(bucket));
  output.addTally(reducer.tally.counts);
  return output.finish(merged);
}
