/** What the main thread and the worker threads tell one another while they reduce a block. */
import { Fault } from '#environment';
import type { WorkerPool } from '#environment/worker-pool';
import type { BlockRules, PartReason } from '#protocol';
import type { ReductionTerms, ScatterMemory } from '#reduction';

/** What every task needs to know of its block; workers keep what they make of it while `token` stays the
 *  same. */
export interface TaskBlock {
  readonly token: number;
  readonly terms: ReductionTerms;
  readonly rules: BlockRules;
}

/** Opens, verifies, hashes and scatters some distinct segments. */
export interface ScanTask {
  readonly kind: 'scan';
  readonly block: TaskBlock;
  /** Rows go here; one task at a time has a lane. */
  readonly lane: ScatterMemory;
  /** Where the lane's rows go when it is full: files of these names with a number appended, from
   *  `spillCount` on. */
  readonly spillPrefix: string;
  readonly spillCount: number;
  readonly segments: Uint32Array;
  /** 64 bytes of manifest a segment. */
  readonly rows: Uint8Array;
  /** The sealed bytes one after the other, and where each ends; `unavailable` marks those that the store
   *  lacks. */
  readonly sealed: SharedArrayBuffer;
  readonly lengths: Int32Array;
}

/** In `ScanTask.lengths`. */
export const unavailable = -1;

export interface ScanResult {
  readonly reasons: readonly (PartReason | undefined)[];
  /** The batch keys of all segments, one after the other, and their bytes by segment. */
  readonly keys: Uint8Array;
  readonly keyBytes: Uint32Array;
  readonly spills: readonly Spill[];
}

/** A file of rows sorted by bucket. */
export interface Spill {
  readonly file: string;
  /** Row at which each bucket begins, and after the last the number of rows. */
  readonly starts: Uint32Array;
}

/** Rows of one bucket in a spill file. */
export interface SpilledRows {
  readonly file: string;
  readonly start: number;
  readonly rows: number;
}

/** Reduces the buckets [from, to). */
export interface BucketTask {
  readonly kind: 'buckets';
  readonly block: TaskBlock;
  readonly bits: number;
  readonly from: number;
  readonly to: number;
  readonly lanes: readonly ScatterMemory[];
  /** By bucket, from `from` on. */
  readonly spilled: readonly (readonly SpilledRows[])[];
  /** By segment, absent if every segment counts; see `MergedParts.alive`. */
  readonly alive: SharedArrayBuffer | undefined;
  /** Where the output goes; a bucket too large for it is given back in memory of its own. */
  readonly slot: SharedArrayBuffer;
  readonly slotRows: number;
}

export interface BucketResult {
  readonly records: number;
  readonly groups: number;
  readonly tally: Float64Array;
  /** The output, if it did not go to the slot. */
  readonly own: ArrayBuffer | undefined;
  readonly ownRows: number;
}

export type ReductionTask = ScanTask | BucketTask;

/** Faults cross threads as values: what is thrown there arrives as a plain Error. */
export type ReductionTaskResult =
  | ScanResult
  | BucketResult
  | { readonly fault: { readonly code: string; readonly message: string; readonly retriable: boolean } };

export type ReductionPool = WorkerPool<ReductionTask, ReductionTaskResult>;

/** Runs a task; a fault in the thread is thrown here. */
export async function runTask<Task extends ReductionTask>(
  pool: ReductionPool,
  task: Task,
): Promise<Task extends ScanTask ? ScanResult : BucketResult> {
  const result = await pool.run(task);
  if ('fault' in result) {
    const { code, message, retriable } = result.fault;
    throw new Fault(code, message, { retriable });
  }
  return result as Task extends ScanTask ? ScanResult : BucketResult;
}

/** Views of an output for at most `rows` rows: in a slot or in memory of its own. */
export interface OutputViews {
  readonly recordHashes: Uint8Array;
  readonly leaves: Uint8Array;
  readonly amounts: Uint32Array;
  readonly halves: Uint8Array;
  readonly keys: Uint8Array;
}

export function outputBytes(rows: number, participants: number): number {
  return rows * (32 + 32 + participants * 8 + 32 + 16);
}

export function outputViews(memory: ArrayBufferLike, rows: number, participants: number): OutputViews {
  const leavesAt = rows * 32;
  const amountsAt = leavesAt + rows * 32;
  const halvesAt = amountsAt + rows * participants * 8;
  return {
    recordHashes: new Uint8Array(memory, 0, leavesAt),
    leaves: new Uint8Array(memory, leavesAt, rows * 32),
    amounts: new Uint32Array(memory, amountsAt, rows * participants * 2),
    halves: new Uint8Array(memory, halvesAt, rows * 32),
    keys: new Uint8Array(memory, halvesAt + rows * 32, rows * 16),
  };
}
