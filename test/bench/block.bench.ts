/** P5 of performance.md: sealed parts of three participants that hold everything → open → verify → reduce →
 *  root, work digest. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { BlockReduction } from '#block-reduction/block-reduction';
import { hash64Into } from '#crypto';
import { toHex } from '#encoding';
import type { PartStore } from '#part-store';
import { openFilePartStore } from '#part-store/file-part-store';
import { blockDrawer, openMemoryPartStore } from '#part-store/memory-part-store';
import { type Measured, measure, median, peakResidentMebibytes, printTable } from './measure.js';
import { storeSyntheticBlock } from './synthetic-block.js';

export interface BlockBenchOptions {
  /** Distinct records, about. */
  readonly records: number;
  readonly threads: number;
  readonly repeats: number;
  readonly rowMebibytes: number;
  /** Where sealed parts lie: in memory, or as files, so that memory shows only what reducing takes. */
  readonly store: 'memory' | 'files';
}

export interface BlockBenchResult {
  readonly name: 'block';
  readonly options: BlockBenchOptions;
  readonly records: number;
  readonly recordsPerSecond: number;
  readonly recordsPerCpuSecond: number;
  /** SHA-256 of 64-byte messages, one thread, in the same run. */
  readonly hashesPerSecond: number;
  readonly peakResidentMebibytes: number;
  readonly settlementRoot: string;
}

export async function run(options: BlockBenchOptions): Promise<BlockBenchResult> {
  const folder = mkdtempSync(join(tmpdir(), 'papyrus-bench-block-'));
  const partStore = options.store === 'memory' ? uncopiedStore() : openFilePartStore(join(folder, 'parts'));
  const block = await storeSyntheticBlock({ impressions: Math.ceil(options.records / 3) }, partStore);
  const { threads, rowMebibytes } = options;
  const reduction = new BlockReduction({ threads, spillFolder: folder, rowMebibytes }, { partStore });
  const validator = '0x00112233445566778899aabbccddeeff00112233';
  const runs: Measured[] = [];
  const hashRates: number[] = [];
  let settlementRoot = '';
  for (let repeat = 0; repeat < options.repeats; repeat++) {
    hashRates.push(hashRate());
    const measured = await measure(async () => {
      const { output } = await reduction.reduce({ ...block, validator });
      settlementRoot = toHex(output.settlementRoot);
    });
    runs.push(measured);
  }
  await reduction.close();
  await partStore.close();
  rmSync(folder, { recursive: true, force: true });
  return {
    name: 'block',
    options,
    records: block.records,
    recordsPerSecond: block.records / median(runs.map((one) => one.wallSeconds)),
    recordsPerCpuSecond: block.records / median(runs.map((one) => one.cpuSeconds)),
    hashesPerSecond: median(hashRates),
    peakResidentMebibytes: peakResidentMebibytes(),
    settlementRoot,
  };
}

export async function main(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      records: { type: 'string', default: '3000000' },
      threads: { type: 'string', default: '2' },
      repeats: { type: 'string', default: '5' },
      'row-mebibytes': { type: 'string', default: '400' },
      store: { type: 'string', default: 'memory' },
      full: { type: 'boolean', default: false },
    },
  });
  const result = await run({
    records: values.full ? 9_000_000 : Number(values.records),
    threads: Number(values.threads),
    repeats: Number(values.repeats),
    rowMebibytes: Number(values['row-mebibytes']),
    store: values.store === 'files' ? 'files' : 'memory',
  });
  printTable([
    ['distinct records', result.records.toLocaleString('en')],
    ['records/s, wall', Math.round(result.recordsPerSecond).toLocaleString('en')],
    ['records per CPU-second', Math.round(result.recordsPerCpuSecond).toLocaleString('en')],
    ['SHA-256 of 64 bytes, one thread', `${(result.hashesPerSecond / 1e6).toFixed(1)} M/s`],
    ['goal P5, records/s', '3,000,000'],
    ['peak resident', `${Math.round(result.peakResidentMebibytes)} MiB`],
    ['settlementRoot', result.settlementRoot],
  ]);
  process.stdout.write(`${JSON.stringify(result)}\n`);
}

/** A store in memory that hands out what it holds, so that the bench does not measure copies. */
function uncopiedStore(): PartStore {
  const drawer = blockDrawer();
  const store = openMemoryPartStore(drawer);
  const get = async (digest: Uint8Array) =>
    drawer.blocks.get(Buffer.from(digest).toString('hex')) ?? ('absent' as const);
  return new Proxy(store, {
    get: (target, name) => {
      if (name === 'get') return get;
      const member = Reflect.get(target, name) as unknown;
      return typeof member === 'function' ? member.bind(target) : member;
    },
  });
}

/** The roofline of hashing. */
function hashRate(): number {
  const input = new Uint8Array(64_000).fill(7);
  const output = new Uint8Array(32_000);
  const start = performance.now();
  for (let turn = 0; turn < 2_000; turn++) hash64Into(input, output);
  return (2_000 * 1_000) / ((performance.now() - start) / 1_000);
}
