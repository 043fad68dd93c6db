/** Second pass over a block: the workers reduce buckets, and their outputs are put together in key order. */
import { type BlockOutputAssembly, RowScatter, type ScatterMemory } from '#reduction';
import {
  type BucketResult,
  type BucketTask,
  outputViews,
  type ReductionPool,
  runTask,
  type Spill,
  type SpilledRows,
  type TaskBlock,
} from './reduction-tasks.js';

/** Rows that the output slot of one task takes; a task is one or more buckets. */
export const bucketSlotRows = 16_384;

export interface ScatteredRows {
  readonly bits: number;
  readonly lanes: readonly ScatterMemory[];
  readonly spills: readonly Spill[];
  /** See `MergedParts.alive`; undefined if every segment counts. */
  readonly alive: Uint8Array | undefined;
}

/** Reduces all buckets; as many tasks run ahead as there are slots. `onReduced` hears of rows done. */
export async function reduceBuckets(
  pool: ReductionPool,
  block: TaskBlock,
  scattered: ScatteredRows,
  slots: readonly SharedArrayBuffer[],
  output: BlockOutputAssembly,
  onReduced: (rows: number) => void,
): Promise<void> {
  const ranges = bucketRanges(scattered);
  const participants = block.terms.roles.length;
  const shared = scattered.alive && sharedCopy(scattered.alive);
  const running: Promise<BucketResult>[] = [];
  const start = (index: number): void => {
    if (index >= ranges.length) return;
    const task = taskOf(block, scattered, ranges[index], shared, slots[index % slots.length]);
    const result = runTask(pool, task);
    // It is awaited in its turn; until then its failure is not unhandled.
    result.catch(() => undefined);
    running.push(result);
  };
  for (let index = 0; index < slots.length; index++) start(index);
  for (const [index, range] of ranges.entries()) {
    const result = await running[index];
    const slot = slots[index % slots.length];
    const views = outputViews(result.own ?? slot, result.ownRows, participants);
    output.add({
      records: result.records,
      recordHashes: views.recordHashes.subarray(0, result.records * 32),
      groups: result.groups,
      leaves: views.leaves,
      amounts: views.amounts,
      halves: views.halves,
      keys: views.keys,
    });
    output.addTally(result.tally);
    delete running[index];
    start(index + slots.length);
    onReduced(range.rows);
  }
}

interface BucketRange {
  readonly from: number;
  readonly to: number;
  readonly rows: number;
}

/** Consecutive buckets that together fit a slot; one that is larger by itself is a range of its own. */
function bucketRanges({ bits, lanes, spills }: ScatteredRows): BucketRange[] {
  const scatters = lanes.map((lane) => new RowScatter(lane));
  const ranges: BucketRange[] = [];
  let from = 0;
  let rows = 0;
  for (let bucket = 0; bucket < 2 ** bits; bucket++) {
    let found = 0;
    for (const scatter of scatters) found += scatter.rowsOf(bucket);
    for (const { starts } of spills) found += starts[bucket + 1] - starts[bucket];
    if (rows > 0 && rows + found > bucketSlotRows) {
      ranges.push({ from, to: bucket, rows });
      from = bucket;
      rows = 0;
    }
    rows += found;
  }
  if (rows > 0) ranges.push({ from, to: 2 ** bits, rows });
  return ranges;
}

function taskOf(
  block: TaskBlock,
  scattered: ScatteredRows,
  range: BucketRange,
  alive: SharedArrayBuffer | undefined,
  slot: SharedArrayBuffer,
): BucketTask {
  const spilled: SpilledRows[][] = [];
  for (let bucket = range.from; bucket < range.to; bucket++) {
    const inFiles = scattered.spills.map(({ file, starts }) => ({
      file,
      start: starts[bucket],
      rows: starts[bucket + 1] - starts[bucket],
    }));
    spilled.push(inFiles.filter(({ rows }) => rows > 0));
  }
  const { bits, lanes } = scattered;
  return { kind: 'buckets', block, bits, ...range, lanes, spilled, alive, slot, slotRows: bucketSlotRows };
}

function sharedCopy(bytes: Uint8Array): SharedArrayBuffer {
  const memory = new SharedArrayBuffer(bytes.length);
  new Uint8Array(memory).set(bytes);
  return memory;
}
