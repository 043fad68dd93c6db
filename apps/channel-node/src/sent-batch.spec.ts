/** What a channel node says of batches as they come over HTTP: encodings, fields, signatures, methods. */
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { jsonMediaType, jsonOfBatch, ndjsonMediaType, ndjsonOfBatch, type RefusalCode, refusals } from '#api';
import { addressOf } from '#crypto';
import { toHex } from '#encoding';
import { batchAt } from '#protocol';
import { type TestBatch, testKey } from './testing/test-channel.js';
import { TestNode } from './testing/test-node.js';

interface Sent {
  readonly type?: string;
  readonly headers?: Record<string, string>;
}

interface Found {
  readonly detail: string;
  readonly errors: readonly { pointer: string; detail: string }[];
}

let node: TestNode;
beforeEach(async () => {
  node = await TestNode.open();
});
afterEach(() => node.close());

const batch = (options?: TestBatch): Uint8Array => node.chain.batch(options);

async function expectRefusal(code: RefusalCode, body: Uint8Array | string, sent: Sent = {}): Promise<Found> {
  const answer = await node.post(body, sent);
  expect([answer.status, answer.body.code]).toEqual([refusals[code].status, code]);
  return answer.body as unknown as Found;
}

async function accept(body: Uint8Array | string, sent: Sent = {}): Promise<void> {
  const { status, body: answer } = await node.post(body, sent);
  expect([status, answer]).toEqual([202, expect.anything()]);
}

const header = { blockNumber: 0, author: 1, sequence: '1', signature: `0x${'11'.repeat(64)}1b` };
const win = {
  ...{ kind: 'win', impression: { auctionId: 'auction', impId: '1' }, counterparty: 0 },
  ...{ price: '1.25', timestampMs: '1' },
};
const asJson = { type: jsonMediaType };

