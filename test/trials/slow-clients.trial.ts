/**
 * Hundreds of clients at a byte a second, thousands that are idle and some that never read, against a channel
 * node that honest clients use; then against all five services while SIGTERM ends them.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { batchMediaType, endpoints, exchange } from '#api';
import type { NetworkSpec } from '#apps/cli/src/network/network-spec';
import { appNames } from '../network/processes/app-process.js';
import {
  openThreeOrganisations,
  type ThreeOrganisations,
  threeParticipants,
} from '../network/processes/three-organisations.js';
import { win } from '../network/processes/traffic.js';
import { HostileClients } from './hostile-clients.js';

const spec: Omit<NetworkSpec, 'firstBlockStart'> = {
  schemaVersion: 4,
  origin: 'trial of slow clients',
  seed: 'slow-clients',
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
const hostility = { slow: 600, idle: 2_000, deaf: 32 };
const p99MaxMs = 250;
const quietSeconds = 10;
const batchEveryMs = 25;
const freshEveryMs = 100;
const requestTimeoutMs = 10_000;
/** As configured by default, and what a loaded machine may add. */
const shutdownMs = 8_000;
const toleranceMs = 500;

interface Latencies {
  readonly count: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
  readonly failed: number;
}

/** `count`: seconds of honest traffic beside the hostile clients, 60 unless said. */
export async function runTrial([count = '60']: string[]): Promise<boolean> {
  const folder = mkdtempSync(join(tmpdir(), 'papyrus-slow-clients-'));
  const network = await openThreeOrganisations(folder, spec);
  try {
    const isServed = await serveHonest(network, Number(count));
    return (await endInTime(network)) && isServed;
  } finally {
    await network.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function serveHonest(network: ThreeOrganisations, seconds: number): Promise<boolean> {
  const { chain, channelId, spec: opened } = network;
  while ((await chain.time()).timestampSeconds <= opened.firstBlockStart) await pause(200);
  const quiet = await honestTraffic(network, quietSeconds, 0);
  const url = network.dsp.url('channel-node');
  const hostile = new HostileClients({ ...hostility, url, path: `/v1/channels/${channelId}` });
  await hostile.open();
  const beside = await honestTraffic(network, seconds, 1_000_000);
  const { cutOff } = hostile;
  hostile.close();
  const said = { quiet, beside, cutOff };
  process.stdout.write(`${JSON.stringify(said)}\n`);
  const { batches, fresh } = beside;
  return batches.failed + fresh.failed === 0 && Math.max(batches.p99Ms, fresh.p99Ms) < p99MaxMs;
}

/** Batches over kept connections, and now and then a question over a new one. */
async function honestTraffic(
  network: ThreeOrganisations,
  seconds: number,
  firstSequence: number,
): Promise<{ readonly batches: Latencies; readonly fresh: Latencies }> {
  const { chain, channelId, signer, spec: opened } = network;
  const url = network.dsp.url('channel-node');
  const batches: number[] = [];
  const fresh: number[] = [];
  const asked: Promise<void>[] = [];
  const endsAt = performance.now() + seconds * 1_000;
  let { timestampSeconds } = await chain.time();
  const clock = setInterval(async () => {
    timestampSeconds = (await chain.time()).timestampSeconds;
  }, 500);
  for (let turn = 0; performance.now() < endsAt; turn++) {
    // The node may hear of a height a moment later.
    const elapsedSeconds = timestampSeconds - 1 - opened.firstBlockStart;
    const blockNumber = Math.floor(elapsedSeconds / opened.blockDuration);
    const sequence = firstSequence + turn;
    const record = win(0, String(sequence), 1_000_000n, BigInt(timestampSeconds) * 1_000n);
    const { bytes } = signer.sign(0, blockNumber, sequence, [record]);
    asked.push(
      timed(batches, async () => {
        const answer = await exchange(url, endpoints.submitRecords, {
          parameters: { channelId },
          sent: { contentType: batchMediaType, body: bytes },
          timeoutMs: requestTimeoutMs,
        });
        return answer.kind === 'taken';
      }),
    );
    if (turn % (freshEveryMs / batchEveryMs) === 0) asked.push(timed(fresh, () => isAlive(url)));
    await pause(batchEveryMs);
  }
  clearInterval(clock);
  await Promise.all(asked);
  return { batches: latenciesOf(batches), fresh: latenciesOf(fresh) };
}

/** Over a connection of its own. */
function isAlive(url: string): Promise<boolean> {
  return new Promise((resolve) => {
    const asked = request(`${url}${endpoints.showLiveness.path}`, { agent: false }, (answer) => {
      answer.resume().once('end', () => resolve(answer.statusCode === 200));
    });
    asked.once('error', () => resolve(false)).end();
  });
}

/** Adds the milliseconds, infinitely many for what was not answered as it should. */
async function timed(into: number[], act: () => Promise<boolean>): Promise<void> {
  const from = performance.now();
  into.push((await act()) ? performance.now() - from : Number.POSITIVE_INFINITY);
}

function latenciesOf(all: readonly number[]): Latencies {
  const sorted = [...all].sort((a, b) => a - b);
  const at = (share: number): number => Math.round(sorted[Math.ceil(sorted.length * share) - 1] * 10) / 10;
  const failed = sorted.filter((ms) => ms === Number.POSITIVE_INFINITY).length;
  return { count: sorted.length, p50Ms: at(0.5), p99Ms: at(0.99), maxMs: at(1), failed };
}

/** All of them at all five services, and SIGTERM to each. */
async function endInTime({ dsp, channelId }: ThreeOrganisations): Promise<boolean> {
  const path = `/v1/channels/${channelId}`;
  const hostile = appNames.map((name) => new HostileClients({ ...hostility, url: dsp.url(name), path }));
  await Promise.all(hostile.map((one) => one.open()));
  await pause(2_000);
  const connections = hostile.reduce((sum, one) => sum + one.count, 0);
  const ends = await Promise.all(
    appNames.map(async (name) => {
      const from = performance.now();
      const end = await dsp.end(name, 'SIGTERM');
      return { name, code: end?.code, spentMs: Math.round(performance.now() - from) };
    }),
  );
  for (const one of hostile) one.close();
  process.stdout.write(`SIGTERM with ${connections} hostile connections: ${JSON.stringify(ends)}\n`);
  return ends.every(({ code, spentMs }) => code === 0 && spentMs <= shutdownMs + toleranceMs);
}
