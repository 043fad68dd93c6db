import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { batchMediaType, jsonMediaType, jsonOfBatch, ndjsonMediaType, ndjsonOfBatch } from '#api';
import { recoverSigner } from '#crypto';
import { type Address, fromHex } from '#encoding';
import { DrivenClock, Fault, silentLog } from '#environment';
import { openMemoryKeyValue } from '#key-value/memory-key-value';
import { type ChannelId, collectionEnd, receiptDigest } from '#protocol';
import {
  type CutMark,
  decodeCutMark,
  isDamaged,
  type LogPartition,
  type LogStream,
  logBegin,
  type RecordLog,
} from '#record-log';
import { openMemoryRecordLog, RecordDrawers } from '#record-log/memory-record-log';
import { type ChannelNodeApp, startChannelNodeApp } from './channel-node.app.js';
import { accounts, operatorKeys, rootOf, separator, TestChain, testTerms } from './testing/test-channel.js';

let chain: TestChain;
let drawers: RecordDrawers;
let clock: DrivenClock;
let app: ChannelNodeApp;
let recordLog: RecordLog;

async function open(change: Parameters<typeof testTerms>[0] = {}, log?: RecordLog): Promise<void> {
  chain = new TestChain(testTerms(change));
  drawers = new RecordDrawers();
  clock = new DrivenClock(1_700_000_000_000);
  await reopen(log);
}

async function reopen(log?: RecordLog): Promise<void> {
  recordLog = log ?? openMemoryRecordLog(drawers);
  const ports = { recordLog, keyValue: openMemoryKeyValue(), chain: chain.port(), clock, log: silentLog };
  const options = { account: accounts[1], operatorKey: operatorKeys[1], requestTimeoutMs: 1_000 };
  app = await startChannelNodeApp(options, ports, { runs: false });
}

interface Answer {
  readonly status: number;
  readonly type: string | null;
  readonly body: Record<string, unknown>;
  readonly headers: Headers;
}

async function post(
  body: Uint8Array | string,
  options: { type?: string; channelId?: string } = {},
): Promise<Answer> {
  const { type = batchMediaType, channelId = chain.channelId } = options;
  const response = await fetch(`${app.url}/v1/channels/${channelId}/records`, {
    method: 'POST',
    headers: { 'content-type': type, 'x-request-id': 'asked-1' },
    body: body as Uint8Array<ArrayBuffer> | string,
  });
  return answerOf(response);
}

async function answerOf(response: Response): Promise<Answer> {
  const { status, headers } = response;
  const body = (await response.json()) as Record<string, unknown>;
  return { status, type: headers.get('content-type'), body, headers };
}

function partition(stream: LogStream): LogPartition {
  return { channelId: chain.channelId, stream };
}

async function entries(stream: LogStream): Promise<Uint8Array[]> {
  const found: Uint8Array[] = [];
  for await (const page of recordLog.read(partition(stream), { from: logBegin })) {
    for (const item of page) if (!isDamaged(item)) found.push(item.bytes);
  }
  return found;
}

const cutMarks = async (): Promise<CutMark[]> => (await entries('cut-marks')).map(decodeCutMark);

beforeEach(() => open());
afterEach(() => app.close());

