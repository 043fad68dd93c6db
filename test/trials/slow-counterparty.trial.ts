/**
 * A counterparty whose channel node answers after 8 s, by a byte a second, or never, beside one that is well:
 * blocks are cut in time, the healthy one gets what it should, no block is void and nothing acknowledged lost.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { batchMediaType, blockSchema, endpoints, exchange } from '#api';
import type { NetworkSpec } from '#apps/cli/src/network/network-spec';
import { channelSecretOf } from '#apps/cli/src/network/open-channel';
import { type BlockStage, type ChannelTerms, collectionEnd, isOver, stageOf } from '#protocol';
import {
  openThreeOrganisations,
  type ThreeOrganisations,
  threeParticipants,
} from '../network/processes/three-organisations.js';
import { win } from '../network/processes/traffic.js';
import { headerOf, lostBatches, type SentBatch } from './lost-batches.js';
import { type Manner, SlowNode } from './slow-node.js';

const spec: Omit<NetworkSpec, 'firstBlockStart'> = {
  schemaVersion: 4,
  origin: 'trial of slow counterparties',
  seed: 'slow-counterparty',
  participants: threeParticipants,
  currency: 'EUR',
  depositNano: '1000000000000',
  blockMaxNano: '1000000000000',
  auditorFeeNano: '0',
  priceNanoMax: '1000000000',
  blockDuration: 10,
  blocksMax: 4_096,
  collectionGrace: 2,
  // So short that a mark that waited for a few requests to time out would be too late for it.
  collationPeriod: 20,
  processingPeriod: 120,
  challengePeriod: 60,
};
const batchEveryMs = 50;
const lookEveryMs = 50;
const requestTimeoutMs = 20_000;
const cutWithinMs = 2_000;
const healthyWithinMs = 1_000;
const healthyShareMin = 0.95;
const overWithinMs = 240_000;
const healthy = 1;
const slow = 2;

interface Round {
  readonly network: ThreeOrganisations;
  readonly terms: ChannelTerms;
  readonly blocks: number;
}

interface Acknowledged extends SentBatch {
  /** By performance.now(). */
  readonly atMs: number;
}

/** `count`: blocks a round, 6 unless said; a round for each manner of being slow. */
export async function runTrial([count = '6']: string[]): Promise<boolean> {
  let isGood = true;
  for (const manner of ['after-8-seconds', 'byte-a-second', 'never'] satisfies Manner[]) {
    isGood = (await runRound(manner, Number(count))) && isGood;
  }
  return isGood;
}

