/** Goal P6: a whole network in one process, from signed batches over HTTP to a settled block; p99 of a
 *  receipt. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { drive, type TimedWork } from '#apps/cli/src/network/drive';
import type { NetworkSpec } from '#apps/cli/src/network/network-spec';
import { type Network, openNetwork } from '#apps/cli/src/network/open-network';
import { viewOf } from '#encoding';
import { BatchHasher, blockStart, domainSeparator, limits, signBatch } from '#protocol';
import { measure, median, peakResidentMebibytes, printTable } from './measure.js';
import { writeRecord } from './synthetic-block.js';

export interface NetworkBenchOptions {
  /** Of all three participants together. */
  readonly records: number;
  readonly blocks: number;
  /** Requests under way at a time. */
  readonly inFlight: number;
}

export interface NetworkBenchResult {
  readonly records: number;
  readonly wallSeconds: number;
  readonly recordsPerSecond: number;
  readonly recordsPerCpuSecond: number;
  readonly receiptMs: { readonly p50: number; readonly p99: number; readonly max: number };
  readonly secondsByStage: Readonly<Record<string, number>>;
  readonly peakResidentMebibytes: number;
}

const batchRecords = 1_000;
const seed = 6;

/** Batches are signed before the clock runs: signing is the work of the participants' own back ends. */
export async function run(options: NetworkBenchOptions): Promise<NetworkBenchResult> {
  const folder = mkdtempSync(join(tmpdir(), 'papyrus-bench-'));
  const network = await openNetwork(benchSpec(options.blocks), folder, { mode: 'driven' });
  try {
    const batches = signBatches(network, options);
    const receiptMs: number[] = [];
    const secondsByStage: Record<string, number> = {};
    const works = batches.map(
      (blockBatches, block): TimedWork => ({
        atSeconds: blockStart(network.terms, block) + 1,
        run: () => submitAll(network, blockBatches, options.inFlight, receiptMs),
      }),
    );
    let stages: string[] = [];
    const { wallSeconds, cpuSeconds } = await measure(async () => {
      const ended = await drive(network, {
        channelId: network.channelId,
        blocks: options.blocks,
        works,
        onRound: () => {},
        onStep: (kind, ms) => {
          secondsByStage[kind] = (secondsByStage[kind] ?? 0) + ms / 1_000;
        },
      });
      stages = ended.map(({ stage }) => stage.stage);
    });
    if (stages.some((stage) => stage !== 'settled')) throw new Error(`a block ended as ${stages.join(', ')}`);
    const records = batches.flat().reduce((sum, { count }) => sum + count, 0);
    receiptMs.sort((a, b) => a - b);
    return {
      records,
      wallSeconds,
      recordsPerSecond: records / wallSeconds,
      recordsPerCpuSecond: records / cpuSeconds,
      receiptMs: {
        p50: median(receiptMs),
        p99: receiptMs[Math.floor(receiptMs.length * 0.99)],
        max: receiptMs[receiptMs.length - 1],
      },
      secondsByStage,
      peakResidentMebibytes: peakResidentMebibytes(),
    };
  } finally {
    await network.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

export async function main(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: { records: { type: 'string' }, blocks: { type: 'string' }, 'in-flight': { type: 'string' } },
  });
  const result = await run({
    records: Number(values.records ?? 3_000_000),
    blocks: Number(values.blocks ?? 2),
    inFlight: Number(values['in-flight'] ?? 12),
  });
  const number = (value: number): string => Math.round(value).toLocaleString('en');
  printTable([
    ['records', 'records/s', 'goal', 'receipt p50 ms', 'p99 ms', 'goal', 'peak MiB'],
    [
      number(result.records),
      number(result.recordsPerSecond),
      '100,000',
      result.receiptMs.p50.toFixed(1),
      result.receiptMs.p99.toFixed(1),
      '250',
      number(result.peakResidentMebibytes),
    ],
  ]);
  printTable(
    Object.entries(result.secondsByStage).map(([stage, seconds]) => [stage, `${seconds.toFixed(2)} s`]),
  );
  process.stdout.write(`${JSON.stringify({ bench: 'network', ...result })}\n`);
}

interface SignedRecords {
  readonly author: number;
  readonly bytes: Uint8Array;
  readonly count: number;
}

function signBatches(network: Network, options: NetworkBenchOptions): SignedRecords[][] {
  const hasher = new BatchHasher(domainSeparator(network.domain));
  const impressions = Math.ceil(options.records / options.blocks / network.members.length);
  const records = new Uint8Array(batchRecords * limits.recordBytes);
  const view = viewOf(records);
  return Array.from({ length: options.blocks }, (_, blockNumber) => {
    const batches: SignedRecords[] = [];
    for (let from = 0; from < impressions; from += batchRecords) {
      for (const { index: author, secrets } of network.members) {
        let count = 0;
        for (let at = from; at < Math.min(from + batchRecords, impressions); at++) {
          if (writeRecord(view, count * 64, seed, at + blockNumber * impressions, author, 1)) count += 1;
        }
        const header = { channelId: network.channelId, blockNumber, author, sequence: BigInt(from) };
        const bytes = signBatch(hasher, secrets.record.privateKey, header, records.subarray(0, count * 64));
        batches.push({ author, bytes, count });
      }
    }
    return batches;
  });
}

async function submitAll(
  network: Network,
  batches: readonly SignedRecords[],
  inFlight: number,
  receiptMs: number[],
): Promise<void> {
  let next = 0;
  const lane = async (): Promise<void> => {
    while (next < batches.length) {
      const { author, bytes } = batches[next++];
      const from = performance.now();
      const answer = await network.submit(network.members[author], bytes);
      receiptMs.push(performance.now() - from);
      if (!answer.ok) throw new Error(`refused: ${answer.code}: ${answer.message}`);
    }
  };
  await Promise.all(Array.from({ length: inFlight }, lane));
}

function benchSpec(blocks: number): NetworkSpec {
  return {
    schemaVersion: 4,
    origin: 'bench network',
    seed: 'bench',
    participants: [
      { name: 'dsp', role: 'dsp' },
      { name: 'ssp', role: 'ssp' },
      { name: 'auditor', role: 'auditor' },
    ],
    currency: 'EUR',
    depositNano: '1000000000000000000',
    blockMaxNano: '1000000000000000000',
    auditorFeeNano: '100',
    priceNanoMax: '1000000000',
    firstBlockStart: 1_767_225_600,
    blockDuration: 3_600,
    blocksMax: blocks + 1,
    collectionGrace: 60,
    collationPeriod: 600,
    processingPeriod: 600,
    challengePeriod: 600,
  };
}
