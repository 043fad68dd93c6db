/**
 * Five services of one organisation as processes, killed at random while batches come in: every acknowledged
 * batch must be in the organisation's part of its block, and every block must be settled as its parts say.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { batchMediaType, endpoints, exchange, receiptSchema } from '#api';
import type { NetworkSpec } from '#apps/cli/src/network/network-spec';
import { openBlock } from '#apps/cli/src/network/open-block';
import { channelSecretOf } from '#apps/cli/src/network/open-channel';
import { seededEntropy } from '#environment';
import { toHex } from '#encoding';
import { blockKeyOf, forEachBatch, isOver, secretOf, stageOf } from '#protocol';
import { type AppName, appNames } from '../network/processes/app-process.js';
import {
  openThreeOrganisations,
  type ThreeOrganisations,
  threeParticipants,
} from '../network/processes/three-organisations.js';
import { type Batch, win } from '../network/processes/traffic.js';

const spec: Omit<NetworkSpec, 'firstBlockStart'> = {
  schemaVersion: 4,
  origin: 'trial of kills',
  seed: 'kill-services',
  participants: threeParticipants,
  currency: 'EUR',
  depositNano: '1000000000000',
  blockMaxNano: '1000000000000',
  auditorFeeNano: '0',
  priceNanoMax: '1000000000',
  blockDuration: 15,
  blocksMax: 4_096,
  collectionGrace: 2,
  collationPeriod: 120,
  processingPeriod: 240,
  challengePeriod: 60,
};
const requestTimeoutMs = 5_000;
const batchEveryMs = 150;
/** Between one kill and the next, and between a kill and the start after it, at most. */
const breathMs = 600;
const downMs = 400;
const endsWithinMs = 240_000;

/** What a channel node gave a receipt for: by block and author, the bytes of the batches. */
type Promised = Map<number, readonly [Set<string>, Set<string>]>;

