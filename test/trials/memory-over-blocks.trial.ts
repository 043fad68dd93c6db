/**
 * A channel node, a process of its own, takes 13.8 million records in 60 blocks of 2 s, all with impressions of
 * their own and half of them its participant's; every block is cut off when its records are in. What it may
 * remember of impressions is used up on the way: how much memory it has at the end of each block.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { randomFillSync } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { batchMediaType } from '#api';
import { separator, start, TestChain, testKey, testTerms } from '#apps/channel-node/src/testing/test-channel';
import { builtFile } from '#environment/built-file';
import { BatchHasher, collectionEnd, limits, recordAt, signBatch } from '#protocol';

const blocks = 60;
const recordsPerBatch = 1_000;
const atOnce = 8;
/** Beside the impressions: program, heap, buffers, the batches that it knows. */
const otherMebibytesMax = 320;
/** Between the greatest of the last 15 blocks and of the 15 before. */
const growthMebibytesMax = 32;
const change = { blockDuration: 2, collectionGrace: 1, blocksMax: 1_000, authorBytesMax: 2 ** 31 };
const chain = new TestChain(testTerms(change));
const hasher = new BatchHasher(separator);
const keys = [testKey('dsp record'), testKey('ssp record')];
const names = Array.from({ length: recordsPerBatch }, (_, at) => `impression ${at}`);
const shapes = [0, 1].map((author) =>
  chain.batch({ author, impressions: names }).slice(limits.batchHeaderBytes),
);

/** Moves to the chain time that it is sent, does what is due, and tells its resident memory and what it said. */
const node = (folder: string, impressionBytesMax: number) => `
  import { startChannelNodeApp } from '${builtFile('apps/channel-node/src/channel-node.app.js')}';
  import { accounts, operatorKeys, TestChain, testTerms } from '${builtFile('apps/channel-node/src/testing/test-channel.js')}';
  import { DrivenClock, silentLog } from '${builtFile('libs/environment/index.js')}';
  import { openFileKeyValue } from '${builtFile('libs/key-value/file-key-value.js')}';
  import { openFileRecordLog } from '${builtFile('libs/record-log/file-record-log.js')}';
  const chain = new TestChain(testTerms(${JSON.stringify(change)}));
  const recordLog = await openFileRecordLog('${folder}/log');
  const keyValue = await openFileKeyValue('${folder}/state');
  const clock = new DrivenClock(${start * 1_000});
  let warnings = 0;
  const log = { ...silentLog, warn: () => warnings++ };
  const options = {
    account: accounts[1],
    operatorKey: operatorKeys[1],
    requestTimeoutMs: 1_000,
    impressionBytesMax: ${impressionBytesMax},
  };
  const app = await startChannelNodeApp(
    options, { recordLog, keyValue, chain: chain.port(), clock, log }, { runs: false },
  );
  process.on('message', async (nowSeconds) => {
    clock.advanceTo(nowSeconds * 1_000);
    chain.moveTo(nowSeconds);
    const cut = await app.node.sweep();
    process.send({ cut, warnings, mebibytes: Math.round(process.memoryUsage.rss() / 2 ** 20) });
  });
  process.on('disconnect', () => process.exit(0));
  process.send({ url: app.url });`;

interface Told {
  readonly cut: number;
  readonly warnings: number;
  readonly mebibytes: number;
}

/** `mebibytes` for impressions, 64 unless said, and records in all, 13,800,000 unless said. */
export async function runTrial([mebibytes = '64', records = '13800000']: string[]): Promise<boolean> {
  const folder = mkdtempSync(join(tmpdir(), 'papyrus-memory-'));
  const file = join(folder, 'node.mjs');
  writeFileSync(file, node(folder, Number(mebibytes) * 2 ** 20));
  const child = fork(file, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  try {
    const [{ url }] = (await once(child, 'message')) as [{ url: string }];
    const perBlock = Math.ceil(Number(records) / blocks / recordsPerBatch);
    const told: Told[] = [];
    for (let blockNumber = 0; blockNumber < blocks; blockNumber++) {
      await askedAt(child, start + blockNumber * change.blockDuration);
      await fill(url, blockNumber, perBlock);
      told.push(await askedAt(child, collectionEnd(chain.terms, blockNumber)));
      const { mebibytes: now, warnings } = told[blockNumber];
      process.stdout.write(`block ${blockNumber}: ${now} MiB, said full ${warnings} times\n`);
    }
    return judge(told, Number(mebibytes), perBlock * recordsPerBatch * blocks);
  } finally {
    child.kill('SIGKILL');
    rmSync(folder, { recursive: true });
  }
}

function judge(told: readonly Told[], mebibytes: number, records: number): boolean {
  const greatest = (from: number, to: number): number =>
    Math.max(...told.slice(from, to).map((one) => one.mebibytes));
  const [before, last, most] = [greatest(30, 45), greatest(45, 60), greatest(0, 60)];
  const cut = told.reduce((sum, one) => sum + one.cut, 0);
  const bound = mebibytes + otherMebibytesMax;
  process.stdout.write(
    `${records} records in ${blocks} blocks, ${cut} cut, ${mebibytes} MiB for impressions: at most ${most} MiB ` +
      `resident (bound ${bound}), ${before} in blocks 30 to 44 and ${last} in 45 to 59\n`,
  );
  return cut === blocks && most <= bound && last - before <= growthMebibytesMax;
}

async function askedAt(child: ChildProcess, nowSeconds: number): Promise<Told> {
  child.send(nowSeconds);
  return (await once(child, 'message'))[0] as Told;
}

async function fill(url: string, blockNumber: number, batches: number): Promise<void> {
  let next = 0;
  const turn = async (): Promise<void> => {
    for (let at = next++; at < batches; at = next++) await post(url, batchOf(blockNumber, at));
  };
  await Promise.all(Array.from({ length: atOnce }, turn));
}

function batchOf(blockNumber: number, at: number): Uint8Array {
  const author = at % 2;
  const records = shapes[author].slice();
  for (let index = 0; index < recordsPerBatch; index++) {
    randomFillSync(records, index * limits.recordBytes + recordAt.impressionKey, 16);
  }
  const header = { channelId: chain.channelId, blockNumber, author, sequence: BigInt(at) };
  return signBatch(hasher, keys[author], header, records);
}

async function post(url: string, batch: Uint8Array): Promise<void> {
  const response = await fetch(`${url}/v1/channels/${chain.channelId}/records`, {
    method: 'POST',
    headers: { 'content-type': batchMediaType },
    body: batch as Uint8Array<ArrayBuffer>,
  });
  const text = await response.text();
  if (response.status !== 202) throw new Error(`${response.status} ${text}`);
}
