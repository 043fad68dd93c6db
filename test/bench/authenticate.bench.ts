/** P3 of performance.md: authenticating batches of 1,000 records, against the raw hash rate of hashtree. */
import { parseArgs } from 'node:util';
import { addressOf, hash64Into, sha256 } from '#crypto';
import { fromHex, utf8, viewOf } from '#encoding';
import { BatchHasher, domainSeparator, limits, signBatch } from '#protocol';
import { measure, median, printTable } from './measure.js';

export interface AuthenticateBenchOptions {
  readonly batches: number;
  readonly batchRecords: number;
  readonly repeats: number;
}

export interface AuthenticateBenchResult {
  readonly name: 'authenticate';
  readonly options: AuthenticateBenchOptions;
  /** Signature, record hashes and batch root, one thread. */
  readonly recordsPerCpuSecond: number;
  /**
   * hashtree alone over the same bytes: the hash of each record and every level of the batch's tree, one
   * thread.
   */
  readonly hashedRecordsPerCpuSecond: number;
  readonly ratio: number;
  /** hashtree alone over the records without the tree; half the hashes that a recordsRoot takes. */
  readonly recordHashesPerCpuSecond: number;
  /** Of the time of one batch: header digest and signature, and record hashes with root; microseconds. */
  readonly signatureMicroseconds: number;
  readonly rootMicroseconds: number;
}

export async function run(options: AuthenticateBenchOptions): Promise<AuthenticateBenchResult> {
  const { batches, batchRecords, repeats } = options;
  const hasher = new BatchHasher(
    domainSeparator({ chainId: 1, verifyingContract: `0x${'11'.repeat(20)}` as const }),
  );
  const key = sha256(utf8('bench record key'));
  const signer = fromHex(addressOf(key));
  const all = Array.from({ length: batches }, (_, sequence) =>
    makeBatch(hasher, key, sequence, batchRecords),
  );
  const hashes = new Uint8Array(batchRecords * 32);
  const rates: Record<'whole' | 'raw' | 'tree' | 'signature' | 'root', number[]> = {
    whole: [],
    raw: [],
    tree: [],
    signature: [],
    root: [],
  };
  const records = batches * batchRecords;
  for (let repeat = 0; repeat <= repeats; repeat++) {
    const timed = async (name: keyof typeof rates, work: (batch: Uint8Array) => boolean): Promise<void> => {
      const { cpuSeconds } = await measure(() => {
        for (const batch of all) if (!work(batch)) throw new Error('a good batch was not authenticated');
      });
      // The first round warms up.
      if (repeat > 0) rates[name].push(cpuSeconds);
    };
    await timed('raw', (batch) => {
      hash64Into(batch.subarray(limits.batchHeaderBytes), hashes);
      return true;
    });
    await timed('tree', (batch) => {
      hash64Into(batch.subarray(limits.batchHeaderBytes), hashes);
      for (let nodes = batchRecords; nodes > 1; nodes = (nodes + 1) >> 1) {
        hash64Into(hashes.subarray(0, (nodes >> 1) * 64), hashes);
      }
      return true;
    });
    await timed('whole', (batch) => hasher.isSignedBy(signer, batch) && hasher.hasTrueRoot(batch, 0, hashes));
    await timed('signature', (batch) => hasher.isSignedBy(signer, batch));
    await timed('root', (batch) => hasher.hasTrueRoot(batch, 0, hashes));
  }
  const recordsPerCpuSecond = records / median(rates.whole);
  const hashedRecordsPerCpuSecond = records / median(rates.tree);
  return {
    name: 'authenticate',
    options,
    recordsPerCpuSecond,
    hashedRecordsPerCpuSecond,
    ratio: recordsPerCpuSecond / hashedRecordsPerCpuSecond,
    recordHashesPerCpuSecond: records / median(rates.raw),
    signatureMicroseconds: (median(rates.signature) / batches) * 1e6,
    rootMicroseconds: (median(rates.root) / batches) * 1e6,
  };
}

export async function main(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      batches: { type: 'string', default: '400' },
      records: { type: 'string', default: '1000' },
      repeats: { type: 'string', default: '7' },
    },
  });
  const result = await run({
    batches: Number(values.batches),
    batchRecords: Number(values.records),
    repeats: Number(values.repeats),
  });
  printTable([
    ['authenticated records per CPU-second', Math.round(result.recordsPerCpuSecond).toLocaleString('en')],
    ['hashtree alone, records and tree', Math.round(result.hashedRecordsPerCpuSecond).toLocaleString('en')],
    ['ratio', result.ratio.toFixed(3)],
    ['hashtree alone, records only', Math.round(result.recordHashesPerCpuSecond).toLocaleString('en')],
    ['goal P3', '0.5'],
    ['signature of a batch', `${result.signatureMicroseconds.toFixed(1)} µs`],
    ['record hashes and root of a batch', `${result.rootMicroseconds.toFixed(1)} µs`],
  ]);
  process.stdout.write(`${JSON.stringify(result)}\n`);
}

function makeBatch(hasher: BatchHasher, key: Uint8Array, sequence: number, count: number): Uint8Array {
  const records = new Uint8Array(count * limits.recordBytes);
  const view = viewOf(records);
  for (let index = 0; index < count; index++) view.setUint32(index * 64 + 16, sequence * count + index, true);
  const header = {
    channelId: `0x${'22'.repeat(32)}` as const,
    blockNumber: 0,
    author: 1,
    sequence: BigInt(sequence),
  };
  return signBatch(hasher, key, header, records);
}

if (process.argv[1] === import.meta.filename) await main(process.argv.slice(2));
