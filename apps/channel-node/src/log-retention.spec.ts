import { setImmediate } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { overAtLatest } from '#block-watch';
import { Fault } from '#environment';
import { openMemoryKeyValue } from '#key-value/memory-key-value';
import { collectionEnd, parseHeader } from '#protocol';
import { CutMarks } from '#record-log';
import { openMemoryRecordLog } from '#record-log/memory-record-log';
import { start } from './testing/test-channel.js';
import { TestNode } from './testing/test-node.js';

const change = { blockDuration: 60, collectionGrace: 0, retentionPeriod: 600, blocksMax: 1_000 };
const options = { rememberSeconds: 60 };
let node: TestNode;
let keyValue: ReturnType<typeof openMemoryKeyValue>;
let done: number;

beforeEach(async () => {
  node = await TestNode.open(change);
  await node.close();
  keyValue = openMemoryKeyValue();
  await node.reopen(undefined, { keyValue, options });
  done = 0;
});
afterEach(() => node.close());

/** One batch in each block, each cut off in time. */
async function passBlocks(until: number): Promise<void> {
  for (; done < until; done++) {
    node.chain.moveTo(start + 60 * done + 30);
    const batch = node.chain.batch({ blockNumber: done, impressions: [`in ${done}`] });
    expect(await node.app.node.submit(batch, node.chain.channelId)).toMatchObject({ ok: true });
    node.chain.moveTo(collectionEnd(node.chain.terms, done));
    expect(await node.app.node.sweep()).toBe(1);
  }
}

const blocksInLog = async (): Promise<number[]> =>
  (await node.entries(1)).map((bytes) => Number(parseHeader(bytes).blockNumber));
const marksInLog = async (): Promise<number[]> =>
  (await node.cutMarks()).map(({ blockNumber }) => blockNumber);

/** The lowest block whose entries may still be needed at this time. */
function firstKept(seconds: number): number {
  let blockNumber = 0;
  const { terms } = node.chain;
  while (overAtLatest(terms, blockNumber) + terms.retentionPeriod <= seconds) blockNumber++;
  return blockNumber;
}

it('keeps the entries of every block until it is over since retentionPeriod, and not much longer', async () => {
  await passBlocks(80);
  for (const found of [await blocksInLog(), await marksInLog()]) {
    const kept = firstKept(node.chain.nowSeconds);
    expect(found[0]).toBeLessThanOrEqual(kept);
    expect(found[0]).toBeGreaterThanOrEqual(kept - 6);
    expect(found).toEqual(Array.from({ length: 80 - found[0] }, (_, at) => found[0] + at));
  }
});

it('forgets nothing before a finalized height says so', async () => {
  node.chain.finalizedSeconds = start;
  await passBlocks(80);
  expect(await blocksInLog()).toHaveLength(80);
  node.chain.finalizedSeconds = undefined;
  await passBlocks(82);
  const [first] = await blocksInLog();
  expect(first).toBeGreaterThan(firstKept(node.chain.nowSeconds) - 7);
});

it('says that the log could not be told, keeps what it noted, and tells it again a minute later', async () => {
  await node.close();
  const recordLog = openMemoryRecordLog(node.drawers);
  const truncate = recordLog.truncateBefore.bind(recordLog);
  let failed = 0;
  recordLog.truncateBefore = async () => {
    failed++;
    await setImmediate();
    throw new Fault('record-log-unavailable', 'the disk is gone', { retriable: true });
  };
  await node.reopen(recordLog, { keyValue, options });
  await passBlocks(80);
  expect(failed).toBeGreaterThan(1);
  expect(await blocksInLog()).toHaveLength(80);
  expect(new Set(node.told)).toEqual(new Set(['the log could not be told to forget what is over']));
  recordLog.truncateBefore = truncate;
  await passBlocks(82);
  const [first] = await blocksInLog();
  expect(first).toBeGreaterThan(firstKept(node.chain.nowSeconds) - 7);
});

it('goes on after a restart where it was, with the last cut mark in the log', async () => {
  await passBlocks(40);
  await node.close();
  await node.reopen(undefined, { keyValue, options });
  await passBlocks(75);
  await node.close();
  await node.reopen(undefined, { keyValue, options });
  await passBlocks(80);
  const [first] = await blocksInLog();
  expect(first).toBeGreaterThan(firstKept(node.chain.nowSeconds) - 7);
  const cutBelow = new CutMarks(node.recordLog, () => {}).cutBelow(node.chain.channelId);
  expect(await cutBelow).toBe(80);
});

it('keeps nothing of a channel whose last block is over since retentionPeriod, and cuts no block again', async () => {
  await node.close();
  node = await TestNode.open({ ...change, blocksMax: 5 });
  await node.close();
  await node.reopen(undefined, { keyValue, options });
  await passBlocks(5);
  const { terms } = node.chain;
  const forgottenAt = overAtLatest(terms, 4) + terms.retentionPeriod;
  node.chain.moveTo(forgottenAt - 1);
  await node.app.node.sweep();
  expect(await marksInLog()).toContain(4);
  node.chain.moveTo(forgottenAt + 60);
  await node.app.node.sweep();
  expect([await blocksInLog(), await marksInLog()]).toEqual([[], []]);
  await node.close();
  await node.reopen(undefined, { keyValue, options });
  expect(await node.app.node.sweep()).toBe(0);
  const late = node.chain.batch({ blockNumber: 4, impressions: ['late'] });
  expect(await node.app.node.submit(late, node.chain.channelId)).toMatchObject({ code: 'block-closed' });
  expect([await blocksInLog(), await marksInLog()]).toEqual([[], []]);
});

it('cuts blocks off while the chain does not say what is final', async () => {
  await passBlocks(70);
  let goOn = (): void => {};
  node.chain.finalityGate = new Promise((resolve) => {
    goOn = resolve;
  });
  const sweeps: Promise<number>[] = [];
  const isCut = async (blockNumber: number): Promise<boolean> => (await marksInLog()).includes(blockNumber);
  for (let blockNumber = 70; blockNumber < 78; blockNumber++) {
    node.chain.moveTo(collectionEnd(node.chain.terms, blockNumber));
    sweeps.push(node.app.node.sweep());
    for (let turn = 0; turn < 1_000 && !(await isCut(blockNumber)); turn++) await setImmediate();
  }
  const wasCut = await isCut(77);
  goOn();
  await Promise.all(sweeps);
  expect(wasCut).toBe(true);
});