describe('a channel node refuses', () => {
  it('a price above the limit by the field that was sent, with the limit in both units', async () => {
    const priced = (price: object): string =>
      JSON.stringify({ ...header, records: [{ ...win, price: undefined, ...price }] });
    const places = async (price: object) =>
      (await expectRefusal('price-too-large', priced(price), asJson)).errors;
    const detail =
      'a price of 1001000000 nano-units (1001 per thousand impressions) is above priceNanoMax, ' +
      '1000000000 (1000 per thousand)';
    expect(await places({ price: '1001' })).toEqual([{ pointer: '/records/0/price', detail }]);
    expect(await places({ priceNano: '1001000000' })).toEqual([{ pointer: '/records/0/priceNano', detail }]);
    const dear = batch({ change: { priceNano: 1_000_000_001n } });
    expect((await expectRefusal('price-too-large', dear)).errors).toMatchObject([
      { pointer: '/records/0/priceNano', detail: expect.stringContaining('(1000.000001 per thousand') },
    ]);
  });

  it('a signature by what it computed and what it expected, and names v', async () => {
    const good = batch();
    const signer = addressOf(testKey('ssp record'));
    const other = await expectRefusal('bad-signature', batch({ signer: testKey('somebody') }));
    for (const part of [
      `recordsRoot ${toHex(good.subarray(64, 96))}`,
      /digest 0x[0-9a-f]{64}/,
      `recovers to ${addressOf(testKey('somebody'))}`,
      `expected ${signer}`,
    ]) {
      expect(other.detail).toMatch(part);
    }
    expect(other.errors).toMatchObject([{ pointer: '/signature' }]);
    for (const v of [0, 1, 26, 29, 255]) {
      const bad = good.slice();
      bad.fill(v, batchAt.signature + 64, batchAt.signature + 65);
      expect((await expectRefusal('bad-signature', bad)).detail).toContain(`v is ${v}, expected 27 or 28`);
    }
    // JSON of other records than were signed: the root is computed of what came.
    const record = { ...win, timestampMs: '2' };
    const signed = { ...jsonOfBatch(good), recordsRoot: undefined, records: [record] };
    const { detail } = await expectRefusal('bad-signature', JSON.stringify(signed), asJson);
    expect(detail).toMatch(/recordsRoot 0x[0-9a-f]{64}.*recovers to 0x[0-9a-f]{40}.*expected 0x/);
    expect(detail).not.toContain(toHex(good.subarray(64, 96)));
    const { detail: root } = await expectRefusal(
      'wrong-root',
      JSON.stringify({ ...jsonOfBatch(good), records: [record] }),
      asJson,
    );
    expect(root).toMatch(/recordsRoot 0x[0-9a-f]{64} .* 0x[0-9a-f]{64}/);
  });

  it('a method that a path does not have, and says which it has; numbers in paths that are written otherwise', async () => {
    const records = `/v1/channels/${node.chain.channelId}/records`;
    const asked: [string, string, string][] = [
      ['PUT', records, 'POST'],
      ['GET', records, 'POST'],
      ['DELETE', `/v1/channels/${node.chain.channelId}`, 'GET, HEAD'],
      ['POST', `/v1/channels/${node.chain.channelId}/blocks/0`, 'GET, HEAD'],
      ['PATCH', '/health/live', 'GET, HEAD'],
    ];
    for (const [method, path, allow] of asked) {
      const response = await fetch(`${node.app.url}${path}`, { method });
      const { code } = (await response.json()) as { code: string };
      const found = [response.status, response.headers.get('allow'), code];
      expect([method, path, ...found]).toEqual([method, path, 405, allow, 'method-not-allowed']);
    }
    expect((await fetch(`${node.app.url}/v1/nowhere`, { method: 'PUT' })).status).toBe(404);
    for (const text of ['00', '01', '1e0', '0x1', '+1', '-0', '1.0', '%201', '']) {
      const response = await fetch(`${node.app.url}/v1/channels/${node.chain.channelId}/blocks/${text}`);
      expect([text, response.status]).toEqual([text, text === '' ? 404 : 400]);
    }
    expect((await fetch(`${node.app.url}/v1/channels/${node.chain.channelId}/blocks/0`)).status).toBe(200);
  });

  it('an encoding of the body that it does not read, and names the header', async () => {
    const text = JSON.stringify(jsonOfBatch(batch()));
    for (const type of [
      'text/plain',
      'application/json; charset=utf-16',
      'application/json;charset="gbk"',
      'text/csv',
    ]) {
      expect((await expectRefusal('unsupported-media-type', text, { type })).detail).toContain(
        'Content-Type',
      );
    }
    for (const encoding of ['br', 'deflate', 'gzip, gzip', 'x']) {
      const sent = { ...asJson, headers: { 'content-encoding': encoding } };
      expect((await expectRefusal('unsupported-media-type', text, sent)).detail).toContain(
        'Content-Encoding',
      );
    }
    const noGzip = { ...asJson, headers: { 'content-encoding': 'gzip' } };
    await expectRefusal('not-parsable', text, noGzip);
    await expectRefusal('too-large', gzipSync(Buffer.alloc(2_000_000, ' ')), noGzip);
  });

  it('nothing of a body in UTF-8 that is packed by gzip, whether a header says so or not', async () => {
    const packed = gzipSync(JSON.stringify(jsonOfBatch(batch())));
    await accept(packed, {
      type: 'application/json; charset=UTF-8',
      headers: { 'content-encoding': 'gzip' },
    });
    await accept(packed, asJson);
    await accept(gzipSync(ndjsonOfBatch(batch({ sequence: 1n, impressions: ['b'] }))), {
      ...{ type: ndjsonMediaType, headers: { 'content-encoding': 'gzip' } },
    });
    await accept(gzipSync(batch({ sequence: 2n, impressions: ['c'] })), {
      headers: { 'content-encoding': 'gzip' },
    });
  });
});
