import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type ForwardingView, problemOf, type RefusalCode, refuse, type SignedReceipt } from '#api';
import { addressOf } from '#crypto';
import { DrivenClock, DrivenTimers, silentLog } from '#environment';
import { followedSignals, heldBySignal } from '#environment/testing/held-by-signal';
import { openMemoryKeyValue } from '#key-value/memory-key-value';

import { collectionEnd, limits, parseHeader } from '#protocol';
import { isDamaged, logBegin } from '#record-log';
import { openMemoryRecordLog, RecordDrawers } from '#record-log/memory-record-log';
import { type ChannelNodeApp, startChannelNodeApp } from './channel-node.app.js';
import { ReceiptSigner } from './receipt.js';
import { accounts, operatorKeys, separator, TestChain, testTerms } from './testing/test-channel.js';

let chain: TestChain;
let clock: DrivenClock;
let logs: ReturnType<typeof openMemoryRecordLog>[];
let values: ReturnType<typeof openMemoryKeyValue>[];
const apps = new Map<number, ChannelNodeApp>();
let posts = 0;
/** The errors that nodes wrote to their logs. */
let told: object[] = [];

/** What answers a forwarded batch; the counterparty over HTTP unless a test says otherwise. */
let answering: typeof fetch = fetch;

const countingFetch: typeof fetch = (...given) => {
  posts++;
  return answering(...given);
};

const signers = operatorKeys.map((key) => new ReceiptSigner(key, separator));

/** A receipt of the batch that was sent, as the node of a participant signs it. */
function receiptOf(batch: Uint8Array, signer = signers[0]): SignedReceipt {
  return signer.sign(parseHeader(batch), { position: 0, receivedAtMs: 1_000 });
}

/** Takes whatever comes for the first participant, unseen. */
const receiving: typeof fetch = async (_, init) =>
  new Response(JSON.stringify(receiptOf(init?.body as Uint8Array)), { status: 202 });

function problem(code: RefusalCode, change: { status?: number; retryable?: boolean } = {}): Response {
  const where = { instance: '/', requestId: 'r' };
  const one = { ...problemOf(refuse(code, 'said so'), where), ...change };
  return new Response(JSON.stringify(one), { status: one.status });
}

/** What the node of the counterparty cannot have answered to this batch, by how it is counted. */
const badAnswers: readonly (readonly [string, (batch: Uint8Array) => Response])[] = [
  ['answer-misshapen', () => new Response('<html>captive portal</html>', { status: 202 })],
  ['answer-misshapen', () => new Response('{}', { status: 202 })],
  ['status-200', (batch) => new Response(JSON.stringify(receiptOf(batch)), { status: 200 })],
  ['receipt-signer', (batch) => taken(receiptOf(batch, signers[2]))],
  ['receipt-signature', (batch) => taken({ ...receiptOf(batch, signers[2]), signer: signers[0].address })],
  ['receipt-batch', () => taken(receiptOf(chain.batch({ sequence: 77n })))],
  ['not-found', () => problem('not-found')],
  ['unknown-channel', () => problem('unknown-channel')],
  ['record-log-unavailable', () => problem('record-log-unavailable', { retryable: false })],
  ['status-500', () => problem('wrong-root', { status: 500, retryable: false })],
  ['status-403', () => problem('wrong-validator')],
  ['status-404', () => new Response('not here', { status: 404 })],
];

function taken(receipt: SignedReceipt): Response {
  return new Response(JSON.stringify(receipt), { status: 202 });
}

async function forwardingOf(index: number): Promise<readonly ForwardingView[]> {
  const shown = await apps.get(index)?.node.channel(chain.channelId);
  return shown?.ok ? shown.view.forwarding : [];
}

async function openNode(index: number, runs = false): Promise<ChannelNodeApp> {
  const ports = {
    recordLog: logs[index],
    keyValue: values[index],
    chain: chain.port(),
    clock,
    log: { ...silentLog, error: (about: object) => told.push(about) },
    fetch: countingFetch,
    timers: new DrivenTimers(),
  };
  const options = { account: accounts[index], operatorKey: operatorKeys[index], requestTimeoutMs: 10_000 };
  const app = await startChannelNodeApp(options, ports, { runs });
  apps.set(index, app);
  chain.setEndpoint(index, app.url);
  return app;
}

async function stopNode(index: number): Promise<void> {
  await apps.get(index)?.close();
  apps.delete(index);
}

async function submit(index: number, batch: Uint8Array): Promise<void> {
  expect(await apps.get(index)?.node.submit(batch, chain.channelId)).toMatchObject({ ok: true });
}

async function held(index: number, author: number): Promise<Uint8Array[]> {
  const entries = [];
  const partition = { channelId: chain.channelId, stream: author };
  for await (const page of logs[index].read(partition, { from: logBegin })) {
    for (const item of page) if (!isDamaged(item)) entries.push(item.bytes);
  }
  return entries;
}

