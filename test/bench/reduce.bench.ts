/** P4 of performance.md: merge + deduplicate + order + reduce, against DuckDB's best SQL with the same
 *  rules and the same answer. */
import { isDeepStrictEqual, parseArgs } from 'node:util';
import { hash64Into } from '#crypto';
import { builtFile } from '#environment/built-file';
import { openWorkerPool } from '#environment/worker-pool';
import {
  allocateScatter,
  bucketBitsFor,
  ImpressionTally,
  pageBytes,
  pagesFor,
  type ReductionTerms,
  type ScatterMemory,
} from '#reduction';
import { type Measured, measure, median, printTable } from './measure.js';
import { openPeer, type ReduceAnswer } from './reduce-peer.js';
import { isRepeated, syntheticRules, writeRecord } from './synthetic-block.js';

export interface ReduceBenchData {
  readonly terms: ReductionTerms;
  readonly rows: number;
  /** 64 bytes a record, and 32 bytes of hash each: what opening and verifying a block leaves. */
  readonly records: SharedArrayBuffer;
  readonly hashes: SharedArrayBuffer;
  readonly lanes: readonly ScatterMemory[];
  /** Next chunk of records or next bucket. */
  readonly counter: SharedArrayBuffer;
}

export type ReduceBenchTask =
  | { readonly kind: 'scatter'; readonly lane: number }
  | { readonly kind: 'reduce'; readonly withHashes: boolean };

export interface ReduceBenchResult {
  readonly records: number;
  readonly groups: number;
  readonly amounts: readonly number[];
  readonly tally: Float64Array;
}

export interface ReduceBenchOptions {
  readonly impressions: number;
  readonly threads: number;
  readonly repeats: number;
}

const seed = 1;

export async function run(options: ReduceBenchOptions): Promise<object> {
  const { impressions, threads, repeats } = options;
  const data = makeData(impressions, threads);
  const pool = openWorkerPool<ReduceBenchTask, ReduceBenchResult>({
    file: builtFile('test/bench/reduce-bench-worker.js'),
    threads,
    startWith: data,
  });
  const all = (task: (lane: number) => ReduceBenchTask): Promise<ReduceBenchResult[]> => {
    new Int32Array(data.counter).fill(0);
    return Promise.all(Array.from({ length: threads }, (_, lane) => pool.run(task(lane))));
  };
  let answer: ReduceAnswer | undefined;
  const reduce = async (withHashes: boolean): Promise<void> => {
    await all((lane) => ({ kind: 'scatter', lane }));
    answer = answerOf(await all(() => ({ kind: 'reduce', withHashes })));
  };
  const peer = await openPeer({ impressions, seed, threads });
  const own: Measured[] = [];
  const ownHashed: Measured[] = [];
  const peers = new Map<string, Measured[]>(peer.queries.map((name) => [name, []]));
  // Memory is touched and code compiled once before anything is measured, on both sides.
  await reduce(true);
  for (const name of peer.queries) await peer.run(name);
  for (let repeat = 0; repeat < repeats; repeat++) {
    own.push(await measure(() => reduce(false)));
    ownHashed.push(await measure(() => reduce(true)));
    for (const name of peer.queries) {
      const found: ReduceAnswer[] = [];
      peers.get(name)?.push(await measure(async () => void found.push(await peer.run(name))));
      if (!isDeepStrictEqual(found[0], answer)) {
        throw new Error(`answers differ: ${JSON.stringify(found[0])} and ${JSON.stringify(answer)}`);
      }
    }
  }
  await pool.close();
  await peer.close();
  const rates = (some: readonly Measured[]) => ({
    recordsPerSecond: data.rows / median(some.map((one) => one.wallSeconds)),
    recordsPerCpuSecond: data.rows / median(some.map((one) => one.cpuSeconds)),
  });
  const peerRates = [...peers].map(([name, some]) => ({ name, ...rates(some) }));
  return {
    name: 'reduce',
    options,
    rows: data.rows,
    answer,
    own: rates(own),
    ownHashed: rates(ownHashed),
    peerRates,
  };
}

