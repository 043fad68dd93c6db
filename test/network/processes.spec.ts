/**
 * Every app as a process of its own: one organisation's five processes settle a block with two others,
 * through kills.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { batchMediaType, endpoints, pathOf, receiptSchema, type SignedReceipt } from '#api';
import type { NetworkSpec } from '#apps/cli/src/network/network-spec';
import type { NetworkMember } from '#apps/cli/src/network/open-channel';
import type { Organisation } from '#apps/cli/src/network/open-organisation';
import type { DrivenChain } from '#chain';
import { type Address, fromHex, toHex } from '#encoding';
import type { BlockFacts, ChannelId } from '#protocol';
import { isDamaged, logPosition } from '#record-log';
import { openFileRecordLog } from '#record-log/file-record-log';
import { defaultParameters } from '#reduction';
import { referenceReduce } from '../reference/reduce-records.js';
import { appNames } from './processes/app-process.js';
import type { OrganisationProcesses } from './processes/organisation-processes.js';
import {
  openThreeOrganisations,
  type ThreeOrganisations,
  threeParticipants,
  threeRoles,
} from './processes/three-organisations.js';
import { type Batch, type TrafficSigner, win } from './processes/traffic.js';
import { until } from './processes/until.js';

const deposit = 10_000_000_000n;

/** Collection is short; the other periods are long, since they end as soon as everybody has acted. */
const spec: Omit<NetworkSpec, 'firstBlockStart'> = {
  schemaVersion: 4,
  origin: 'test of processes',
  seed: 'processes',
  participants: threeParticipants,
  currency: 'EUR',
  depositNano: String(deposit),
  blockMaxNano: String(deposit),
  auditorFeeNano: '2000',
  priceNanoMax: '1000000000',
  blockDuration: 8,
  blocksMax: 64,
  collectionGrace: 1,
  collationPeriod: 600,
  processingPeriod: 600,
  challengePeriod: 600,
};

