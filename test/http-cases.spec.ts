/** Macros in ids and prices as people reported them (../shared/cases): refused at every entrance, by field. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { domain, start } from '#apps/channel-node/src/testing/test-channel';
import { TestNode } from '#apps/channel-node/src/testing/test-node';
import { jsonMediaType, ndjsonMediaType } from '#api';
import { BatchSigner } from '#sdk';

const file = join(import.meta.dirname, '../../shared/cases/http-macro-ids.ndjson');
const hasCases = existsSync(file);
if (!hasCases) {
  if (process.env.CI === 'true') throw new Error('the cases are not beside this checkout');
  process.stderr.write('SKIPPED: macros as they were reported, which are not beside this checkout\n');
}
const lines = hasCases ? readFileSync(file, 'utf8').trim().split('\n') : [];
const header = { blockNumber: 0, author: 1, sequence: '1', signature: `0x${'11'.repeat(64)}1b` };

let node: TestNode;
beforeAll(async () => {
  node = await TestNode.open();
});
afterAll(() => node.close());

(hasCases ? describe : describe.skip)('a reported record', () => {
  it('is there', () => {
    expect(lines.length).toBeGreaterThan(7);
  });

  it.each(lines)('%s', async (line) => {
    const record = JSON.parse(line) as { impression: { auctionId: string; impId: string } };
    const field = record.impression.auctionId === 'x-1' ? 'impId' : 'auctionId';
    const problem = { code: 'unresolved-macro', errors: [{ pointer: `/records/0/impression/${field}` }] };
    const json = JSON.stringify({ ...header, records: [record] });
    expect((await node.post(json, { type: jsonMediaType })).body).toMatchObject(problem);
    const ndjson = `${JSON.stringify(header)}\n${line}\n`;
    expect((await node.post(ndjson, { type: ndjsonMediaType })).body).toMatchObject(problem);
    const { channelId } = node.chain;
    const signer = new BatchSigner({ domain, channelId, author: 1, recordKey: new Uint8Array(32).fill(1) });
    const win = { ...record, counterparty: 0, priceNano: 1n, timestampMs: start * 1_000 };
    expect(() => signer.win(0, win)).toThrow(new RegExp(`^impression\\.${field} .*unresolved-macro`));
    expect(signer.flush()).toEqual([]);
  });
});