async function runRound(manner: Manner, blocks: number): Promise<boolean> {
  const folder = mkdtempSync(join(tmpdir(), 'papyrus-slow-counterparty-'));
  const fronts: SlowNode[] = [];
  const network = await openThreeOrganisations(folder, spec, async (participant, nodeUrl) => {
    const front = await SlowNode.open(nodeUrl, participant === slow ? manner : 'prompt');
    fronts[participant] = front;
    return front.url;
  });
  try {
    const latest = await network.chain.snapshot({ finality: 'latest' });
    const terms = (await latest.channel(network.channelId))?.terms as ChannelTerms;
    const round = { network, terms, blocks };
    return await measure(round, manner, fronts);
  } finally {
    await network.close();
    for (const front of fronts) front.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function measure(round: Round, manner: Manner, fronts: readonly SlowNode[]): Promise<boolean> {
  const { chain, partStore, others, channelId, spec: opened } = round.network;
  for (const one of others) await one.start();
  const cutting = cutDelaysMs(round);
  const acknowledged = await sendBatches(round);
  const cuts = await cutting;
  const stages = await untilOver(round);
  const channel = { channelId, terms: round.terms, secret: channelSecretOf(opened) };
  const lost = await lostBatches({ chain, partStore }, channel, acknowledged);
  const { taken } = fronts[healthy];
  const delays = acknowledged.map(({ header, atMs }) => (taken.get(header) ?? Infinity) - atMs);
  const prompt = delays.filter((ms) => ms <= healthyWithinMs).length;
  const settled = stages.filter((stage) => stage === 'settled').length;
  process.stdout.write(
    `${manner}: ${acknowledged.length} acknowledged, ${lost} lost, the healthy one got ${prompt} within ` +
      `${healthyWithinMs} ms, the slow one ${fronts[slow].taken.size} in all; cut marks after ` +
      `${cuts.map((ms) => Math.round(ms)).join(', ')} ms; ${settled} of ${round.blocks} blocks settled\n`,
  );
  const isPrompt = prompt >= acknowledged.length * healthyShareMin && Math.max(...cuts) <= cutWithinMs;
  return isPrompt && lost === 0 && acknowledged.length > 0 && settled === round.blocks;
}

/** The payer's batches to its own node until the last block has no time left. */
async function sendBatches({ network, terms, blocks }: Round): Promise<Acknowledged[]> {
  const { chain, channelId, signer, dsp } = network;
  const acknowledged: Acknowledged[] = [];
  const sending: Promise<void>[] = [];
  for (let sequence = 0; ; sequence++) {
    const { timestampSeconds } = await chain.time();
    // The node may hear of a height a moment later.
    const blockNumber = Math.floor((timestampSeconds - 1 - terms.firstBlockStart) / terms.blockDuration);
    if (blockNumber >= blocks) break;
    if (blockNumber >= 0) {
      const record = win(0, String(sequence), 1_000_000n, BigInt(timestampSeconds) * 1_000n);
      const { bytes } = signer.sign(0, blockNumber, sequence, [record]);
      const send = async (): Promise<void> => {
        const answer = await exchange(dsp.url('channel-node'), endpoints.submitRecords, {
          parameters: { channelId },
          sent: { contentType: batchMediaType, body: bytes },
          timeoutMs: requestTimeoutMs,
        });
        const header = headerOf(bytes);
        if (answer.kind !== 'taken') return;
        acknowledged.push({ blockNumber, author: 0, header, atMs: performance.now() });
      };
      sending.push(send());
    }
    await pause(batchEveryMs);
  }
  await Promise.all(sending);
  return acknowledged;
}

/** For each block, how long after the chain said that its collection had ended the node showed it cut. */
async function cutDelaysMs({ network, terms, blocks }: Round): Promise<number[]> {
  const { chain, channelId, dsp } = network;
  const delays: number[] = [];
  for (let blockNumber = 0; blockNumber < blocks; blockNumber++) {
    while ((await chain.time()).timestampSeconds < collectionEnd(terms, blockNumber))
      await pause(lookEveryMs);
    const endedAtMs = performance.now();
    for (let isCut = false; !isCut; ) {
      await pause(lookEveryMs);
      const parameters = { channelId, blockNumber: String(blockNumber) };
      const answer = await exchange(dsp.url('channel-node'), endpoints.showBlock, {
        parameters,
        timeoutMs: requestTimeoutMs,
      });
      isCut = answer.kind === 'taken' && blockSchema.parse(answer.body).isCut;
    }
    delays.push(performance.now() - endedAtMs);
  }
  return delays;
}

/** The stage of each block once all are settled or void, or patience is over. */
async function untilOver({ network, terms, blocks }: Round): Promise<BlockStage['stage'][]> {
  const { chain, channelId } = network;
  const endsAtMs = performance.now() + overWithinMs;
  for (;;) {
    await pause(1_000);
    const snapshot = await chain.snapshot({ finality: 'latest' });
    const stages: BlockStage[] = [];
    for (let blockNumber = 0; blockNumber < blocks; blockNumber++) {
      const facts = await snapshot.blockFacts(channelId, blockNumber);
      stages.push(stageOf(terms, blockNumber, facts, snapshot.timestampSeconds));
    }
    if (stages.every(isOver) || performance.now() > endsAtMs) return stages.map((one) => one.stage);
  }
}
