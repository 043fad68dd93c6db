/** Collation of one block: record log on disk → ordered, cut, sealed → part store on disk; throughput and
 *  resident memory. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { collateBlock } from '#apps/collator/src/collate-block';
import { sha256 } from '#crypto';
import { type Digest, toHex, utf8, viewOf } from '#encoding';
import { seededEntropy, silentLog } from '#environment';
import { openFilePartStore } from '#part-store/file-part-store';
import { batchAt, batchBytes } from '#protocol';
import type { AuthorPositions, LogPosition, RecordLog } from '#record-log';
import { openFileRecordLog } from '#record-log/file-record-log';
import { measure, printTable } from './measure.js';

export interface CollateBenchOptions {
  readonly records: number;
  readonly recordsPerBatch: number;
}

export interface CollateBenchResult {
  readonly name: 'collate';
  readonly options: CollateBenchOptions;
  readonly records: number;
  readonly segments: number;
  readonly recordsPerSecond: number;
  readonly recordsPerCpuSecond: number;
  /** Memory of the process itself, and with pages of the log that the kernel keeps mapped. */
  readonly peakOwnMebibytes: number;
  readonly peakResidentMebibytes: number;
  readonly partRoot: Digest;
}

const channelId = toHex(sha256(utf8('papyrus bench channel')));
const authors = 3;
const sampleMs = 20;

export async function run(options: CollateBenchOptions): Promise<CollateBenchResult> {
  const folder = mkdtempSync(join(tmpdir(), 'papyrus-bench-collate-'));
  const recordLog = await openFileRecordLog(join(folder, 'log'));
  const partStore = openFilePartStore(join(folder, 'parts'));
  const ends = await fill(recordLog, options);
  const records = batchesPerAuthor(options) * authors * options.recordsPerBatch;
  const memory = watchMemory();
  let collated: Awaited<ReturnType<typeof collateBlock>> | undefined;
  const measured = await measure(async () => {
    const range = { channelId, blockNumber: 7, begins: [], ends };
    const blockKey = sha256(utf8('papyrus bench block'));
    const ports = { recordLog, partStore, log: silentLog };
    collated = await collateBlock(range, blockKey, 'bench', ports, new AbortController().signal);
  });
  const peak = memory.stop();
  await recordLog.close();
  await partStore.close();
  rmSync(folder, { recursive: true, force: true });
  if (collated === undefined) throw new Error('nothing was collated');
  const { segmentCount, partRoot } = collated.commitment;
  return {
    name: 'collate',
    options,
    records,
    segments: segmentCount,
    recordsPerSecond: records / measured.wallSeconds,
    recordsPerCpuSecond: records / measured.cpuSeconds,
    peakOwnMebibytes: peak.own,
    peakResidentMebibytes: peak.resident,
    partRoot: toHex(partRoot),
  };
}

export async function main(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      records: { type: 'string', default: '3000000' },
      'records-per-batch': { type: 'string', default: '1000' },
      full: { type: 'boolean', default: false },
    },
  });
  const result = await run({
    records: values.full ? 30_000_000 : Number(values.records),
    recordsPerBatch: Number(values['records-per-batch']),
  });
  printTable([
    ['records', result.records.toLocaleString('en')],
    ['sealed segments', result.segments.toLocaleString('en')],
    ['records/s, wall', Math.round(result.recordsPerSecond).toLocaleString('en')],
    ['records per CPU-second', Math.round(result.recordsPerCpuSecond).toLocaleString('en')],
    ['peak of own memory', `${Math.round(result.peakOwnMebibytes)} MiB`],
    ['peak resident, with mapped pages of the log', `${Math.round(result.peakResidentMebibytes)} MiB`],
    ['limit', '1,024 MiB'],
    ['partRoot', result.partRoot],
  ]);
  process.stdout.write(`${JSON.stringify(result)}\n`);
}

const batchesPerAuthor = ({ records, recordsPerBatch }: CollateBenchOptions): number =>
  Math.ceil(records / recordsPerBatch / authors);

/** Batches whose records are noise: collation reads headers and never looks into records. */
async function fill(recordLog: RecordLog, options: CollateBenchOptions): Promise<AuthorPositions> {
  const batches = batchesPerAuthor(options);
  const noise = seededEntropy('collate bench').bytes(options.recordsPerBatch * 64);
  const ends: [number, LogPosition][] = [];
  const claim = await recordLog.claim(channelId);
  for (let author = 0; author < authors; author++) {
    let appends: Promise<unknown>[] = [];
    for (let at = 0; at < batches; at++) {
      // Every tenth batch overtakes the one before, as senders in parallel do.
      const sequence = at % 10 === 0 && at + 1 < batches ? at + 1 : at % 10 === 1 ? at - 1 : at;
      const batch = noiseBatch(author, sequence, options.recordsPerBatch, noise);
      appends.push(recordLog.append(claim, { channelId, stream: author }, batch, 0));
      if (appends.length === 64) appends = (await Promise.all(appends)) && [];
    }
    await Promise.all(appends);
    ends.push([author, await recordLog.end({ channelId, stream: author })]);
  }
  return ends;
}

function noiseBatch(author: number, sequence: number, count: number, noise: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(batchBytes(count));
  const view = viewOf(bytes);
  bytes.set(utf8('papyrus'));
  bytes[7] = 1;
  view.setBigUint64(batchAt.blockNumber, 7n, true);
  view.setBigUint64(batchAt.sequence, BigInt(sequence), true);
  view.setUint32(batchAt.count, count, true);
  bytes[batchAt.author] = author;
  bytes.set(sha256(utf8(`${author}/${sequence}`)), batchAt.recordsRoot);
  bytes.set(noise, bytes.length - noise.length);
  return bytes;
}

/** Highest memory while watched, MiB; own memory leaves out mapped files, which the kernel takes back at
 *  will. */
function watchMemory(): { stop(): { own: number; resident: number } } {
  let own = 0;
  let resident = 0;
  const look = (): void => {
    const now = memoryNow();
    own = Math.max(own, now.own);
    resident = Math.max(resident, now.resident);
  };
  const timer = setInterval(look, sampleMs);
  look();
  return {
    stop: () => {
      look();
      clearInterval(timer);
      return { own, resident };
    },
  };
}

function memoryNow(): { own: number; resident: number } {
  const resident = process.memoryUsage.rss() / 1_048_576;
  try {
    const status = readFileSync('/proc/self/status', 'utf8');
    const own = Number(/^RssAnon:\s+(\d+)/m.exec(status)?.[1] ?? Number.NaN) / 1_024;
    return { own: Number.isNaN(own) ? resident : own, resident };
  } catch {
    // Elsewhere than on Linux the two cannot be told apart.
    return { own: resident, resident };
  }
}
