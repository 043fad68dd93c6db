import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { collectionEnd } from '#protocol';
import { CutMarks, type RecordLog } from '#record-log';
import { openMemoryRecordLog } from '#record-log/memory-record-log';
import { damagedLog, TestNode } from './testing/test-node.js';

let node: TestNode;
let places: Set<string>;

beforeEach(async () => {
  node = await TestNode.open();
  await node.close();
  places = new Set();
  await node.reopen(log());
});
afterEach(() => node.close());

const log = (): RecordLog => damagedLog(openMemoryRecordLog(node.drawers), places);

/** As whoever collates reads them: anew. */
const endsOf = (blockNumber: number) =>
  new CutMarks(log(), () => {}).endsOf(node.chain.channelId, blockNumber);

async function cutBlocks(): Promise<void> {
  expect(await node.post(node.chain.batch())).toMatchObject({ status: 202 });
  node.chain.moveTo(collectionEnd(node.chain.terms, 0));
  expect(await node.app.node.sweep()).toBe(1);
  expect(await node.post(node.chain.batch({ blockNumber: 1, impressions: ['next'] }))).toMatchObject({
    status: 202,
  });
}

describe('a channel node whose log is damaged under it', () => {
  it('writes the cut mark of a block that may still be collated again, as it was, and says so', async () => {
    await cutBlocks();
    places.add('cut-marks/0');
    expect(await endsOf(0)).toBeUndefined();
    node.clock.advanceTo(node.clock.nowMs() + 1_000);
    expect(await node.app.node.sweep()).toBe(1);
    expect(node.told).toEqual(['a cut mark in the log is damaged: it is written again']);
    expect(await endsOf(0)).toEqual([[1, 1]]);
    places.add('cut-marks/1');
    node.clock.advanceTo(node.clock.nowMs() + 1_000);
    expect(await node.app.node.sweep()).toBe(1);
    expect(await endsOf(0)).toEqual([[1, 1]]);
    expect(await node.app.node.sweep()).toBe(0);
  });

  it('looks at its cut marks once a second at most, and no longer at those of blocks that are over', async () => {
    await cutBlocks();
    places.add('cut-marks/0');
    node.clock.advanceTo(node.clock.nowMs() + 999);
    expect(await node.app.node.sweep()).toBe(0);
    node.clock.advanceTo(node.clock.nowMs() + 1_000);
    node.chain.moveTo(collectionEnd(node.chain.terms, 0) + node.chain.terms.collationPeriod);
    expect(await node.app.node.sweep()).toBe(0);
  });

  it('writes a mark that was damaged while it was away with the ends of now, also between others', async () => {
    const short = { blockDuration: 60, collectionGrace: 30 };
    node = await reopened(short);
    for (const blockNumber of [0, 1, 2]) {
      node.chain.moveTo(collectionEnd(node.chain.terms, blockNumber) - 1);
      const impressions = [`in ${blockNumber}`];
      expect(await node.post(node.chain.batch({ blockNumber, impressions }))).toMatchObject({ status: 202 });
      node.chain.moveTo(collectionEnd(node.chain.terms, blockNumber));
      expect(await node.app.node.sweep()).toBe(1);
    }
    await node.close();
    places.add('cut-marks/1');
    await node.reopen(log());
    expect(await endsOf(1)).toBeUndefined();
    expect(await node.app.node.sweep()).toBe(1);
    expect(await endsOf(1)).toEqual([[1, 3]]);
    expect(await endsOf(2)).toEqual([[1, 3]]);
    expect(await node.app.node.sweep()).toBe(0);
  });

  it('appends a repeated batch anew whose bytes the log has damaged, and gives its receipt for those', async () => {
    const batch = node.chain.batch();
    expect(await node.post(batch)).toMatchObject({ status: 202, body: { logOffset: 0 } });
    expect(await node.post(batch)).toMatchObject({ status: 202, body: { logOffset: 0 } });
    places.add('1/0');
    node.clock.advanceTo(node.clock.nowMs() + 5_000);
    const again = await Promise.all([node.post(batch), node.post(batch)]);
    for (const one of again) {
      expect(one).toMatchObject({ status: 202, body: { logOffset: 1, receivedAt: 1_700_000_000 } });
    }
    expect(node.told).toEqual(['a batch that is repeated is damaged in the log']);
    expect(await node.entries(1)).toEqual([batch]);
    expect(await node.recordLog.end(node.partition(1))).toBe(2);
    await node.app.node.sweep();
    node.chain.moveTo(collectionEnd(node.chain.terms, 0));
    expect(await node.app.node.sweep()).toBe(1);
    expect(await endsOf(0)).toEqual([[1, 2]]);
  });

  it('gives no receipt for a damaged batch of a block that takes nothing more', async () => {
    await cutBlocks();
    expect(await node.post(node.chain.batch())).toMatchObject({ status: 202 });
    places.add('1/0');
    expect(await node.post(node.chain.batch())).toMatchObject({
      status: 503,
      body: { code: 'record-log-unavailable' },
    });
    expect(await node.recordLog.end(node.partition(1))).toBe(2);
  });

  it('takes a damaged batch as new after a restart', async () => {
    const batch = node.chain.batch();
    expect(await node.post(batch)).toMatchObject({ status: 202 });
    await node.close();
    places.add('1/0');
    await node.reopen(log());
    expect(await node.post(batch)).toMatchObject({ status: 202, body: { logOffset: 1 } });
    expect(await node.entries(1)).toEqual([batch]);
    expect(node.told).toEqual(['an entry of the log is damaged']);
  });
});

async function reopened(change: Parameters<typeof TestNode.open>[0]): Promise<TestNode> {
  await node.close();
  const other = await TestNode.open(change);
  await other.close();
  node = other;
  await other.reopen(log());
  return other;
}