beforeEach(async () => {
  chain = new TestChain();
  clock = new DrivenClock(1_700_000_000_000);
  logs = accounts.map(() => openMemoryRecordLog());
  values = accounts.map(() => openMemoryKeyValue());
  posts = 0;
  told = [];
  answering = fetch;
});
afterEach(async () => {
  for (const index of [...apps.keys()]) await stopNode(index);
});

describe('forwarding', () => {
  it('brings what the own participant submitted to every counterparty, verbatim, and nothing that others wrote', async () => {
    for (const index of [0, 1, 2]) await openNode(index);
    const batches = Array.from({ length: 40 }, (_, at) =>
      chain.batch({ sequence: BigInt(at), impressions: [`forwarded ${at}`] }),
    );
    for (const batch of batches) await submit(1, batch);
    await submit(1, chain.batch({ author: 0 }));
    expect(await apps.get(1)?.node.sweep()).toBe(80);
    expect(await held(0, 1)).toEqual(batches);
    expect(await held(2, 1)).toEqual(batches);
    expect(await held(2, 0)).toEqual([]);
    expect(await apps.get(1)?.node.sweep()).toBe(0);
    expect(posts).toBe(80);
  });

  it('goes on where it stood after an outage of the counterparty, and after its own restart', async () => {
    await openNode(1);
    await openNode(0);
    await submit(1, chain.batch({ sequence: 0n, impressions: ['a'] }));
    expect(await apps.get(1)?.node.sweep()).toBe(1);
    await stopNode(0);
    const missed = chain.batch({ sequence: 1n, impressions: ['b'] });
    await submit(1, missed);
    expect(await apps.get(1)?.node.sweep()).toBe(0);
    await stopNode(1);
    await openNode(0);
    await openNode(1);
    expect(await apps.get(1)?.node.sweep()).toBe(1);
    expect((await held(0, 1))[1]).toEqual(missed);
    expect(posts).toBe(3);
  });

  it.each([
    ['another log', 'record-log-other', () => new RecordDrawers()],
    ['an older copy', 'record-log-shorter', (logId: string) => Object.assign(new RecordDrawers(), { logId })],
  ] as const)(
    'sends all of a log that took the place of the one it knew, and tells it: %s',
    async (_, code, other) => {
      await openNode(0);
      await openNode(1);
      const before = [0n, 1n].map((sequence) =>
        chain.batch({ sequence, impressions: [`before ${sequence}`] }),
      );
      for (const batch of before) await submit(1, batch);
      expect(await apps.get(1)?.node.sweep()).toBe(2);
      await stopNode(1);
      logs[1] = openMemoryRecordLog(other((await logs[1].identity()).logId));
      // The intake would refuse it; whoever makes it forget must not lose batches on their way.
      await values[1].write([{ key: `log/${chain.channelId}`, value: undefined }]);
      await openNode(1);
      const after = chain.batch({ sequence: 2n, impressions: ['after'] });
      await submit(1, after);
      expect(await apps.get(1)?.node.sweep()).toBe(1);
      expect(await held(0, 1)).toEqual([...before, after]);
      expect(told).toMatchObject([{ code, participant: 0 }]);
      expect(await apps.get(1)?.node.sweep()).toBe(0);
      await stopNode(1);
      await openNode(1);
      expect(await apps.get(1)?.node.sweep()).toBe(0);
      expect(posts).toBe(3);
    },
  );

  it('sends all of an older copy also where it grew past the old position before anything was sent', async () => {
    for (const index of [0, 1]) await openNode(index);
    await submit(1, chain.batch({ sequence: 0n, impressions: ['before'] }));
    expect(await apps.get(1)?.node.sweep()).toBe(1);
    await stopNode(1);
    const { logId } = await logs[1].identity();
    logs[1] = openMemoryRecordLog(Object.assign(new RecordDrawers(), { logId }));
    await values[1].write([{ key: `log/${chain.channelId}`, value: undefined }]);
    await openNode(1);
    expect(await apps.get(1)?.node.sweep()).toBe(0);
    expect(told).toMatchObject([{ code: 'record-log-shorter' }]);
    const after = [1n, 2n].map((sequence) => chain.batch({ sequence, impressions: [`after ${sequence}`] }));
    for (const batch of after) await submit(1, batch);
    await stopNode(1);
    await openNode(1);
    expect(await apps.get(1)?.node.sweep()).toBe(2);
    expect((await held(0, 1)).slice(1)).toEqual(after);
  });

  it('leaves nothing behind on what ends it, after a thousand passes', async () => {
    await openNode(1);
    chain.setEndpoint(0, 'http://127.0.0.1:9');
    answering = async () => {
      throw new Error('nobody there');
    };
    await submit(1, chain.batch());
    const followed = followedSignals();
    try {
      for (let pass = 0; pass < 1_000; pass++) {
        await apps.get(1)?.node.sweep();
        clock.advanceTo(clock.nowMs() + 30_000);
      }
    } finally {
      followed.stop();
    }
    expect(posts).toBe(1_000);
    expect(followed.signals.size).toBeGreaterThan(0);
    expect([...followed.signals].map(heldBySignal).filter((held) => held > 2)).toEqual([]);
  });

  it('backs off while a counterparty is away, by the clock, and never holds up ingest', async () => {
    await openNode(1);
    chain.setEndpoint(0, 'http://127.0.0.1:9');
    await submit(1, chain.batch());
    expect(await apps.get(1)?.node.sweep()).toBe(0);
    expect(posts).toBe(1);
    expect(await apps.get(1)?.node.sweep()).toBe(0);
    expect(posts).toBe(1);
    clock.advanceTo(clock.nowMs() + 250);
    await apps.get(1)?.node.sweep();
    expect(posts).toBe(2);
    await submit(1, chain.batch({ sequence: 1n, impressions: ['while away'] }));
  });

  it('backs off on monotonic time: a wall clock that jumps either way changes nothing', async () => {
    await openNode(1);
    chain.setEndpoint(0, 'http://127.0.0.1:9');
    await submit(1, chain.batch());
    await apps.get(1)?.node.sweep();
    clock.jumpBy(3 * 3_600_000);
    await apps.get(1)?.node.sweep();
    expect(posts).toBe(1);
    clock.jumpBy(-6 * 3_600_000);
    clock.advanceTo(clock.nowMs() + 250);
    await apps.get(1)?.node.sweep();
    expect(posts).toBe(2);
    expect((await forwardingOf(1))[0]).toMatchObject({ participant: 0, delivered: 0, isAway: true });
  });

  it('sends at most 1,024 batches in a pass, and goes on with the rest by itself', async () => {
    chain = new TestChain(testTerms({ authorBytesMax: 10_000_000 }));
    answering = receiving;
    await openNode(1);
    chain.setEndpoint(0, 'http://counterparty');
    for (let at = 0; at < 2_100; at++) {
      await submit(1, chain.batch({ sequence: BigInt(at), impressions: [`many ${at}`] }));
    }
    expect(await apps.get(1)?.node.sweep()).toBe(1_024);
    await stopNode(1);
    // Neither log nor chain nor a timer would wake it.
    await openNode(1, true);
    chain.setEndpoint(0, 'http://counterparty');
    while (posts < 2_100) await new Promise(setImmediate);
    expect(posts).toBe(2_100);
  });

  it('sends at most 16 MiB in a pass, and what of a window is on its way', async () => {
    chain = new TestChain(testTerms({ authorBytesMax: 30_000_000 }));
    answering = receiving;
    await openNode(1);
    chain.setEndpoint(0, 'http://counterparty');
    const names = Array.from({ length: limits.batchRecordsMax }, (_, at) => `large ${at}`);
    const { length } = chain.batch({ impressions: names });
    const most = Math.ceil(16_777_216 / length / 16) * 16;
    for (let at = 0; at < most + 8; at++) {
      await submit(1, chain.batch({ sequence: BigInt(at), impressions: names }));
    }
    expect(await apps.get(1)?.node.sweep()).toBe(most);
    expect(await apps.get(1)?.node.sweep()).toBe(8);
  });

  it('ends a pass after two seconds, so that what follows goes by fresh facts', async () => {
    answering = async (...given) => {
      clock.advanceTo(clock.nowMs() + 200);
      return receiving(...given);
    };
    await openNode(1);
    chain.setEndpoint(0, 'http://counterparty');
    for (let at = 0; at < 40; at++) {
      await submit(1, chain.batch({ sequence: BigInt(at), impressions: [`slow ${at}`] }));
    }
    expect(await apps.get(1)?.node.sweep()).toBe(16);
    chain.moveTo(collectionEnd(chain.terms, 0));
    expect(await apps.get(1)?.node.sweep()).toBe(1 + 24);
    expect((await forwardingOf(1))[0]).toMatchObject({ delivered: 16, late: 24 });
  });

  it('takes a final refusal for an answer and goes on with the next batch', async () => {
    await openNode(1);
    await openNode(0);
    // The counterparty holds another batch with this sequence already, as after a lost log.
    await submit(0, chain.batch({ impressions: ['earlier'] }));
    await submit(1, chain.batch({ impressions: ['refused there'] }));
    const next = chain.batch({ sequence: 1n, impressions: ['next'] });
    await submit(1, next);
    expect(await apps.get(1)?.node.sweep()).toBe(2);
    expect((await held(0, 1))[1]).toEqual(next);
    const [toDsp] = await forwardingOf(1);
    expect(toDsp).toEqual({
      ...{ participant: 0, delivered: 1, late: 0, damaged: 0, unreached: {}, isAway: false },
      refused: { 'sequence-conflict': 1 },
    });
  });

  it.each(badAnswers)(
    'sends again what was answered by none of the counterparty’s: %s',
    async (name, bad) => {
      answering = async (_, init) => bad(init?.body as Uint8Array);
      await openNode(1);
      chain.setEndpoint(0, 'http://counterparty');
      for (let at = 0; at < 3; at++) {
        await submit(1, chain.batch({ sequence: BigInt(at), impressions: [`believed ${at}`] }));
      }
      expect(await apps.get(1)?.node.sweep()).toBe(0);
      expect((await forwardingOf(1))[0]).toMatchObject({
        ...{ delivered: 0, refused: {}, isAway: true },
        unreached: { [name]: 3 },
      });
      answering = receiving;
      clock.advanceTo(clock.nowMs() + 250);
      expect(await apps.get(1)?.node.sweep()).toBe(3);
      expect((await forwardingOf(1))[0]).toMatchObject({ delivered: 3, isAway: false });
    },
  );

  it('takes receipts under the operator key that the counterparty registered last', async () => {
    answering = async (_, init) => taken(receiptOf(init?.body as Uint8Array, signers[2]));
    await openNode(1);
    chain.setEndpoint(0, 'http://counterparty');
    await submit(1, chain.batch());
    expect(await apps.get(1)?.node.sweep()).toBe(0);
    const keys = chain.keys[0];
    if (keys !== undefined) chain.keys[0] = { ...keys, operatorKey: addressOf(operatorKeys[2]) };
    chain.moveTo(chain.nowSeconds + 1);
    clock.advanceTo(clock.nowMs() + 250);
    expect(await apps.get(1)?.node.sweep()).toBe(1);
  });

  it('waits for a counterparty that does not know the block yet, and gives up once the block is closed', async () => {
    await openNode(1);
    const ahead = new TestChain();
    ahead.nowSeconds = chain.nowSeconds - 3_600;
    const keep = chain;
    chain = ahead;
    const behind = await openNode(0);
    chain = keep;
    chain.setEndpoint(0, behind.url);
    await submit(1, chain.batch());
    expect(await apps.get(1)?.node.sweep()).toBe(0);
    chain.moveTo(collectionEnd(chain.terms, 0));
    clock.advanceTo(clock.nowMs() + 60_000);
    // One cut mark, and one batch that no longer matters.
    expect(await apps.get(1)?.node.sweep()).toBe(2);
    expect(await held(0, 1)).toEqual([]);
  });

  it('sends nothing to participants without an endpoint until they register one', async () => {
    await openNode(1);
    await submit(1, chain.batch());
    expect(await apps.get(1)?.node.sweep()).toBe(0);
    expect(posts).toBe(0);
    await openNode(2);
    chain.moveTo(chain.nowSeconds + 1);
    expect(await apps.get(1)?.node.sweep()).toBe(1);
  });

  it('goes by itself while the node runs: the log wakes it', async () => {
    await openNode(0);
    await openNode(1, true);
    const batches = [0n, 1n, 2n].map((sequence) =>
      chain.batch({ sequence, impressions: [`run ${sequence}`] }),
    );
    for (const batch of batches) await submit(1, batch);
    while ((await held(0, 1)).length < batches.length) await new Promise(setImmediate);
    expect(await held(0, 1)).toEqual(batches);
  });

  it('lets a counterparty that never answers delay neither the cut nor the healthy counterparties', async () => {
    const silent = createServer(() => {}).listen(0, '127.0.0.1');
    await once(silent, 'listening');
    await openNode(2);
    const node = await openNode(1, true);
    chain.setEndpoint(0, `http://127.0.0.1:${(silent.address() as AddressInfo).port}`);
    const first = chain.batch({ sequence: 0n, impressions: ['first'] });
    const second = chain.batch({ sequence: 1n, impressions: ['second'] });
    await submit(1, first);
    while ((await held(2, 1)).length < 1) await new Promise(setImmediate);
    await submit(1, second);
    while ((await held(2, 1)).length < 2) await new Promise(setImmediate);
    expect(await held(2, 1)).toEqual([first, second]);
    chain.moveTo(collectionEnd(chain.terms, 0));
    const marks = { channelId: chain.channelId, stream: 'cut-marks' } as const;
    const startedAt = performance.now();
    while ((await logs[1].end(marks)) === 0) await new Promise(setImmediate);
    // The silent one would have held the cut up for the whole request timeout of ten seconds.
    expect(performance.now() - startedAt).toBeLessThan(1_000);
    await node.close();
    apps.delete(1);
    silent.closeAllConnections();
    silent.close();
  });
});
