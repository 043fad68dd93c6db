import { describe, expect, it } from '@jest/globals';
import { DrivenClock, silentLog } from '#environment';
import { KeyValueDrawer, openMemoryKeyValue } from '#key-value/memory-key-value';
import { openMemoryRecordLog, RecordDrawers } from '#record-log/memory-record-log';
import { ChannelNode } from './channel-node.js';
import { accounts, operatorKeys, TestChain } from './testing/test-channel.js';
import { runTwoNodes } from './testing/two-nodes.js';

describe('two channel nodes on one log', () => {
  it.each([true, false])(
    'acknowledge nothing outside the cut and no sequence twice (leases shared: %s)',
    async (shareLeases) => {
      for (let seed = 0; seed < 5; seed++) {
        const found = await runTwoNodes({ seed: `${seed}`, shareLeases });
        expect(found).toMatchObject({ outsideTheCut: 0, sequencesTwice: 0 });
        expect(found.acknowledged).toBeGreaterThan(0);
      }
    },
  );

  it('have one turn at a time, by a lease in the store that they share', async () => {
    const chain = new TestChain();
    const drawers = new RecordDrawers();
    const store = new KeyValueDrawer();
    const open = () =>
      new ChannelNode(
        { account: accounts[1], operatorKey: operatorKeys[1], requestTimeoutMs: 1_000 },
        {
          recordLog: openMemoryRecordLog(drawers),
          keyValue: openMemoryKeyValue(store),
          chain: chain.port(),
          clock: new DrivenClock(0),
          log: silentLog,
        },
      );
    const [first, second] = [open(), open()];
    const submit = (node: ChannelNode, sequence: bigint) =>
      node.submit(chain.batch({ sequence, impressions: [`${sequence}`] }), chain.channelId);
    const elsewhere = { code: 'intake-claimed-elsewhere', retriable: true };
    expect(await submit(first, 0n)).toMatchObject({ ok: true });
    await expect(submit(second, 1n)).rejects.toMatchObject(elsewhere);
    expect(await submit(first, 1n)).toMatchObject({ ok: true });
    await first.stop();
    expect(await submit(second, 2n)).toMatchObject({ ok: true });
    // As an engine does that has not heard of the holder for too long.
    store.loseLease(`channel-node/${accounts[1]}`);
    const third = open();
    expect(await submit(third, 3n)).toMatchObject({ ok: true });
    await expect(submit(second, 4n)).rejects.toMatchObject(elsewhere);
    expect(await submit(third, 4n)).toMatchObject({ ok: true });
    await Promise.all([second.stop(), third.stop()]);
  });

  it('do not take a channel from one another for a log that they must not go on with', async () => {
    const chain = new TestChain();
    const drawers = new RecordDrawers();
    const open = (store: KeyValueDrawer, log: RecordDrawers) =>
      new ChannelNode(
        { account: accounts[1], operatorKey: operatorKeys[1], requestTimeoutMs: 1_000 },
        {
          recordLog: openMemoryRecordLog(log),
          keyValue: openMemoryKeyValue(store),
          chain: chain.port(),
          clock: new DrivenClock(0),
          log: silentLog,
        },
      );
    const submit = (node: ChannelNode, sequence: bigint) =>
      node.submit(chain.batch({ sequence, impressions: [`${sequence}`] }), chain.channelId);
    const store = new KeyValueDrawer();
    const before = open(store, new RecordDrawers());
    expect(await submit(before, 0n)).toMatchObject({ ok: true });
    await before.stop();
    const right = open(new KeyValueDrawer(), drawers);
    expect(await submit(right, 0n)).toMatchObject({ ok: true });
    const wrong = open(store, drawers);
    for (const sequence of [1n, 2n]) {
      await expect(submit(wrong, sequence)).rejects.toMatchObject({ code: 'record-log-other' });
      expect(await submit(right, sequence)).toMatchObject({ ok: true });
    }
    await Promise.all([right.stop(), wrong.stop()]);
    await Promise.all([right.stop(), wrong.stop()]);
  });
});
