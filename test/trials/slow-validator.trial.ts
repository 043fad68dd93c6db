/**
 * A validator endpoint that never answers for half of the blocks that are to be delegated at once: the others
 * must be delegated long before their commits end.
 */

import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Coordinator } from '#apps/coordinator/src/coordinator';
import { emptyPart, Rehearsal } from '#block-watch/testing/rehearsal';
import type { Hex } from '#encoding';
import { silentLog } from '#environment';
import { deferred } from '#environment/testing/deferred';
import { openJobQueue } from '#job-queue/open-job-queue';
import type { ChannelId } from '#protocol';

const channels = 40;
/** As configured by default. */
const requestTimeoutMs = 10_000;
/** Half of the shortest processing in which 40 blocks of one organisation are thought to end. */
const inTimeMs = 30_000;

/** `count`: rounds, 3 unless said. */
export async function runTrial([count = '3']: string[]): Promise<boolean> {
  const slowest: number[] = [];
  let delegated = 0;
  for (let round = 0; round < Number(count); round++) {
    const times = await runRound();
    delegated += times.length;
    slowest.push(Math.round(Math.max(...times)));
  }
  const wanted = (Number(count) * channels) / 2;
  process.stdout.write(
    `${delegated} of ${wanted} blocks delegated while as many others were never answered; ` +
      `the slowest of each round after ${slowest.join(', ')} ms\n`,
  );
  return delegated === wanted && slowest.every((ms) => ms <= inTimeMs);
}

/** How long after its start the coordinator was answered for each block, milliseconds. */
async function runRound(): Promise<number[]> {
  const rehearsal = new Rehearsal({ terms: { processingPeriod: 4_000 } });
  const ids = [rehearsal.channelId];
  for (let at = 1; at < channels; at++) {
    const salt: Hex = `0x${at.toString(16).padStart(64, '0')}`;
    ids.push(rehearsal.chain.openChannel({ ...rehearsal.terms, salt }, rehearsal.boxes));
  }
  const silentOnes = new Set(ids.filter((_, at) => at % 2 === 0));
  const times: number[] = [];
  const all = deferred();
  let startedAt = 0;
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (some) => {
      body += some;
    });
    request.on('end', () => {
      const { channelId } = JSON.parse(body) as { channelId: ChannelId };
      if (silentOnes.has(channelId)) return;
      response.writeHead(202).end('{}');
      times.push(performance.now() - startedAt);
      if (times.length === channels / 2) all.resolve();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const [one] = rehearsal.participants;
  rehearsal.chain.registerValidator({
    account: one.validator,
    encryptionKey: one.validatorEncryptionKey,
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    ...{ leastFeeWei: 0n, stakeWei: 10n ** 18n, exitWei: 0n },
  });
  await enterProcessing(rehearsal, ids);
  const coordinator = coordinatorOf(rehearsal);
  startedAt = performance.now();
  coordinator.start();
  const patience = setTimeout(all.resolve, 2 * inTimeMs);
  await all.promise;
  clearTimeout(patience);
  server.closeAllConnections();
  server.close();
  await coordinator.stop();
  return times;
}

/** Every participant posts an empty part of block 0 of every channel. */
async function enterProcessing(rehearsal: Rehearsal, ids: readonly Hex[]): Promise<void> {
  rehearsal.chain.advanceTo(rehearsal.collected(0));
  for (const { operatorKey } of rehearsal.participants) {
    const acts = rehearsal.chain.port().participantActs(operatorKey);
    for (const channelId of ids) await acts.postPart(channelId, 0, emptyPart);
  }
}

function coordinatorOf(rehearsal: Rehearsal): Coordinator {
  return new Coordinator(
    { ...rehearsal.participants[0], requestTimeoutMs, sweepIntervalMs: 1_000 },
    {
      chain: rehearsal.chain.port(),
      keyValue: rehearsal.keyValue(0),
      jobQueue: openJobQueue('in-process:', { log: silentLog }),
      entropy: rehearsal.entropy,
      log: silentLog,
    },
  );
}