export async function main(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      impressions: { type: 'string', default: '3000000' },
      threads: { type: 'string', default: '2' },
      repeats: { type: 'string', default: '5' },
      full: { type: 'boolean', default: false },
    },
  });
  const result = (await run({
    impressions: values.full ? 10_000_000 : Number(values.impressions),
    threads: Number(values.threads),
    repeats: Number(values.repeats),
  })) as {
    rows: number;
    own: Rates;
    ownHashed: Rates;
    peerRates: (Rates & { name: string })[];
  };
  const best = (of: keyof Rates): number => Math.max(...result.peerRates.map((one) => one[of]));
  const row = (name: string, rates: Rates): string[] => [
    name,
    (rates.recordsPerSecond / 1e6).toFixed(2),
    (rates.recordsPerSecond / best('recordsPerSecond')).toFixed(2),
    (rates.recordsPerCpuSecond / 1e6).toFixed(2),
    (rates.recordsPerCpuSecond / best('recordsPerCpuSecond')).toFixed(2),
  ];
  printTable([
    [`${result.rows.toLocaleString('en')} rows`, 'M/s wall', 'ratio', 'M/s CPU', 'ratio'],
    row('Papyrus', result.own),
    row('Papyrus, with roots and leaves', result.ownHashed),
    ...result.peerRates.map((one) => row(`DuckDB, ${one.name}`, one)),
    ['goal P4', '', '6.00', '', ''],
  ]);
  process.stdout.write(`${JSON.stringify(result)}\n`);
}

interface Rates {
  readonly recordsPerSecond: number;
  readonly recordsPerCpuSecond: number;
}

/** The records of three authors one after the other, as a block's parts hold them; one in 16 is there
 *  twice. */
function makeData(impressions: number, threads: number): ReduceBenchData {
  const capacity = Math.ceil(impressions * 3 * 1.08) + 1_000;
  const records = new SharedArrayBuffer(capacity * 64);
  const hashes = new SharedArrayBuffer(capacity * 32);
  const view = new DataView(records);
  const bytes = new Uint8Array(records);
  let rows = 0;
  for (let author = 0; author < 3; author++) {
    for (let impression = 0; impression < impressions; impression++) {
      if (!writeRecord(view, rows * 64, seed, impression, author, 1)) continue;
      rows += 1;
      if (!isRepeated(seed, impression, author)) continue;
      bytes.copyWithin(rows * 64, (rows - 1) * 64, rows * 64);
      rows += 1;
    }
  }
  hash64Into(bytes.subarray(0, rows * 64), new Uint8Array(hashes));
  const bits = bucketBitsFor(rows);
  // Threads take chunks as they come, so that on a busy machine one of them may scatter nearly all.
  const pages = pagesFor(rows, bits);
  const arena = new SharedArrayBuffer(threads * pages * pageBytes);
  const lanes = Array.from({ length: threads }, (_, lane) =>
    allocateScatter(bits, pages, arena, lane * pages),
  );
  const { terms } = syntheticRules({ impressions });
  return { terms, rows, records, hashes, lanes, counter: new SharedArrayBuffer(4) };
}

function answerOf(results: readonly ReduceBenchResult[]): ReduceAnswer {
  const tally = new ImpressionTally();
  for (const one of results) tally.add(one.tally);
  const { reasons, contradictory } = tally.report();
  const sum = (pick: (one: ReduceBenchResult) => number): number =>
    results.reduce((total, one) => total + pick(one), 0);
  return {
    records: sum((one) => one.records),
    impressions: sum((one) => one.groups),
    owed: sum((one) => one.amounts[0]),
    reasons: Object.fromEntries(
      Object.entries(reasons).map(([name, [count, nano]]) => [name, [Number(count), Number(nano)]]),
    ),
    contradictory: contradictory.map(([author, count]) => [author, Number(count)]),
  };
}
