/**
 * The record log of an organisation is lost between collection and collation: no part is posted from what
 * took its place, and with the folder brought back all of it is.
 */
import { mkdtempSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { batchMediaType, endpoints, pathOf } from '#api';
import type { NetworkSpec } from '#apps/cli/src/network/network-spec';
import type { BlockFacts } from '#protocol';
import type { AppName } from './app-process.js';
import { openThreeOrganisations, type ThreeOrganisations, threeParticipants } from './three-organisations.js';
import { win } from './traffic.js';
import { until } from './until.js';

/** Collation is long enough for an operator to bring a folder back. */
const spec: Omit<NetworkSpec, 'firstBlockStart'> = {
  schemaVersion: 4,
  origin: 'test of a lost log',
  seed: 'lost-log',
  participants: threeParticipants,
  currency: 'EUR',
  depositNano: '10000000000',
  blockMaxNano: '10000000000',
  auditorFeeNano: '2000',
  priceNanoMax: '1000000000',
  blockDuration: 8,
  blocksMax: 4,
  collectionGrace: 1,
  collationPeriod: 600,
  processingPeriod: 600,
  challengePeriod: 600,
};

describe('a record log that is lost between collection and collation', () => {
  const folder = mkdtempSync(join(tmpdir(), 'papyrus-lost-log-'));
  const log = join(folder, 'dsp', 'log');
  const nodeState = join(folder, 'dsp', 'channel-node');
  let network: ThreeOrganisations;
  beforeAll(async () => {
    network = await openThreeOrganisations(folder, spec);
    for (const one of network.others) for (const shell of [one.node, one.collator]) await shell.start();
  });
  afterAll(async () => {
    await network?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const facts = async (): Promise<BlockFacts> =>
    (await network.chain.snapshot({ finality: 'latest' })).blockFacts(network.channelId, 0);
  const submit = async (body: Uint8Array): Promise<number> => {
    const path = pathOf(endpoints.submitRecords, { channelId: network.channelId });
    const headers = { 'content-type': batchMediaType };
    return (await fetch(network.members[0].nodeUrl + path, { method: 'POST', headers, body })).status;
  };
  /** Codes of the reasons why the app is not ready. */
  const reasons = async (name: AppName): Promise<readonly string[]> => {
    const answer = await fetch(`${network.dsp.url(name)}/health/ready`);
    const body = (await answer.json()) as { reasons: readonly { code: string }[] };
    return body.reasons.map(({ code }) => code);
  };
  const told = (name: AppName, code: string): Promise<true> =>
    until(`${code} of ${name}`, async () => ((await reasons(name)).includes(code) ? true : undefined));

  it('makes no part, whatever took its place, and all of it once it is brought back', async () => {
    const { dsp, signer } = network;
    const batch = signer.sign(0, 0, 0, [win(0, 'kept', 1_000n, 0n)]);
    await until('a receipt', async () => ((await submit(batch.bytes)) === 202 ? true : undefined));
    await until('a collator that knows its log', async () =>
      (await reasons('collator')).length === 0 ? true : undefined,
    );

    await dsp.end('channel-node', 'SIGTERM');
    renameSync(log, `${log}.away`);
    await dsp.start('channel-node');
    await told('channel-node', 'record-log-other');
    expect(await reasons('collator')).not.toEqual([]);

    // Now nobody but the collator remembers: the node cuts the block off where the new log begins.
    await dsp.end('channel-node', 'SIGTERM');
    renameSync(nodeState, `${nodeState}.away`);
    await dsp.start('channel-node');
    await until('the parts of the two', async () => ((await facts()).parts.length === 2 ? true : undefined));
    await dsp.end('collator', 'SIGTERM');
    await dsp.start('collator');
    await told('collator', 'record-log-incomplete');
    expect((await facts()).parts.map(({ participant }) => participant).sort()).toEqual([1, 2]);

    await dsp.end('channel-node', 'SIGTERM');
    for (const one of [log, nodeState]) {
      rmSync(one, { recursive: true });
      renameSync(`${one}.away`, one);
    }
    await dsp.start('channel-node');
    await dsp.end('collator', 'SIGTERM');
    await dsp.start('collator');
    const { parts } = await until('the part of the payer', async () => {
      const found = await facts();
      return found.parts.length === 3 ? found : undefined;
    });
    expect(parts.find(({ participant }) => participant === 0)?.segmentCount).toBe(1);
    expect(await reasons('collator')).toEqual([]);
  });
});
