import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { collectionEnd } from '#protocol';
import { openMemoryRecordLog } from '#record-log/memory-record-log';
import { appendingBy, slowedLog, TestNode } from './testing/test-node.js';

let node: TestNode;

beforeEach(async () => {
  node = await TestNode.open();
});
afterEach(() => node.close());

describe('a receipt, and the end of a block', () => {
  it('gives the receipt of a batch accepted in time also after the block has closed', async () => {
    const batch = node.chain.batch();
    const first = await node.post(batch);
    node.chain.moveTo(collectionEnd(node.chain.terms, 0));
    expect(await node.app.node.sweep()).toBe(1);
    expect((await node.post(batch)).body).toEqual(first.body);
    expect((await node.post(node.chain.batch({ sequence: 1n }))).body).toMatchObject({
      code: 'block-closed',
    });
  });

  it('accepts a block until its collection ends by chain time and writes one cut mark for it', async () => {
    const end = collectionEnd(node.chain.terms, 0);
    node.chain.moveTo(end - 1);
    expect(await node.app.node.sweep()).toBe(0);
    expect(await node.post(node.chain.batch({ impressions: ['late'] }))).toMatchObject({ status: 202 });
    expect(await node.post(node.chain.batch({ blockNumber: 1, impressions: ['next'] }))).toMatchObject({
      status: 202,
    });
    node.chain.moveTo(end);
    expect(await node.app.node.sweep()).toBe(1);
    expect(await node.app.node.sweep()).toBe(0);
    await node.close();
    await node.reopen();
    expect(await node.app.node.sweep()).toBe(0);
    expect(await node.cutMarks()).toEqual([{ blockNumber: 0, ends: [[1, 2]] }]);
  });

  it('puts nothing into a block after its cut mark, however submitting and closing race', async () => {
    const end = collectionEnd(node.chain.terms, 0);
    const accepted: Uint8Array[] = [];
    const submissions = Array.from({ length: 40 }, async (_, index) => {
      if (index === 20) {
        node.chain.moveTo(end);
        await node.app.node.sweep();
      }
      const batch = node.chain.batch({ sequence: BigInt(index), impressions: [`race ${index}`] });
      if ((await node.app.node.submit(batch, node.chain.channelId)).ok) accepted.push(batch);
    });
    await Promise.all(submissions);
    await node.app.node.sweep();
    const [{ ends }] = await node.cutMarks();
    const logged = await node.recordLog.end(node.partition(1));
    expect(new Map(ends).get(1) ?? 0).toBe(logged);
    expect(accepted.length).toBe(logged);
  });

  it('waits with the cut mark for what is on its way into the log, and takes nothing meanwhile', async () => {
    await node.close();
    let release = (): void => {};
    const gate = new Promise<void>((resolve) => {
      release = resolve;
    });
    const inner = openMemoryRecordLog(node.drawers);
    // Only the batch takes long: a mark that did not wait for it would be in the log at once.
    const slow = appendingBy(inner, async (...given) => {
      if (given[1].stream === 1) await gate;
      return inner.append(...given);
    });
    await node.reopen(slow);
    const onItsWay = node.app.node.submit(node.chain.batch(), node.chain.channelId);
    // Accepted as soon as its bytes count toward the budget.
    const budget = async () => {
      const shown = await node.app.node.block(node.chain.channelId, 0);
      return shown.ok ? shown.view.authors.length : 0;
    };
    while ((await budget()) === 0) await new Promise(setImmediate);
    node.chain.moveTo(collectionEnd(node.chain.terms, 0));
    const swept = node.app.node.sweep();
    const late = node.chain.batch({ sequence: 1n, impressions: ['late'] });
    expect(await node.app.node.submit(late, node.chain.channelId)).toMatchObject({ code: 'block-closed' });
    for (let turn = 0; turn < 50; turn++) await new Promise(setImmediate);
    const marked = await node.recordLog.end(node.partition('cut-marks'));
    release();
    expect(marked).toBe(0);
    expect(await onItsWay).toMatchObject({ ok: true });
    expect(await swept).toBe(1);
    expect(await node.cutMarks()).toEqual([{ blockNumber: 0, ends: [[1, 1]] }]);
  });

  it('cuts a block off while batches of it are repeated, however long those take', async () => {
    await node.close();
    let goOn = (): void => {};
    let answer = (): void => {};
    const appending = new Promise<void>((resolve) => {
      goOn = resolve;
    });
    const looking = new Promise<void>((resolve) => {
      answer = resolve;
    });
    const inner = openMemoryRecordLog(node.drawers);
    const slow = appendingBy(inner, async (...given) => {
      if (given[1].stream === 0) await appending;
      return inner.append(...given);
    });
    let looks = 0;
    slow.get = async (...given) => {
      looks++;
      await looking;
      return inner.get(...given);
    };
    await node.reopen(slow);
    const batch = node.chain.batch();
    expect(await node.post(batch)).toMatchObject({ status: 202 });
    const onItsWay = node.post(node.chain.batch({ author: 0, impressions: ['on its way'] }));
    for (let shown = 0; shown < 2; await new Promise(setImmediate)) {
      const block = await node.app.node.block(node.chain.channelId, 0);
      shown = block.ok ? block.view.authors.length : 0;
    }
    node.chain.moveTo(collectionEnd(node.chain.terms, 0));
    const swept = node.app.node.sweep();
    for (let turn = 0; turn < 50; turn++) await new Promise(setImmediate);
    const repeated = node.post(batch);
    while (looks === 0) await new Promise(setImmediate);
    goOn();
    expect(await onItsWay).toMatchObject({ status: 202 });
    for (let turn = 0; turn < 50; turn++) await new Promise(setImmediate);
    const marked = await node.recordLog.end(node.partition('cut-marks'));
    answer();
    expect(marked).toBe(1);
    expect(await swept).toBe(1);
    expect(await repeated).toMatchObject({ status: 202 });
  });

  it('refuses a batch that came in time but waited for the chain until its block was cut off', async () => {
    let release = (): void => {};
    await node.app.node.sweep();
    node.chain.keysGate = new Promise<void>((resolve) => {
      release = resolve;
    });
    const waiting = node.app.node.submit(node.chain.batch(), node.chain.channelId);
    // The channel is open once it can be shown; then the batch waits for the keys of its block.
    await node.app.node.block(node.chain.channelId, 0);
    for (let turn = 0; turn < 10; turn++) await new Promise(setImmediate);
    node.chain.moveTo(collectionEnd(node.chain.terms, 0));
    const swept = node.app.node.sweep();
    // The cut does not wait for keys, which the sweep compares afterwards.
    while ((await node.recordLog.end(node.partition('cut-marks'))) === 0) await new Promise(setImmediate);
    release();
    expect(await swept).toBe(1);
    expect(await waiting).toMatchObject({ ok: false, code: 'block-closed' });
    expect(await node.recordLog.end(node.partition(1))).toBe(0);
  });

  it('gives no receipt when the log took so long that the block may be over, or that no part can hold it', async () => {
    await node.close();
    let during = (): void => {};
    const slowed = slowedLog(openMemoryRecordLog(node.drawers), async () => during());
    await node.reopen(slowed, { options: { rememberSeconds: 7_200 } });
    const batch = node.chain.batch();
    during = () => {
      node.chain.moveTo(collectionEnd(node.chain.terms, 0));
      node.chain.isAway = true;
      node.clock.advanceTo(
        node.clock.nowMs() +
          1_000 * node.chain.terms.blockDuration +
          1_000 * node.chain.terms.collectionGrace,
      );
    };
    expect(await node.post(batch)).toMatchObject({ status: 503, body: { code: 'chain-unavailable' } });
    // It stands in front of the cut: once the chain says that it came in time it has its receipt.
    during = () => {};
    node.chain.isAway = false;
    expect(await node.post(batch)).toMatchObject({ status: 202 });
    expect(await node.app.node.sweep()).toBe(1);
    const next = node.chain.batch({ blockNumber: 1, impressions: ['next'] });
    during = () => node.chain.moveTo(collectionEnd(node.chain.terms, 1) + node.chain.terms.collationPeriod);
    expect(await node.post(next)).toMatchObject({ status: 503, body: { code: 'record-log-unavailable' } });
    during = () => {};
    expect(await node.post(next)).toMatchObject({ status: 409, body: { code: 'block-closed' } });
    await node.app.node.sweep();
    expect(await node.post(next)).toMatchObject({ status: 409, body: { code: 'block-closed' } });
    expect(await node.post(batch)).toMatchObject({ status: 202 });
  });

  it('gives no receipt on the word of a node whose chain stands still until the block may be over', async () => {
    const end = collectionEnd(node.chain.terms, 0);
    const left = (end - node.chain.nowSeconds) * 1_000;
    const begin = node.clock.nowMs();
    await node.app.node.sweep();
    node.clock.advanceTo(begin + left - 1_000);
    expect(await node.post(node.chain.batch())).toMatchObject({ status: 202 });
    node.clock.advanceTo(begin + left);
    const late = node.chain.batch({ sequence: 1n, impressions: ['late'] });
    expect(await node.post(late)).toMatchObject({ status: 503, body: { code: 'chain-unavailable' } });
    expect(await node.recordLog.end(node.partition(1))).toBe(1);
    // It had not passed: chains that mine only on demand go on where they stood.
    node.chain.moveTo(end - 1);
    expect(await node.post(late)).toMatchObject({ status: 202 });
  });

  it('cuts off blocks in which nothing was written too, while their parts may still be posted', async () => {
    node.chain.moveTo(collectionEnd(node.chain.terms, 2));
    expect(await node.app.node.sweep()).toBe(1);
    expect(await node.cutMarks()).toEqual([{ blockNumber: 2, ends: [] }]);
  });
});