describe('a channel node', () => {
  it('answers a batch with a receipt that its operator key signed, once the batch is in the log', async () => {
    const batch = chain.batch({ impressions: ['a', 'b'], sequence: 7n });
    const { status, body, headers } = await post(batch);
    expect(status).toBe(202);
    expect(headers.get('x-request-id')).toBe('asked-1');
    expect(body).toMatchObject({
      channelId: chain.channelId,
      blockNumber: 0,
      author: 1,
      sequence: '7',
      recordsRoot: rootOf(batch),
      receivedAt: 1_700_000_000,
      logOffset: 0,
    });
    const receipt = {
      channelId: chain.channelId,
      blockNumber: 0,
      author: 1,
      sequence: 7n,
      recordsRoot: rootOf(batch),
      receivedAt: 1_700_000_000n,
    };
    const signer = recoverSigner(receiptDigest(separator, receipt), fromHex(body.signature as string));
    expect(signer).toBe(body.signer);
    expect(await entries(1)).toEqual([batch]);
  });

  it('takes JSON, NDJSON and binary as one meaning', async () => {
    const batch = chain.batch({ impressions: ['a', 'b', 'c'] });
    const binary = await post(batch);
    const json = await post(JSON.stringify(jsonOfBatch(batch)), { type: jsonMediaType });
    const ndjson = await post(ndjsonOfBatch(batch), { type: `${ndjsonMediaType}; charset=utf-8` });
    expect(json).toMatchObject({ status: 202, body: binary.body });
    expect(ndjson).toMatchObject({ status: 202, body: binary.body });
    expect(await recordLog.end(partition(1))).toBe(1);
  });

  it('takes batches of every participant', async () => {
    expect(await post(chain.batch({ author: 0 }))).toMatchObject({ status: 202 });
    expect(await post(chain.batch({ author: 1 }))).toMatchObject({ status: 202 });
  });

  it('gives the same receipt for the same batch, also while the first is on its way', async () => {
    const batch = chain.batch();
    const answers = await Promise.all(Array.from({ length: 8 }, () => post(batch)));
    for (const { status, body } of answers) {
      expect(status).toBe(202);
      expect(body).toEqual(answers[0].body);
    }
    expect(await recordLog.end(partition(1))).toBe(1);
  });

  it('gives the same receipt after a restart, and later, and refuses what conflicts with the log', async () => {
    const batch = chain.batch();
    const first = await post(batch);
    await app.close();
    clock.advanceTo(clock.nowMs() + 60_000);
    await reopen();
    expect((await post(batch)).body).toEqual(first.body);
    const other = chain.batch({ impressions: ['other'] });
    expect((await post(other)).body).toMatchObject({ code: 'sequence-conflict' });
  });

  it('gives the receipt of a batch accepted in time also after the block has closed', async () => {
    const batch = chain.batch();
    const first = await post(batch);
    chain.moveTo(collectionEnd(chain.terms, 0));
    expect(await app.node.sweep()).toBe(1);
    expect((await post(batch)).body).toEqual(first.body);
    expect((await post(chain.batch({ sequence: 1n }))).body).toMatchObject({ code: 'block-closed' });
  });

  it('accepts a block until its collection ends by chain time and writes one cut mark for it', async () => {
    const end = collectionEnd(chain.terms, 0);
    chain.moveTo(end - 1);
    expect(await app.node.sweep()).toBe(0);
    expect(await post(chain.batch({ impressions: ['late'] }))).toMatchObject({ status: 202 });
    expect(await post(chain.batch({ blockNumber: 1, impressions: ['next'] }))).toMatchObject({ status: 202 });
    chain.moveTo(end);
    expect(await app.node.sweep()).toBe(1);
    expect(await app.node.sweep()).toBe(0);
    await app.close();
    await reopen();
    expect(await app.node.sweep()).toBe(0);
    expect(await cutMarks()).toEqual([{ blockNumber: 0, ends: [[1, 2]] }]);
  });

  it('puts nothing into a block after its cut mark, however submitting and closing race', async () => {
    const end = collectionEnd(chain.terms, 0);
    const accepted: Uint8Array[] = [];
    const submissions = Array.from({ length: 40 }, async (_, index) => {
      if (index === 20) {
        chain.moveTo(end);
        await app.node.sweep();
      }
      const batch = chain.batch({ sequence: BigInt(index), impressions: [`race ${index}`] });
      if ((await app.node.submit(batch, chain.channelId)).ok) accepted.push(batch);
    });
    await Promise.all(submissions);
    await app.node.sweep();
    const [{ ends }] = await cutMarks();
    const logged = await recordLog.end(partition(1));
    expect(new Map(ends).get(1) ?? 0).toBe(logged);
    expect(accepted.length).toBe(logged);
  });

  it('waits with the cut mark for what is on its way into the log, and takes nothing meanwhile', async () => {
    await app.close();
    let release = (): void => {};
    const gate = new Promise<void>((resolve) => {
      release = resolve;
    });
    await reopen(slowedLog(openMemoryRecordLog(drawers), () => gate));
    const onItsWay = app.node.submit(chain.batch(), chain.channelId);
    // Accepted as soon as its bytes count toward the budget.
    const budget = async () => {
      const shown = await app.node.block(chain.channelId, 0);
      return shown.ok ? shown.view.authors.length : 0;
    };
    while ((await budget()) === 0) await new Promise(setImmediate);
    chain.moveTo(collectionEnd(chain.terms, 0));
    const swept = app.node.sweep();
    const late = chain.batch({ sequence: 1n, impressions: ['late'] });
    expect(await app.node.submit(late, chain.channelId)).toMatchObject({ code: 'block-closed' });
    expect(await recordLog.end(partition('cut-marks'))).toBe(0);
    release();
    expect(await onItsWay).toMatchObject({ ok: true });
    expect(await swept).toBe(1);
    expect(await cutMarks()).toEqual([{ blockNumber: 0, ends: [[1, 1]] }]);
  });

  it('refuses a batch that came in time but waited for the chain until its block was cut off', async () => {
    let release = (): void => {};
    await app.node.sweep();
    chain.keysGate = new Promise<void>((resolve) => {
      release = resolve;
    });
    const waiting = app.node.submit(chain.batch(), chain.channelId);
    // The channel is open once it can be shown; then the batch waits for the keys of its block.
    await app.node.block(chain.channelId, 0);
    for (let turn = 0; turn < 10; turn++) await new Promise(setImmediate);
    chain.moveTo(collectionEnd(chain.terms, 0));
    const swept = app.node.sweep();
    // The cut does not wait for keys, which the sweep compares afterwards.
    while ((await recordLog.end(partition('cut-marks'))) === 0) await new Promise(setImmediate);
    release();
    expect(await swept).toBe(1);
    expect(await waiting).toMatchObject({ ok: false, code: 'block-closed' });
    expect(await recordLog.end(partition(1))).toBe(0);
  });

  it('gives no receipt when the log took so long that the block may be over, or that no part can hold it', async () => {
    await app.close();
    let during = (): void => {};
    await reopen(slowedLog(openMemoryRecordLog(drawers), async () => during()));
    const batch = chain.batch();
    during = () => {
      chain.moveTo(collectionEnd(chain.terms, 0));
      chain.isAway = true;
    };
    expect(await post(batch)).toMatchObject({ status: 503, body: { code: 'chain-unavailable' } });
    // It stands in front of the cut: once the chain says that it came in time it has its receipt.
    chain.isAway = false;
    expect(await post(batch)).toMatchObject({ status: 202 });
    expect(await app.node.sweep()).toBe(1);
    const next = chain.batch({ blockNumber: 1 });
    during = () => chain.moveTo(collectionEnd(chain.terms, 1) + chain.terms.collationPeriod);
    expect(await post(next)).toMatchObject({ status: 503, body: { code: 'record-log-unavailable' } });
    during = () => {};
    expect(await post(next)).toMatchObject({ status: 409, body: { code: 'block-closed' } });
    await app.node.sweep();
    expect(await post(next)).toMatchObject({ status: 409, body: { code: 'block-closed' } });
    expect(await post(batch)).toMatchObject({ status: 202 });
  });

  it('says that it is not ready while its key is not registered, has no coins, or records have no key', async () => {
    const reasons = async () => (await app.node.readiness()).reasons.map(({ code }) => code);
    const [, keys] = chain.keys;
    expect(await reasons()).toEqual([]);
    chain.gas = { balanceWei: 9n, reserveWei: 1n };
    expect(await reasons()).toEqual(['operator-key-low-on-gas']);
    chain.keys[1] = keys && { ...keys, recordKey: `0x${'00'.repeat(20)}` as Address };
    chain.gas = { balanceWei: 0n, reserveWei: 1n };
    expect(await reasons()).toEqual(['operator-key-without-gas', 'no-record-key']);
    chain.keys[1] = undefined;
    expect(await reasons()).toEqual(['operator-key-without-gas', 'node-not-registered']);
  });

  it('asks the chain nothing about channel ids that strangers make up', async () => {
    await post(chain.batch());
    await app.node.sweep();
    const { asked } = chain;
    for (let at = 0; at < 50; at++) {
      const channelId = `0x${at.toString(16).padStart(64, '0')}`;
      expect(await post(chain.batch(), { channelId })).toMatchObject({ status: 404 });
      expect((await fetch(`${app.url}/v1/channels/${channelId}`)).status).toBe(404);
      expect((await fetch(`${app.url}/v1/channels/${channelId}/blocks/0`)).status).toBe(404);
    }
    expect(chain.asked).toBe(asked);
    chain.moveTo(chain.nowSeconds + 1);
    await Promise.all(
      Array.from({ length: 50 }, (_, at) =>
        app.node.channel(`0x${at.toString(16).padStart(64, '0')}` as ChannelId),
      ),
    );
    expect(chain.asked).toBe(asked + 1);
  });

  it('cuts off blocks in which nothing was written too, while their parts may still be posted', async () => {
    chain.moveTo(collectionEnd(chain.terms, 2));
    expect(await app.node.sweep()).toBe(1);
    expect(await cutMarks()).toEqual([{ blockNumber: 2, ends: [] }]);
  });

  it('shows the channel, a block and that it is ready', async () => {
    await post(chain.batch());
    const channel = await answerOf(await fetch(`${app.url}/v1/channels/${chain.channelId}`));
    expect(channel).toMatchObject({ status: 200, body: { participant: 1, currentBlock: 0 } });
    const block = await answerOf(await fetch(`${app.url}/v1/channels/${chain.channelId}/blocks/0`));
    const authors = [{ author: 1, batches: 1, budgetBytes: 2_048 }];
    expect(block).toMatchObject({ status: 200, body: { stage: 'collection', isCut: false, authors } });
    const ready = await answerOf(await fetch(`${app.url}/health/ready`));
    expect(ready).toMatchObject({ status: 200, body: { reasons: [] } });
  });

  it('answers 503 with Retry-After while the log is away, and reads the log again before it accepts more', async () => {
    await app.close();
    const inner = openMemoryRecordLog(drawers);
    let isAway = true;
    const flaky = appendingBy(inner, async (...given) => {
      // The worst case: the entry is written and the answer is lost.
      const position = await inner.append(...given);
      if (isAway) throw new Fault('record-log-unavailable', 'the disk is gone', { retriable: true });
      return position;
    });
    await reopen(flaky);
    const batch = chain.batch();
    const away = await post(batch);
    expect(away).toMatchObject({ status: 503, body: { code: 'record-log-unavailable', retryable: true } });
    expect(away.headers.get('retry-after')).toBe('2');
    isAway = false;
    const conflict = await post(chain.batch({ impressions: ['another'] }));
    expect(conflict.body).toMatchObject({ code: 'sequence-conflict' });
    expect(await post(batch)).toMatchObject({ status: 202, body: { logOffset: 0 } });
    expect(await recordLog.end(partition(1))).toBe(1);
  });

  it('takes nothing behind another that claimed the channel, until a pause is over and it has read the log anew', async () => {
    const mine = chain.batch({ impressions: ['mine'] });
    expect(await post(mine)).toMatchObject({ status: 202 });
    const other = openMemoryRecordLog(drawers);
    const claim = await other.claim(chain.channelId);
    const theirs = chain.batch({ sequence: 1n, impressions: ['theirs'] });
    await other.append(claim, partition(1), theirs, 0);
    const conflicting = chain.batch({ sequence: 1n, impressions: ['conflicting'] });
    const elsewhere = { status: 503, body: { code: 'intake-claimed-elsewhere' } };
    expect(await post(conflicting)).toMatchObject(elsewhere);
    clock.advanceTo(clock.nowMs() + 9_999);
    expect(await post(conflicting)).toMatchObject(elsewhere);
    expect(claim.lost.aborted).toBe(false);
    clock.advanceTo(clock.nowMs() + 1);
    expect((await post(conflicting)).body).toMatchObject({ code: 'sequence-conflict' });
    expect(claim.lost.aborted).toBe(true);
    chain.moveTo(collectionEnd(chain.terms, 0));
    expect(await app.node.sweep()).toBe(1);
    expect(await cutMarks()).toEqual([{ blockNumber: 0, ends: [[1, 2]] }]);
  });

  it('answers 503 for a batch that was on its way when the channel was claimed elsewhere', async () => {
    await app.close();
    const other = openMemoryRecordLog(drawers);
    await reopen(
      slowedLog(openMemoryRecordLog(drawers), async () => void (await other.claim(chain.channelId))),
    );
    const refused = await post(chain.batch());
    expect(refused).toMatchObject({
      status: 503,
      body: { code: 'intake-claimed-elsewhere', retryable: true },
    });
    expect(await entries(1)).toEqual([]);
  });

  it('answers a bug with 500 and says nothing of the stack', async () => {
    await app.close();
    const broken = openMemoryRecordLog();
    broken.claim = () => Promise.reject(new Error('secret place'));
    await reopen(broken);
    const { status, body } = await post(chain.batch());
    expect(status).toBe(500);
    expect(body).toMatchObject({ code: 'internal-error' });
    expect(JSON.stringify(body)).not.toMatch(/secret|stack|\.ts/);
  });

  it('drains: what was on its way into the log before the stop is answered', async () => {
    await app.close();
    let release = (): void => {};
    const gate = new Promise<void>((resolve) => {
      release = resolve;
    });
    let reached = 0;
    const slow = slowedLog(openMemoryRecordLog(drawers), async () => {
      reached++;
      await gate;
    });
    await reopen(slow);
    const asked = [0, 1, 2].map((index) =>
      post(chain.batch({ sequence: BigInt(index), impressions: [`drain ${index}`] })),
    );
    while (reached < 3) await new Promise(setImmediate);
    const closed = app.close();
    release();
    expect((await Promise.all(asked)).map((one) => one.status)).toEqual([202, 202, 202]);
    await closed;
    await reopen();
  });
});

/** As `inner`, but that `before` runs before each append. */
function slowedLog(inner: RecordLog, before: () => Promise<void>): RecordLog {
  return appendingBy(inner, async (...given) => {
    await before();
    return inner.append(...given);
  });
}

function appendingBy(inner: RecordLog, append: RecordLog['append']): RecordLog {
  return {
    append,
    claim: (channelId) => inner.claim(channelId),
    read: (...given) => inner.read(...given),
    get: (...given) => inner.get(...given),
    end: (...given) => inner.end(...given),
    partitions: (...given) => inner.partitions(...given),
    truncateBefore: (...given) => inner.truncateBefore(...given),
    identity: () => inner.identity(),
    subscribe: (wake) => inner.subscribe(wake),
    close: () => inner.close(),
  };
}
