/** A node whose log was lost, exchanged or put back refuses to take and to cut, and says what is missing. */
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { silentLog, systemClock } from '#environment';
import type { KeyValue } from '#key-value';
import { openMemoryKeyValue } from '#key-value/memory-key-value';
import { collectionEnd } from '#protocol';
import { logBegin, type RecordLog } from '#record-log';
import { openFileRecordLog } from '#record-log/file-record-log';
import { ChannelNode } from './channel-node.js';
import { accounts, operatorKeys, TestChain } from './testing/test-channel.js';

let folder: string;
let keyValue: KeyValue;
let recordLog: RecordLog;
let node: ChannelNode;
const chain = new TestChain();

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'papyrus-known-log-'));
  keyValue = openMemoryKeyValue();
  await start('log');
  expect(await node.submit(chain.batch({ sequence: 0n }), chain.channelId)).toMatchObject({ ok: true });
});
afterEach(async () => {
  await stop();
  await rm(folder, { recursive: true });
});

async function start(log: string): Promise<void> {
  recordLog = await openFileRecordLog(join(folder, log));
  const ports = { recordLog, keyValue, chain: chain.port(), clock: systemClock, log: silentLog };
  const options = {
    account: accounts[1],
    operatorKey: operatorKeys[1],
    requestTimeoutMs: 1_000,
    rememberSeconds: 600,
  };
  node = new ChannelNode(options, ports);
}

async function stop(): Promise<void> {
  await node.stop();
  await recordLog.close();
}

const later = () => node.submit(chain.batch({ sequence: 1n }), chain.channelId);
const marks = () => recordLog.end({ channelId: chain.channelId, stream: 'cut-marks' });

it('goes on with the log that it knows', async () => {
  await stop();
  await start('log');
  expect(await later()).toMatchObject({ ok: true });
});

it('neither takes nor cuts with a log that was begun anew, until it may forget the other', async () => {
  await stop();
  await start('another');
  const other = { code: 'record-log-other', retriable: false };
  await expect(later()).rejects.toMatchObject(other);
  const before = chain.nowSeconds;
  chain.moveTo(collectionEnd(chain.terms, 0));
  await expect(node.sweep()).rejects.toMatchObject(other);
  expect(await marks()).toBe(logBegin);
  expect(JSON.stringify(await node.readiness())).toContain('record-log-other');
  chain.moveTo(before);
  keyValue = openMemoryKeyValue();
  await stop();
  await start('another');
  expect(await later()).toMatchObject({ ok: true });
});

it('neither takes nor cuts with an older copy of its log', async () => {
  await stop();
  await cp(join(folder, 'log'), join(folder, 'copy'), { recursive: true });
  await start('log');
  expect(await later()).toMatchObject({ ok: true });
  const before = chain.nowSeconds;
  chain.moveTo(collectionEnd(chain.terms, 0));
  expect(await node.sweep()).toBe(1);
  await stop();
  await start('copy');
  await expect(node.sweep()).rejects.toMatchObject({ code: 'record-log-shorter', retriable: false });
  await expect(node.sweep()).rejects.toThrow(/ends at 1 in stream 1, and was at 2; bring the folder/);
  expect(await marks()).toBe(logBegin);
  chain.moveTo(before);
});

it('reads from the log only blocks that it remembers, and knows all of those again', async () => {
  const before = chain.nowSeconds;
  const submit = (blockNumber: number, sequence: bigint) =>
    node.submit(
      chain.batch({ blockNumber, sequence, impressions: [`${blockNumber} ${sequence}`] }),
      chain.channelId,
    );
  // The next block begins while the first still collects: its batches stand before the cut.
  chain.moveTo(collectionEnd(chain.terms, 0) - 60);
  for (const [block, sequence] of [
    [0, 1n],
    [1, 2n],
    [0, 3n],
    [1, 4n],
  ] as const)
    await submit(block, sequence);
  chain.moveTo(collectionEnd(chain.terms, 0) + 600);
  expect(await node.sweep()).toBe(1);
  await submit(1, 5n);
  await stop();
  await start('log');
  const from: number[] = [];
  const { read } = recordLog;
  recordLog.read = (partition, range) => {
    if (partition.stream === 1) from.push(range.from);
    return read.call(recordLog, partition, range);
  };
  for (const sequence of [2n, 4n, 5n]) expect(await submit(1, sequence)).toMatchObject({ ok: true });
  expect(from).toEqual([2]);
  expect(await recordLog.end({ channelId: chain.channelId, stream: 1 })).toBe(6);
  chain.moveTo(before);
});
