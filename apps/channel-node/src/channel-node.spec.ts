import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { jsonMediaType, jsonOfBatch, ndjsonMediaType, ndjsonOfBatch } from '#api';
import { recoverSigner } from '#crypto';
import { type Address, fromHex } from '#encoding';
import { type ChannelId, receiptDigest } from '#protocol';
import { openMemoryRecordLog } from '#record-log/memory-record-log';
import { rootOf, separator } from './testing/test-channel.js';
import { TestNode } from './testing/test-node.js';

let node: TestNode;

beforeEach(async () => {
  node = await TestNode.open();
});
afterEach(() => node.close());

describe('a channel node', () => {
  it('answers a batch with a receipt that its operator key signed, once the batch is in the log', async () => {
    const batch = node.chain.batch({ impressions: ['a', 'b'], sequence: 7n });
    const { status, body, headers } = await node.post(batch);
    expect(status).toBe(202);
    expect(headers.get('x-request-id')).toBe('asked-1');
    expect(body).toMatchObject({
      channelId: node.chain.channelId,
      blockNumber: 0,
      author: 1,
      sequence: '7',
      recordsRoot: rootOf(batch),
      receivedAt: 1_700_000_000,
      logOffset: 0,
    });
    const receipt = {
      channelId: node.chain.channelId,
      blockNumber: 0,
      author: 1,
      sequence: 7n,
      recordsRoot: rootOf(batch),
      receivedAt: 1_700_000_000n,
    };
    const signer = recoverSigner(receiptDigest(separator, receipt), fromHex(body.signature as string));
    expect(signer).toBe(body.signer);
    expect(await node.entries(1)).toEqual([batch]);
  });

  it('takes JSON, NDJSON and binary as one meaning', async () => {
    const batch = node.chain.batch({ impressions: ['a', 'b', 'c'] });
    const binary = await node.post(batch);
    const json = await node.post(JSON.stringify(jsonOfBatch(batch)), { type: jsonMediaType });
    const ndjson = await node.post(ndjsonOfBatch(batch), { type: `${ndjsonMediaType}; charset=utf-8` });
    expect(json).toMatchObject({ status: 202, body: binary.body });
    expect(ndjson).toMatchObject({ status: 202, body: binary.body });
    expect(await node.recordLog.end(node.partition(1))).toBe(1);
  });

  it('takes batches of every participant', async () => {
    expect(await node.post(node.chain.batch({ author: 0 }))).toMatchObject({ status: 202 });
    expect(await node.post(node.chain.batch({ author: 1 }))).toMatchObject({ status: 202 });
  });

  it('gives the same receipt for the same batch, also while the first is on its way', async () => {
    const batch = node.chain.batch();
    const answers = await Promise.all(Array.from({ length: 8 }, () => node.post(batch)));
    for (const { status, body } of answers) {
      expect(status).toBe(202);
      expect(body).toEqual(answers[0].body);
    }
    expect(await node.recordLog.end(node.partition(1))).toBe(1);
  });

  it('gives the same receipt after a restart, and later, and refuses what conflicts with the log', async () => {
    const batch = node.chain.batch();
    const first = await node.post(batch);
    await node.close();
    node.clock.advanceTo(node.clock.nowMs() + 60_000);
    await node.reopen();
    expect((await node.post(batch)).body).toEqual(first.body);
    const other = node.chain.batch({ impressions: ['other'] });
    expect((await node.post(other)).body).toMatchObject({ code: 'sequence-conflict' });
  });

  it('says that it is not ready while its key is not registered, has no coins, or records have no key', async () => {
    const reasons = async () => (await node.app.node.readiness()).reasons.map(({ code }) => code);
    const [, keys] = node.chain.keys;
    expect(await reasons()).toEqual([]);
    node.chain.gas = { balanceWei: 9n, reserveWei: 1n };
    expect(await reasons()).toEqual(['operator-key-low-on-gas']);
    node.chain.keys[1] = keys && { ...keys, recordKey: `0x${'00'.repeat(20)}` as Address };
    node.chain.gas = { balanceWei: 0n, reserveWei: 1n };
    expect(await reasons()).toEqual(['operator-key-without-gas', 'no-record-key']);
    node.chain.keys[1] = undefined;
    expect(await reasons()).toEqual(['operator-key-without-gas', 'node-not-registered']);
  });

  it('asks the chain nothing about channel ids that strangers make up', async () => {
    await node.post(node.chain.batch());
    await node.app.node.sweep();
    const { asked } = node.chain;
    for (let at = 0; at < 50; at++) {
      const channelId = `0x${at.toString(16).padStart(64, '0')}`;
      expect(await node.post(node.chain.batch(), { channelId })).toMatchObject({ status: 404 });
      expect((await fetch(`${node.app.url}/v1/channels/${channelId}`)).status).toBe(404);
      expect((await fetch(`${node.app.url}/v1/channels/${channelId}/blocks/0`)).status).toBe(404);
    }
    expect(node.chain.asked).toBe(asked);
    node.chain.moveTo(node.chain.nowSeconds + 1);
    await Promise.all(
      Array.from({ length: 50 }, (_, at) =>
        node.app.node.channel(`0x${at.toString(16).padStart(64, '0')}` as ChannelId),
      ),
    );
    expect(node.chain.asked).toBe(asked + 1);
  });

  it('shows the channel, a block and that it is ready', async () => {
    await node.post(node.chain.batch());
    const channel = await node.get(`/v1/channels/${node.chain.channelId}`);
    expect(channel).toMatchObject({ status: 200, body: { participant: 1, currentBlock: 0 } });
    const block = await node.get(`/v1/channels/${node.chain.channelId}/blocks/0`);
    const authors = [{ author: 1, batches: 1, budgetBytes: 2_048 }];
    expect(block).toMatchObject({ status: 200, body: { stage: 'collection', isCut: false, authors } });
    const ready = await node.get(`/health/ready`);
    expect(ready).toMatchObject({ status: 200, body: { reasons: [] } });
  });

  it('answers a bug with 500 and says nothing of the stack', async () => {
    await node.close();
    const broken = openMemoryRecordLog();
    broken.claim = () => Promise.reject(new Error('secret place'));
    await node.reopen(broken);
    const { status, body } = await node.post(node.chain.batch());
    expect(status).toBe(500);
    expect(body).toMatchObject({ code: 'internal-error' });
    expect(JSON.stringify(body)).not.toMatch(/secret|stack|\.ts/);
  });
});
