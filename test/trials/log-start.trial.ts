/**
 * Starts a channel node on a log of 1.5 GB, of which 200 MB lie behind the last cut mark, and on one of which
 * nothing is cut: how soon it answers, and how soon it is ready to take records. The node has run on it before.
 */
import { spawn } from 'node:child_process';
import { randomFillSync } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout } from 'node:timers/promises';
import { start, TestChain } from '#apps/channel-node/src/testing/test-channel';
import { viewOf } from '#encoding';
import { builtFile } from '#environment/built-file';
import { batchAt, collectionEnd } from '#protocol';
import { encodeCutMark, endsNow } from '#record-log';
import { openFileRecordLog } from '#record-log/file-record-log';

const megabyte = 1_000_000;
const blocks = 13;
const blockBytes = 100 * megabyte;
const lastBytes = 200 * megabyte;
const recordsPerBatch = 1_000;
const bounds = {
  cut: { healthMs: 1_000, readyMs: 3_000 },
  uncut: { healthMs: 1_000, readyMs: 15_000 },
};

/** A node on the folder, at this chain time; prints its URL. */
const node = (folder: string, nowSeconds: number) => `
  import { startChannelNodeApp } from '${builtFile('apps/channel-node/src/channel-node.app.js')}';
  import { accounts, operatorKeys, TestChain } from '${builtFile('apps/channel-node/src/testing/test-channel.js')}';
  import { silentLog, systemClock } from '${builtFile('libs/environment/index.js')}';
  import { openFileKeyValue } from '${builtFile('libs/key-value/file-key-value.js')}';
  import { openFileRecordLog } from '${builtFile('libs/record-log/file-record-log.js')}';
  const chain = new TestChain();
  chain.nowSeconds = ${nowSeconds};
  const recordLog = await openFileRecordLog('${folder}/log');
  const keyValue = await openFileKeyValue('${folder}/state');
  const ports = { recordLog, keyValue, chain: chain.port(), clock: systemClock, log: silentLog };
  const options = { account: accounts[1], operatorKey: operatorKeys[1], requestTimeoutMs: 1_000 };
  const app = await startChannelNodeApp(options, ports, { runs: false });
  console.log(app.url);
  process.on('SIGTERM', async () => {
    const { maxRSS, userCPUTime, systemCPUTime } = process.resourceUsage();
    console.log(Math.round(maxRSS / 1_024) + ' ' + Math.round((userCPUTime + systemCPUTime) / 1_000));
    await app.close();
    await recordLog.close();
    await keyValue.close();
    process.exit(0);
  });`;

/** `rounds` of each, 3 unless said. */
export async function runTrial([rounds = '3']: string[]): Promise<boolean> {
  let isGood = true;
  for (const kind of ['cut', 'uncut'] as const) {
    const folder = mkdtempSync(join(tmpdir(), 'papyrus-log-start-'));
    try {
      const bytes = await fill(join(folder, 'log'), kind === 'cut');
      // The first start remembers from where on the log has to be read.
      await startedOn(folder);
      for (let round = 0; round < Number(rounds); round++) {
        const { healthMs, readyMs, cpuMs, mebibytes } = await startedOn(folder);
        isGood &&= healthMs <= bounds[kind].healthMs && readyMs <= bounds[kind].readyMs;
        process.stdout.write(
          `${kind}: ${(bytes / megabyte).toFixed(0)} MB of log, answers after ${healthMs} ms, ready after ` +
            `${readyMs} ms and ${cpuMs} ms of CPU, ${mebibytes} MiB at most\n`,
        );
      }
    } finally {
      rmSync(folder, { recursive: true });
    }
  }
  return isGood;
}

/** Blocks of 100 MB of two authors, each with its cut mark if `isCut`, and one of 200 MB that collects. */
async function fill(folder: string, isCut: boolean): Promise<number> {
  const { channelId } = new TestChain();
  const log = await openFileRecordLog(folder);
  const claim = await log.claim(channelId);
  let sequence = 0n;
  let written = 0;
  for (let blockNumber = 0; blockNumber <= blocks; blockNumber++) {
    const until = written + (blockNumber === blocks ? lastBytes : blockBytes);
    while (written < until) {
      const batch = noiseBatch(blockNumber, sequence++);
      const stream = batch[batchAt.author];
      written += batch.length;
      const appended = log.append(claim, { channelId, stream }, batch, 1_700_000_000_000);
      if (sequence % 64n === 0n) await appended;
    }
    const entry = encodeCutMark({ blockNumber, ends: await endsNow(log, channelId) });
    if (isCut && blockNumber < blocks) await log.append(claim, { channelId, stream: 'cut-marks' }, entry, 0);
  }
  await log.close();
  return written;
}

const shape = new TestChain().batch({
  impressions: Array.from({ length: recordsPerBatch }, (_, at) => `impression ${at}`),
});

/** What is in the log is not verified again: records of noise, in a batch of the right shape. */
function noiseBatch(blockNumber: number, sequence: bigint): Uint8Array {
  const bytes = randomFillSync(new Uint8Array(shape.length));
  bytes.set(shape.subarray(0, shape.length - recordsPerBatch * 64));
  randomFillSync(bytes, batchAt.recordsRoot, 32);
  viewOf(bytes).setBigUint64(batchAt.blockNumber, BigInt(blockNumber), true);
  viewOf(bytes).setBigUint64(batchAt.sequence, sequence, true);
  bytes[batchAt.author] = Number(sequence % 2n);
  return bytes;
}

async function startedOn(folder: string) {
  const { terms } = new TestChain();
  const nowSeconds = Math.max(start, collectionEnd(terms, blocks - 1) + 60);
  const file = join(folder, 'node.mjs');
  writeFileSync(file, node(folder, nowSeconds));
  const fromMs = performance.now();
  const child = spawn(process.execPath, [file], { stdio: ['ignore', 'pipe', 'inherit'] });
  const lines: string[] = [];
  const reading = (async () => {
    for await (const line of createInterface({ input: child.stdout })) lines.push(line);
  })();
  while (lines.length === 0 && child.exitCode === null) await setTimeout(5);
  await fetch(`${lines[0]}/health/live`);
  const healthMs = Math.round(performance.now() - fromMs);
  while (!(await fetch(`${lines[0]}/health/ready`)).ok) await setTimeout(20);
  const readyMs = Math.round(performance.now() - fromMs);
  child.kill('SIGTERM');
  await reading;
  const [mebibytes, cpuMs] = (lines.at(-1) ?? '').split(' ');
  return { healthMs, readyMs, cpuMs, mebibytes };
}
