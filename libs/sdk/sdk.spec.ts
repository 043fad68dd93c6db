import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import { parseJsonBatch, problemMediaType, problemOf, refuse, type SignedReceipt } from '#api';
import { addressOf, signDigest } from '#crypto';
import { equalBytes, fromHex, type Hex, toHex } from '#encoding';
import {
  BatchHasher,
  batchFault,
  type ChannelId,
  domainSeparator,
  parseHeader,
  receiptDigest,
} from '#protocol';
import { BatchSigner, ChannelNodeClient, PapyrusRefused, PapyrusUnreachable, receiptFault } from '#sdk';

const domain = { chainId: 1, verifyingContract: `0x${'aa'.repeat(20)}` as Hex };
const channelId: ChannelId = `0x${'5a'.repeat(32)}` as const;
const recordKey = new Uint8Array(32).fill(4);
const operatorKey = new Uint8Array(32).fill(5);
const win = { impression: { auctionId: 'a', impId: '1' }, counterparty: 0, priceNano: 10n, timestampMs: 1 };

function signer(
  change: { recordsPerBatch?: number; sender?: number; nextCounter?: number } = {},
): BatchSigner {
  return new BatchSigner({ domain, channelId, author: 1, recordKey, ...change });
}

function receiptOf(batch: Uint8Array): SignedReceipt {
  const { blockNumber, author, sequence, recordsRoot } = parseHeader(batch);
  const receipt = {
    channelId,
    blockNumber: Number(blockNumber),
    author,
    sequence,
    recordsRoot,
    receivedAt: 5n,
  };
  const signature = toHex(signDigest(receiptDigest(domainSeparator(domain), receipt), operatorKey));
  const plain = { ...receipt, sequence: String(sequence), receivedAt: 5 };
  return { ...plain, signer: addressOf(operatorKey), signature, logOffset: 0 };
}

let server: Server | undefined;

/** A server that gives every request this answer and tells what it was asked. */
async function answering(
  status: number,
  type: string,
  body: string,
): Promise<{ url: string; asked: string[] }> {
  const asked: string[] = [];
  server = createServer((request, response) => {
    asked.push(`${request.method} ${request.url} ${request.headers['content-type']}`);
    request.resume().on('end', () => response.writeHead(status, { 'content-type': type }).end(body));
  });
  await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked };
}

afterEach(() => {
  server?.closeAllConnections();
  server?.close();
});

describe('a batch signer', () => {
  it('signs full batches by itself and the rest on flush, each block apart, with ascending sequences', () => {
    const one = signer({ recordsPerBatch: 2, sender: 3, nextCounter: 10 });
    expect(one.win(0, win)).toBeUndefined();
    expect(one.win(1, win)).toBeUndefined();
    const full = one.audit(0, { ...win, counterparty: 255, flags: ['viewable'] }) as Uint8Array;
    const [rest] = one.flush();
    expect(one.flush()).toEqual([]);
    expect(one.nextCounter).toBe(12);
    const hasher = new BatchHasher(domainSeparator(domain));
    for (const batch of [full, rest]) {
      expect(batchFault(batch)).toBeUndefined();
      expect(hasher.isSignedBy(fromHex(addressOf(recordKey)), batch)).toBe(true);
    }
    expect(parseHeader(full)).toMatchObject({ blockNumber: 0n, count: 2, sequence: (3n << 40n) + 10n });
    expect(parseHeader(rest)).toMatchObject({ blockNumber: 1n, count: 1, sequence: (3n << 40n) + 11n });
  });

  it('writes the same record as the same fields in JSON', () => {
    const one = signer();
    one.win(0, { ...win, campaign: 'c', placement: 'p', reference: 'line', isTest: true });
    const [batch] = one.flush();
    const record = {
      kind: 'win',
      ...win,
      priceNano: '10',
      campaign: 'c',
      placement: 'p',
      reference: 'line',
      flags: ['test'],
    };
    const { signature } = { signature: toHex(batch.subarray(96, 161)) };
    const text = JSON.stringify({ blockNumber: 0, author: 1, sequence: '0', signature, records: [record] });
    const parsed = parseJsonBatch(text, channelId);
    expect(parsed.ok && equalBytes(parsed.bytes, batch)).toBe(true);
  });
});

