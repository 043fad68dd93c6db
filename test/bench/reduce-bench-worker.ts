/** A thread of the P4 bench: scatters its share of the records, then reduces buckets. */
import { workerData } from 'node:worker_threads';
import { BucketReduction, ImpressionTally, openReducer, RowRuns, RowScatter } from '#reduction';
import type { ReduceBenchData, ReduceBenchResult, ReduceBenchTask } from './reduce.bench.js';

const data = workerData as ReduceBenchData;
const chunkRecords = 1_000;
const reducer = openReducer(data.terms);
const rows = new RowRuns();
const reduction = new BucketReduction(reducer, data.terms.roles.length);

export default function runTask(task: ReduceBenchTask): ReduceBenchResult {
  const counter = new Int32Array(data.counter);
  return task.kind === 'scatter' ? scatterShare(task.lane, counter) : reduceShare(counter, task.withHashes);
}

function scatterShare(lane: number, counter: Int32Array): ReduceBenchResult {
  const scatter = new RowScatter(data.lanes[lane]);
  scatter.clear();
  for (;;) {
    const at = Atomics.add(counter, 0, 1) * chunkRecords;
    if (at >= data.rows) break;
    const count = Math.min(chunkRecords, data.rows - at);
    const records = new Uint8Array(data.records, at * 64, count * 64);
    scatter.add(records, new Uint8Array(data.hashes, at * 32, count * 32), count, 0);
  }
  scatter.seal();
  return { records: 0, groups: 0, amounts: [], tally: new Float64Array(0) };
}

function reduceShare(counter: Int32Array, withHashes: boolean): ReduceBenchResult {
  const lanes = data.lanes.map((lane) => new RowScatter(lane));
  const participants = data.terms.roles.length;
  const sums = new Float64Array(participants);
  reducer.tally.counts.fill(0);
  let records = 0;
  let groups = 0;
  for (;;) {
    const bucket = Atomics.add(counter, 0, 1);
    if (bucket >= lanes[0].buckets) break;
    rows.begin(lanes[0].arena);
    for (const lane of lanes) lane.addRuns(bucket, rows);
    const bits = data.lanes[0].bits;
    const output = withHashes ? reduction.reduce(rows, bits) : reduction.reduceRecords(rows, bits);
    records += output.records;
    groups += output.groups;
    // Prices of this bench are small: sums of their low words are exact.
    for (let index = 0; index < output.amounts.length; index += 2) {
      sums[(index / 2) % participants] += output.amounts[index + 1];
    }
  }
  const tally = new ImpressionTally();
  tally.add(reducer.tally.counts);
  return { records, groups, amounts: [...sums], tally: tally.counts };
}