describe('an organisation of five processes', () => {
  const folder = mkdtempSync(join(tmpdir(), 'papyrus-processes-'));
  let network: ThreeOrganisations;
  let chain: DrivenChain;
  let dsp: OrganisationProcesses;
  let others: readonly Organisation[];
  let members: readonly NetworkMember[];
  let channelId: ChannelId;
  let token: Address;
  let signer: TrafficSigner;

  beforeAll(async () => {
    network = await openThreeOrganisations(folder, spec);
    ({ chain, dsp, others, members, channelId, token, signer } = network);
  });

  afterAll(async () => {
    await network?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const latest = () => chain.snapshot({ finality: 'latest' });
  const facts = async () => (await latest()).blockFacts(channelId, 0);
  const factsWhen = (what: string, holds: (facts: BlockFacts) => boolean): Promise<BlockFacts> =>
    until(what, async () => {
      const found = await facts();
      return holds(found) ? found : undefined;
    });

  it('settles a block to the nano, though four of its processes are killed within the block', async () => {
    const [ssp, auditor] = others;
    // What the other two do not start is left to the processes: settling, and for a while the last commit.
    for (const one of others)
      for (const shell of [one.node, one.collator, one.coordinator]) await shell.start();
    await ssp.validator.start();

    const batches = signer.block(90, BigInt((await chain.time()).timestampSeconds) * 1_000n);
    for (const batch of batches) await mustSubmit(members[batch.author].nodeUrl, channelId, batch);
    const [killedNode] = await Promise.all(
      (['channel-node', 'collator', 'coordinator'] as const).map((name) => dsp.end(name, 'SIGKILL')),
    );
    expect(killedNode).toEqual({ code: null, signal: 'SIGKILL' });
    await dsp.start('channel-node');
    const again = await mustSubmit(members[0].nodeUrl, channelId, batches[0]);
    expect(toHex(batches[0].bytes.subarray(64, 96))).toBe(again.recordsRoot);

    const two = await factsWhen('the parts of the two', ({ parts }) => parts.length === 2);
    expect(two.parts.map(({ participant }) => participant).sort()).toEqual([1, 2]);
    await Promise.all([dsp.start('collator'), dsp.start('coordinator')]);

    const committed = await factsWhen('two commits', ({ seats }) => seats.length === 2);
    expect(committed.seats.map(({ participant }) => participant).sort()).toEqual([0, 1]);
    expect(committed.seats.map(({ outputHash }) => outputHash)).toEqual([undefined, undefined]);
    await dsp.end('validator', 'SIGKILL');
    await auditor.validator.start();
    await factsWhen('the third commit', ({ seats }) => seats.length === 3);
    await dsp.start('validator');

    const settled = await factsWhen('settlement', ({ settledAtSeconds }) => settledAtSeconds !== undefined);
    const records = batches.flatMap((batch) => batch.records);
    const parameters = { ...defaultParameters, auditorFeeNano: BigInt(spec.auditorFeeNano) };
    const expected = referenceReduce(records, threeRoles, parameters);
    expect(Object.keys(expected.reasons).length).toBeGreaterThan(3);
    expect(settled.results).toEqual([
      expect.objectContaining({
        settlementRoot: toHex(expected.settlementRoot),
        impressionCount: BigInt(expected.leaves.length),
        amountWords: expected.amountWords.map(toHex),
        validParts: 7,
      }),
    ]);
    const now = await latest();
    const balances = await Promise.all(
      members.map(({ secrets }) => now.balance(token, secrets.account.address)),
    );
    expect(balances).toEqual([0n, expected.amounts[1], expected.amounts[2]]);
    expect(expected.amounts[1]).toBeGreaterThan(0n);
    const lines = (await now.channel(channelId))?.lines.map(({ amount }) => amount);
    expect(lines).toEqual([deposit - expected.amounts[1], deposit - expected.amounts[2]]);
  });

  it('ends with exit code 0 when asked to, answers what it was asked, and keeps what it promised', async () => {
    const url = dsp.url('channel-node');
    const batches = await until('a block that collects', async () => {
      const { currentBlock } = (await (await fetch(channelUrl(url, channelId))).json()) as {
        currentBlock?: number;
      };
      if (currentBlock === undefined) return undefined;
      const sign = (_: unknown, at: number): Batch =>
        signer.sign(0, currentBlock, at, [win(0, `last ${at}`, 1_000n, 0n)]);
      const signed = Array.from({ length: 200 }, sign);
      return (await submit(url, channelId, signed[0])).ok ? signed : undefined;
    });
    const answers = batches.map((batch) => submit(url, channelId, batch).catch(() => undefined));
    await Promise.any(answers);
    const askedAt = performance.now();
    await dsp.drainAll();
    // Connections that clients keep open for later do not hold up the end.
    expect(performance.now() - askedAt).toBeLessThan(20_000);

    const log = await openFileRecordLog(join(folder, 'dsp', 'log'), { access: 'read' });
    let promised = 0;
    for (const [at, answer] of (await Promise.all(answers)).entries()) {
      if (answer === undefined || !answer.ok) continue;
      const { logOffset } = receiptSchema.parse(await answer.json());
      const kept = await log.get({ channelId, stream: 0 }, logPosition(logOffset));
      const bytes = kept === undefined || isDamaged(kept) ? new Uint8Array(0) : kept.bytes;
      expect([at, Buffer.compare(bytes, batches[at].bytes)]).toEqual([at, 0]);
      promised++;
    }
    await log.close();
    expect(promised).toBeGreaterThan(0);
  });

  it('says nothing on standard output, and of errors nothing', () => {
    expect(dsp.started.map((app) => app.name).sort()).toEqual(
      [...appNames, 'channel-node', 'collator', 'coordinator', 'validator'].sort(),
    );
    expect(dsp.started.flatMap((app) => app.stdout)).toEqual([]);
    expect(dsp.started.flatMap((app) => app.log.filter(({ level }) => level === 'error'))).toEqual([]);
  });
});

function channelUrl(nodeUrl: string, channelId: ChannelId): string {
  return `${nodeUrl}${pathOf(endpoints.showChannel, { channelId })}`;
}

function submit(nodeUrl: string, channelId: ChannelId, batch: Batch): Promise<Response> {
  return fetch(`${nodeUrl}${pathOf(endpoints.submitRecords, { channelId })}`, {
    method: 'POST',
    headers: { 'content-type': batchMediaType },
    body: new Uint8Array(batch.bytes),
  });
}

/** Asked again while the node has not heard of the channel, or the block is not open yet. */
async function mustSubmit(nodeUrl: string, channelId: ChannelId, batch: Batch): Promise<SignedReceipt> {
  const receipt = await until('a receipt', async () => {
    const answer = await submit(nodeUrl, channelId, batch);
    const body: unknown = await answer.json();
    if (answer.ok) return receiptSchema.parse(body);
    if (['unknown-channel', 'block-not-open'].includes((body as { code: string }).code)) return undefined;
    throw new Error(`refused: ${JSON.stringify(body)}`);
  });
  expect(fromHex(receipt.recordsRoot)).toEqual(new Uint8Array(batch.bytes.subarray(64, 96)));
  return receipt;
}
