import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Fault } from '#environment';
import { collectionEnd } from '#protocol';
import { openMemoryRecordLog } from '#record-log/memory-record-log';
import { start } from './testing/test-channel.js';
import { appendingBy, slowedLog, TestNode } from './testing/test-node.js';

let node: TestNode;

beforeEach(async () => {
  node = await TestNode.open();
});
afterEach(() => node.close());

describe('a channel node whose log fails or is taken', () => {
  it('answers 503 with Retry-After while the log is away, and reads the log again before it accepts more', async () => {
    await node.close();
    const inner = openMemoryRecordLog(node.drawers);
    let isAway = true;
    const flaky = appendingBy(inner, async (...given) => {
      // The worst case: the entry is written and the answer is lost.
      const position = await inner.append(...given);
      if (isAway) throw new Fault('record-log-unavailable', 'the disk is gone', { retriable: true });
      return position;
    });
    await node.reopen(flaky);
    const batch = node.chain.batch();
    const away = await node.post(batch);
    expect(away).toMatchObject({ status: 503, body: { code: 'record-log-unavailable', retryable: true } });
    expect(away.headers.get('retry-after')).toBe('2');
    isAway = false;
    const conflict = await node.post(node.chain.batch({ impressions: ['another'] }));
    expect(conflict.body).toMatchObject({ code: 'sequence-conflict' });
    expect(await node.post(batch)).toMatchObject({ status: 202, body: { logOffset: 0 } });
    expect(await node.recordLog.end(node.partition(1))).toBe(1);
  });

  it('compares nothing with a log that failed while a batch waited for the keys of its block', async () => {
    await node.close();
    const inner = openMemoryRecordLog(node.drawers);
    let fails = false;
    await node.reopen(
      appendingBy(inner, async (...given) => {
        const position = await inner.append(...given);
        if (fails) throw new Fault('record-log-unavailable', 'the disk is gone', { retriable: true });
        return position;
      }),
    );
    node.chain.moveTo(start + 3_600);
    await node.app.node.sweep();
    expect(await node.post(node.chain.batch())).toMatchObject({ status: 202 });
    let release = (): void => {};
    node.chain.keysGate = new Promise<void>((resolve) => {
      release = resolve;
    });
    const waiting = node.post(node.chain.batch({ blockNumber: 1, impressions: ['waits'] }));
    for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate);
    fails = true;
    const lost = node.chain.batch({ sequence: 1n, impressions: ['lost'] });
    expect(await node.post(lost)).toMatchObject({ status: 503 });
    release();
    expect(await waiting).toMatchObject({ status: 503, body: { code: 'record-log-unavailable' } });
    expect(await node.recordLog.end(node.partition(1))).toBe(2);
  });

  it('opens a log anew that failed while a batch waited for the time of the chain', async () => {
    await node.close();
    const inner = openMemoryRecordLog(node.drawers);
    let fail: (() => void) | undefined;
    await node.reopen(
      appendingBy(inner, async (...given) => {
        await inner.append(...given);
        await new Promise<void>((resolve) => {
          fail = resolve;
        });
        throw new Fault('record-log-unavailable', 'the disk is gone', { retriable: true });
      }),
    );
    const lost = node.app.node.submit(
      node.chain.batch({ sequence: 1n, impressions: ['lost'] }),
      node.chain.channelId,
    );
    while (fail === undefined) await new Promise(setImmediate);
    let release = (): void => {};
    node.chain.timeGate = new Promise<void>((resolve) => {
      release = resolve;
    });
    node.chain.moveTo(node.chain.nowSeconds + 1);
    const { asked } = node.chain;
    const other = node.chain.batch({ sequence: 1n, impressions: ['other'] });
    const waiting = node.app.node.submit(other, node.chain.channelId);
    while (node.chain.asked === asked) await new Promise(setImmediate);
    fail();
    await expect(lost).rejects.toMatchObject({ code: 'record-log-unavailable' });
    release();
    expect(await waiting).toMatchObject({ ok: false, code: 'sequence-conflict' });
  });

  it('reads the log again when the answer to a cut mark was lost, and cuts the block off once', async () => {
    await node.close();
    const inner = openMemoryRecordLog(node.drawers);
    let isAway = true;
    await node.reopen(
      appendingBy(inner, async (...given) => {
        const position = await inner.append(...given);
        if (isAway) throw new Fault('record-log-unavailable', 'the disk is gone', { retriable: true });
        return position;
      }),
    );
    node.chain.moveTo(collectionEnd(node.chain.terms, 0));
    await expect(node.app.node.sweep()).rejects.toMatchObject({ code: 'record-log-unavailable' });
    isAway = false;
    expect(await node.app.node.sweep()).toBe(0);
    expect(await node.cutMarks()).toEqual([{ blockNumber: 0, ends: [] }]);
  });

  it('says of a running node that a cut failed, and cuts when the log is back', async () => {
    await node.close();
    const inner = openMemoryRecordLog(node.drawers);
    let isAway = true;
    const flaky = appendingBy(inner, async (...given) => {
      if (isAway) throw new Fault('record-log-unavailable', 'the disk is gone', { retriable: true });
      return inner.append(...given);
    });
    await node.reopen(flaky, { runs: true });
    const turns = async () => {
      for (let turn = 0; turn < 100; turn++) await new Promise(setImmediate);
    };
    node.chain.moveTo(collectionEnd(node.chain.terms, 0));
    await turns();
    expect(node.told).toContain('a sweep will be repeated');
    isAway = false;
    node.chain.moveTo(node.chain.nowSeconds + 1);
    await turns();
    expect(await node.cutMarks()).toEqual([{ blockNumber: 0, ends: [] }]);
  });

  it('counts a batch that stands twice in the log once when it reads the log again', async () => {
    await node.close();
    const inner = openMemoryRecordLog(node.drawers);
    const claim = await inner.claim(node.chain.channelId);
    const batch = node.chain.batch();
    for (const receivedAtMs of [5_000, 9_000]) {
      await inner.append(claim, node.partition(1), batch, receivedAtMs);
    }
    await node.reopen();
    const shown = await node.app.node.block(node.chain.channelId, 0);
    const authors = [{ author: 1, batches: 1, budgetBytes: 2_048 }];
    expect(shown).toMatchObject({ ok: true, view: { authors } });
    expect(await node.post(batch)).toMatchObject({ status: 202, body: { receivedAt: 5, logOffset: 0 } });
  });

  it('takes nothing behind another that claimed the channel, until a pause is over and it has read the log anew', async () => {
    const mine = node.chain.batch({ impressions: ['mine'] });
    expect(await node.post(mine)).toMatchObject({ status: 202 });
    const other = openMemoryRecordLog(node.drawers);
    const claim = await other.claim(node.chain.channelId);
    const theirs = node.chain.batch({ sequence: 1n, impressions: ['theirs'] });
    await other.append(claim, node.partition(1), theirs, 0);
    const conflicting = node.chain.batch({ sequence: 1n, impressions: ['conflicting'] });
    const elsewhere = { status: 503, body: { code: 'intake-claimed-elsewhere' } };
    expect(await node.post(conflicting)).toMatchObject(elsewhere);
    node.clock.advanceTo(node.clock.nowMs() + 9_999);
    expect(await node.post(conflicting)).toMatchObject(elsewhere);
    await expect(node.app.node.sweep()).rejects.toMatchObject({ code: 'intake-claimed-elsewhere' });
    node.clock.advanceTo(node.clock.nowMs() + 1);
    // Whoever sends decides nothing: a sweep claims.
    expect(await node.post(conflicting)).toMatchObject(elsewhere);
    expect(claim.lost.aborted).toBe(false);
    await node.app.node.sweep();
    expect((await node.post(conflicting)).body).toMatchObject({ code: 'sequence-conflict' });
    expect(claim.lost.aborted).toBe(true);
    node.chain.moveTo(collectionEnd(node.chain.terms, 0));
    expect(await node.app.node.sweep()).toBe(1);
    expect(await node.cutMarks()).toEqual([{ blockNumber: 0, ends: [[1, 2]] }]);
  });

  it('answers 503 for a batch that was on its way when the channel was claimed elsewhere', async () => {
    await node.close();
    const other = openMemoryRecordLog(node.drawers);
    await node.reopen(
      slowedLog(
        openMemoryRecordLog(node.drawers),
        async () => void (await other.claim(node.chain.channelId)),
      ),
    );
    const refused = await node.post(node.chain.batch());
    expect(refused).toMatchObject({
      status: 503,
      body: { code: 'intake-claimed-elsewhere', retryable: true },
    });
    expect(await node.entries(1)).toEqual([]);
  });

  it('drains: what was on its way into the log before the stop is answered', async () => {
    await node.close();
    let release = (): void => {};
    const gate = new Promise<void>((resolve) => {
      release = resolve;
    });
    let reached = 0;
    const slow = slowedLog(openMemoryRecordLog(node.drawers), async () => {
      reached++;
      await gate;
    });
    await node.reopen(slow);
    const asked = [0, 1, 2].map((index) =>
      node.post(node.chain.batch({ sequence: BigInt(index), impressions: [`drain ${index}`] })),
    );
    while (reached < 3) await new Promise(setImmediate);
    const closed = node.close();
    release();
    expect((await Promise.all(asked)).map((one) => one.status)).toEqual([202, 202, 202]);
    await closed;
    await node.reopen();
  });
});
