/** A worker thread of a block's reduction: checks segments and scatters their rows, then reduces buckets. */
import { Fault } from '#environment';
import { type CheckedSegment, limits, SegmentCheck } from '#protocol';
import {
  addSegment,
  BucketReduction,
  type GroupReducer,
  openReducer,
  RowRuns,
  RowScatter,
  rowQuads,
} from '#reduction';
import {
  type BucketResult,
  type BucketTask,
  type OutputViews,
  outputBytes,
  outputViews,
  type ReductionTask,
  type ReductionTaskResult,
  type ScanResult,
  type ScanTask,
  type Spill,
  type TaskBlock,
  unavailable,
} from './reduction-tasks.js';
import { readSpilled, spillScatter } from './spill-file.js';

interface WorkerBlock {
  readonly token: number;
  readonly check: SegmentCheck;
  readonly reducer: GroupReducer;
  readonly reduction: BucketReduction;
}

let current: WorkerBlock | undefined;
const runs = new RowRuns();
let packed = new BigUint64Array(0);

export default function runTask(task: ReductionTask): ReductionTaskResult {
  try {
    return task.kind === 'scan' ? scan(task) : reduceBuckets(task);
  } catch (cause) {
    if (!(cause instanceof Fault)) throw cause;
    return { fault: { code: cause.code, message: cause.message, retriable: cause.retriable } };
  }
}

function openBlock(block: TaskBlock): WorkerBlock {
  if (current?.token === block.token) return current;
  const reducer = openReducer(block.terms);
  current = {
    token: block.token,
    check: new SegmentCheck(block.rules),
    reducer,
    reduction: new BucketReduction(reducer, block.terms.roles.length),
  };
  return current;
}

function scan(task: ScanTask): ScanResult {
  const { check } = openBlock(task.block);
  const scatter = new RowScatter(task.lane);
  const spills: Spill[] = [];
  const checked: CheckedSegment[] = [];
  let at = 0;
  for (const [index, segment] of task.segments.entries()) {
    const length = task.lengths[index];
    const row = task.rows.subarray(index * limits.manifestRowBytes, (index + 1) * limits.manifestRowBytes);
    const sealed = length === unavailable ? undefined : new Uint8Array(task.sealed, at, length);
    if (length !== unavailable) at += length;
    const one = check.check(row, sealed);
    checked.push(one);
    // A segment above the limit breaks the cut rule of every part that lists it, so its rows are never read.
    if (one.reason !== undefined || one.plaintext.length > limits.segmentBytesMax) continue;
    if (!scatter.hasRoomFor(one.records)) {
      spills.push(spillScatter(scatter, `${task.spillPrefix}${task.spillCount + spills.length}`));
    }
    addSegment(scatter, one.plaintext, one.recordHashes, segment);
  }
  return {
    reasons: checked.map((one) => one.reason),
    keys: new Uint8Array(Buffer.concat(checked.map((one) => one.keys))),
    keyBytes: Uint32Array.from(checked, (one) => one.keys.length),
    spills,
  };
}

function reduceBuckets(task: BucketTask): BucketResult {
  const { reducer, reduction } = openBlock(task.block);
  const participants = task.block.terms.roles.length;
  const lanes = task.lanes.map((lane) => new RowScatter(lane));
  const alive = task.alive && new Uint8Array(task.alive);
  const rowsByBucket = task.spilled.map((spilled, index) => {
    let rows = 0;
    for (const lane of lanes) rows += lane.rowsOf(task.from + index);
    for (const one of spilled) rows += one.rows;
    return rows;
  });
  const rows = rowsByBucket.reduce((sum, one) => sum + one, 0);
  const own = rows > task.slotRows ? new ArrayBuffer(outputBytes(rows, participants)) : undefined;
  const ownRows = own === undefined ? task.slotRows : rows;
  const views = outputViews(own ?? task.slot, ownRows, participants);
  reducer.tally.counts.fill(0);
  let records = 0;
  let groups = 0;
  for (const [index, found] of rowsByBucket.entries()) {
    if (found === 0) continue;
    loadBucket(task, index, lanes, found);
    if (alive !== undefined) runs.keepAlive(alive);
    const output = reduction.reduce(runs, task.bits);
    writeOutput(output, views, records, groups, participants);
    records += output.records;
    groups += output.groups;
  }
  return { records, groups, tally: reducer.tally.counts.slice(), own, ownRows };
}

/** Rows in memory are reduced where they lie; together with spilled ones they are copied. */
function loadBucket(task: BucketTask, index: number, lanes: readonly RowScatter[], rows: number): void {
  const bucket = task.from + index;
  if (task.spilled[index].length === 0) {
    runs.begin(lanes[0].arena);
    for (const lane of lanes) lane.addRuns(bucket, runs);
    return;
  }
  if (packed.length < rows * rowQuads) packed = new BigUint64Array(Math.ceil(rows * 1.25) * rowQuads);
  let at = 0;
  for (const lane of lanes) at = lane.copyBucket(bucket, packed, at);
  for (const spilled of task.spilled[index]) {
    readSpilled(spilled, packed, at);
    at += spilled.rows;
  }
  runs.beginPacked(packed, rows);
}

function writeOutput(
  output: ReturnType<BucketReduction['reduce']>,
  views: OutputViews,
  records: number,
  groups: number,
  participants: number,
): void {
  views.recordHashes.set(output.recordHashes, records * 32);
  views.leaves.set(output.leaves, groups * 32);
  views.amounts.set(output.amounts, groups * participants * 2);
  views.halves.set(output.halves, groups * 32);
  views.keys.set(output.keys, groups * 16);
}