/** `count`: kills, 200 unless said; after `seconds` no more are begun, however many there were. */
export async function runTrial([
  count = '200',
  seconds = '3600',
  seed = String(Date.now()),
]: string[]): Promise<boolean> {
  const folder = mkdtempSync(join(tmpdir(), 'papyrus-kill-services-'));
  const network = await openThreeOrganisations(folder, spec);
  try {
    return await run(
      network,
      { kills: Number(count), endsAt: performance.now() + Number(seconds) * 1_000 },
      seed,
    );
  } finally {
    await network.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

interface Wanted {
  readonly kills: number;
  /** By performance.now(). */
  readonly endsAt: number;
}

async function run(network: ThreeOrganisations, wanted: Wanted, seed: string): Promise<boolean> {
  process.stdout.write(`seed ${seed}\n`);
  for (const one of network.others) {
    for (const shell of [one.node, one.collator, one.coordinator, one.validator, one.settlement]) {
      await shell.start();
    }
  }
  const promised: Promised = new Map();
  const traffic = new AbortController();
  const sending = Promise.all([0, 1].map((author) => sendBatches(network, author, promised, traffic.signal)));
  const kills = await killAtRandom(network, wanted, seed);
  traffic.abort();
  await sending;
  const last = currentBlock(network, (await network.chain.time()).timestampSeconds);
  const unfinished = await untilOver(network, last);
  const found = await compare(network, promised, last);
  const errors = errorLines(network);
  const total = Object.values(kills).reduce((sum, one) => sum + one, 0);
  process.stdout.write(
    `${total} kills ${JSON.stringify(kills)}, ${found.acknowledged} batches acknowledged, ${found.lost} lost, ` +
      `${last + 1} blocks: ${found.settled} settled as their parts say, ${found.differing} otherwise, ` +
      `${unfinished} unfinished; error lines ${JSON.stringify(errors)}\n`,
  );
  const isWhole = unfinished === 0 && found.differing === 0 && found.settled === last + 1;
  return total > 0 && isWhole && found.lost === 0 && found.acknowledged > total;
}

/** One author's client: a batch now and then, and again the same one until it is answered or too late. */
async function sendBatches(
  { chain, members, channelId, signer, spec: { firstBlockStart, blockDuration } }: ThreeOrganisations,
  author: number,
  promised: Promised,
  signal: AbortSignal,
): Promise<void> {
  for (let sequence = 0; !signal.aborted; sequence++) {
    const { timestampSeconds } = await chain.time();
    const blockNumber = Math.floor((timestampSeconds - firstBlockStart) / blockDuration);
    if (blockNumber >= 0) {
      const name = `${blockNumber}/${sequence}`;
      const record = win(author, name, 1_000_000n, BigInt(timestampSeconds) * 1_000n);
      const batch = signer.sign(author, blockNumber, sequence, [record]);
      if (await isAcknowledged(members[author].nodeUrl, channelId, batch)) {
        const known = promised.get(blockNumber) ?? ([new Set<string>(), new Set<string>()] as const);
        promised.set(blockNumber, known);
        known[author].add(latin1(batch.bytes));
      }
    }
    await pause(batchEveryMs);
  }
}

async function isAcknowledged(nodeUrl: string, channelId: string, batch: Batch): Promise<boolean> {
  for (;;) {
    const answer = await exchange(nodeUrl, endpoints.submitRecords, {
      parameters: { channelId },
      sent: { contentType: batchMediaType, body: batch.bytes },
      timeoutMs: requestTimeoutMs,
    });
    if (answer.kind === 'taken') return receiptSchema.safeParse(answer.body).success;
    if (answer.kind === 'refused' && !answer.problem.retryable) return false;
    await pause(batchEveryMs);
  }
}

/** Each service alike, at any time after it said that it is ready; then started again where it was. */
async function killAtRandom(
  { dsp }: ThreeOrganisations,
  wanted: Wanted,
  seed: string,
): Promise<Record<string, number>> {
  const entropy = seededEntropy(seed);
  const below = (end: number): number => new DataView(entropy.bytes(4).buffer).getUint32(0) % end;
  const kills: Record<string, number> = {};
  for (let kill = 1; kill <= wanted.kills && performance.now() < wanted.endsAt; kill++) {
    await pause(below(breathMs));
    const name: AppName = appNames[below(appNames.length)];
    await dsp.end(name, 'SIGKILL');
    await pause(below(downMs));
    await dsp.start(name);
    kills[name] = (kills[name] ?? 0) + 1;
    if (kill % 50 === 0) process.stdout.write(`${kill} kills\n`);
  }
  return kills;
}

function currentBlock({ spec: { firstBlockStart, blockDuration } }: ThreeOrganisations, now: number): number {
  return Math.floor((now - firstBlockStart) / blockDuration);
}

/** How many of the blocks up to `last` are neither settled nor void when patience is over. */
async function untilOver({ chain, channelId }: ThreeOrganisations, last: number): Promise<number> {
  const endsAt = performance.now() + endsWithinMs;
  let open = Array.from({ length: last + 1 }, (_, blockNumber) => blockNumber);
  while (open.length > 0 && performance.now() < endsAt) {
    await pause(1_000);
    const snapshot = await chain.snapshot({ finality: 'latest' });
    const channel = await snapshot.channel(channelId);
    if (channel === undefined) throw new Error('the channel is gone');
    const left: number[] = [];
    for (const blockNumber of open) {
      const facts = await snapshot.blockFacts(channelId, blockNumber);
      const stage = stageOf(channel.terms, blockNumber, facts, snapshot.timestampSeconds);
      if (!isOver(stage)) left.push(blockNumber);
    }
    open = left;
  }
  return open.length;
}

/** Opens every block's parts and holds them against what was promised and what was settled. */
async function compare(
  { chain, partStore, channelId, spec }: ThreeOrganisations,
  promised: Promised,
  last: number,
) {
  const snapshot = await chain.snapshot({ finality: 'latest' });
  const channel = await snapshot.channel(channelId);
  if (channel === undefined) throw new Error('the channel is gone');
  const secret = channelSecretOf(spec);
  const found = { acknowledged: 0, lost: 0, settled: 0, differing: 0 };
  for (let blockNumber = 0; blockNumber <= last; blockNumber++) {
    const facts = await snapshot.blockFacts(channelId, blockNumber);
    const blockKey = blockKeyOf(secretOf(secret, blockNumber));
    const block = { channelId, terms: channel.terms, blockNumber, blockKey, facts };
    const { parts, output } = await openBlock({ chain, partStore }, block);
    for (const [author, batches] of (promised.get(blockNumber) ?? []).entries()) {
      const held = new Set<string>();
      const own = parts.find((part) => part.participant === author);
      if (own !== undefined) {
        forEachBatch(own.plaintext, (at, bytes) => held.add(latin1(own.plaintext.subarray(at, at + bytes))));
      }
      found.acknowledged += batches.size;
      for (const batch of batches) if (!held.has(batch)) found.lost++;
    }
    const [result, ...others] = facts.results;
    const isSame = result?.settlementRoot === toHex(output.settlementRoot) && others.length === 0;
    if (facts.settledAtSeconds !== undefined && isSame) found.settled++;
    else found.differing++;
  }
  return found;
}

/** What the processes said as errors, by message. */
function errorLines({ dsp }: ThreeOrganisations): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const line of dsp.started.flatMap((app) => app.log)) {
    if (line.level === 'error') counts[line.msg] = (counts[line.msg] ?? 0) + 1;
  }
  return counts;
}

const latin1 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1');