describe('a batch signer throws before it signs', () => {
  const audit = { ...win, flags: ['viewable' as const] };
  it.each<[string, object]>([
    ['impression.auctionId', { impression: { auctionId: '{{AUCTION_ID}}', impId: '1' } }],
    ['impression.auctionId', { impression: { auctionId: '$%7Bauction_id%7D', impId: '1' } }],
    ['impression.auctionId', { impression: { auctionId: 'null', impId: '1' } }],
    ['impression.auctionId', { impression: { auctionId: '', impId: '1' } }],
    ['impression.auctionId', { impression: { auctionId: 'a\ud800', impId: '1' } }],
    ['impression.auctionId', { impression: { auctionId: 7, impId: '1' } }],
    ['impression.auctionId', { impression: { impId: '1' } }],
    ['impression.impId', { impression: { auctionId: 'a', impId: '${IMP-ID}' } }],
    ['impression.impId', { impression: { auctionId: 'a', impId: '\udc00' } }],
    ['campaign', { campaign: '[CAMPAIGN]' }],
    ['placement', { placement: '\ud800' }],
    ['reference', { reference: 'line \ud800' }],
    ['counterparty', { counterparty: 256 }],
    ['counterparty', { counterparty: -1 }],
    ['counterparty', { counterparty: 0.5 }],
    ['counterparty', { counterparty: undefined }],
    ['timestampMs', { timestampMs: -1 }],
    ['timestampMs', { timestampMs: 1.5 }],
    ['timestampMs', { timestampMs: Number.NaN }],
    ['timestampMs', { timestampMs: 2 ** 53 }],
    ['priceNano', { priceNano: -1n }],
    ['priceNano', { priceNano: 2n ** 64n }],
    ['priceNano', { priceNano: 2n ** 64n + 700_000n }],
    ['priceNano', { priceNano: 10 }],
    ['priceNano', { priceNano: '${AUCTION_PRICE}' }],
    ['priceNano', { priceNano: undefined }],
  ])('a RangeError that names %s: %j', (field, change) => {
    const one = signer();
    one.win(0, win);
    expect(() => one.win(0, { ...win, ...change })).toThrow(RangeError);
    expect(() => one.win(1, { ...win, ...change })).toThrow(new RegExp(`^${field.replace('.', '\\.')} `));
    // What was taken before is not lost, and nothing of the other is signed.
    const batches = one.flush();
    expect(batches.map((batch) => parseHeader(batch).count)).toEqual([1]);
  });

  it.each([['Viewable'], ['clicked'], ['test'], ['constructor']])('of an audit with the flag %s', (flag) => {
    const one = signer();
    expect(() => one.audit(0, { ...audit, flags: [flag as 'viewable'] })).toThrow(/^flags has /);
    expect(one.flush()).toEqual([]);
  });

  it('of a block, a sender, a counter or an author that has no place', () => {
    for (const block of [-1, 0.5, 2 ** 20])
      expect(() => signer().win(block, win)).toThrow(/^blockNumber is /);
    for (const sender of [-1, 0.5, 2 ** 24]) expect(() => signer({ sender })).toThrow(/^sender is /);
    for (const nextCounter of [-1, 0.5, 2 ** 40]) {
      expect(() => signer({ nextCounter })).toThrow(/^nextCounter is /);
    }
    const last = signer({ nextCounter: 2 ** 40 - 1 });
    last.win(0, win);
    expect(parseHeader(last.flush()[0]).sequence).toBe(2n ** 40n - 1n);
    last.win(0, win);
    expect(() => last.flush()).toThrow(/^nextCounter is /);
  });
});

describe('a receipt', () => {
  it('is verified offline against the operator key and the batch', () => {
    const batch = signer().sign(0, new Uint8Array(64));
    const receipt = receiptOf(batch);
    const expected = { domain, operatorKey: addressOf(operatorKey), batch };
    expect(receiptFault(receipt, expected)).toBeUndefined();
    expect(receiptFault({ ...receipt, receivedAt: 6 }, expected)).toBe('signature');
    expect(receiptFault(receipt, { ...expected, operatorKey: addressOf(recordKey) })).toBe('signer');
    const other = signer({ nextCounter: 1 }).sign(0, new Uint8Array(64));
    expect(receiptFault(receipt, { ...expected, batch: other })).toBe('batch');
  });
});

describe('a client of a channel node', () => {
  it('submits the bytes and gives the receipt', async () => {
    const batch = signer().sign(0, new Uint8Array(64));
    const { url, asked } = await answering(202, 'application/json', JSON.stringify(receiptOf(batch)));
    const client = new ChannelNodeClient({ url: `${url}/` });
    expect(await client.submit(channelId, batch)).toEqual(receiptOf(batch));
    expect(asked).toEqual([`POST /v1/channels/${channelId}/records application/vnd.papyrus.batch`]);
  });

  it('throws a refusal with its code, whether to try again, and where to read on', async () => {
    const refusal = refuse('block-closed', 'block 0 collected until 5');
    const problem = problemOf(refusal, { instance: '/x', requestId: 'r-1' });
    const { url } = await answering(409, problemMediaType, JSON.stringify(problem));
    const thrown = await new ChannelNodeClient({ url })
      .submit(channelId, new Uint8Array(1))
      .catch((cause) => cause);
    expect(thrown).toBeInstanceOf(PapyrusRefused);
    expect(thrown).toMatchObject({ code: 'block-closed', retryable: false, status: 409, requestId: 'r-1' });
    expect(thrown.message.split('\n')[0]).toBe(
      'The block still collects: its end and the grace for late notices have not passed. ' +
        'Found: block 0 collected until 5. ' +
        'Nothing more enters this block; send records of one block within its collection period.',
    );
    expect(thrown.docsUrl).toBe('/docs/reference/errors.md#block-closed');
  });

  it('says unreachable when nobody answers or something else does', async () => {
    const { url } = await answering(200, 'text/html', '<html>');
    const other = await new ChannelNodeClient({ url }).readiness().catch((cause) => cause);
    expect(other).toBeInstanceOf(PapyrusUnreachable);
    server?.close();
    const nobody = new ChannelNodeClient({ url: 'http://127.0.0.1:9' });
    expect(await nobody.readiness().catch((cause) => cause)).toMatchObject({
      code: 'unreachable',
      retryable: true,
    });
  });
});
