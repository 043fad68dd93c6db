/** `papyrus up`: a network that runs on real time until it is interrupted. */
import { once } from 'node:events';
import { join } from 'node:path';
import { developmentContracts } from '#chain/deployment';
import { toHex } from '#encoding';
import { lockFolder } from '#environment/folder-lock';
import { roleName } from '#protocol';
import { followBlocks } from '../network/follow-blocks.js';
import { requireFreePorts } from '../network/free-ports.js';
import type { NetworkSpec } from '../network/network-spec.js';
import { readSpec, settleSpec } from '../network/network-spec.js';
import { type Network, openNetwork, portsTaken } from '../network/open-network.js';
import { type ExitCode, exitCode } from '../report/command-refused.js';
import { type Output, sayNotice } from '../report/output.js';

export interface UpOptions {
  readonly seed: string;
  readonly blockSeconds: number;
  readonly data?: string;
  readonly portBase?: number;
}

const startsInSeconds = 10;
const patienceSecondsMin = 30;

export async function runUp(options: UpOptions, output: Output): Promise<ExitCode> {
  const dataFolder = options.data ?? join('.data', 'up');
  const lock = lockFolder(dataFolder);
  try {
    return await runOwned(dataFolder, options, output);
  } finally {
    lock.release();
  }
}

async function runOwned(dataFolder: string, options: UpOptions, output: Output): Promise<ExitCode> {
  // From here on, not from when the network is open: bringing up a long chain takes its time.
  const interrupted = Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')]).then(() => {
    output.line('Stopping: what was accepted is kept; the same command goes on with it.');
  });
  const known = readSpec(dataFolder);
  const wanted = upSpec(options, known?.firstBlockStart ?? nowSeconds() + startsInSeconds);
  await requireFreePorts(options.portBase, portsTaken(wanted.participants.length));
  const network = await openNetwork(settleSpec(dataFolder, wanted), dataFolder, {
    mode: 'interval',
    portBase: options.portBase,
    notify: (notice) => sayNotice(notice, output),
  });
  const following = followBlocks(network, (blockNumber, stage) => {
    output.event('block', { blockNumber, stage });
    if (stage === 'settled') output.line(`Block ${blockNumber} is settled.`);
  });
  try {
    say(network, dataFolder, output);
    following.start();
    const gone = await Promise.race([interrupted, network.chain.gone]);
    if (gone !== undefined) throw gone;
  } finally {
    await following.stop();
    await network.close();
  }
  output.result({ dataFolder });
  return exitCode.ok;
}

function upSpec(options: UpOptions, firstBlockStart: number): NetworkSpec {
  const seconds = options.blockSeconds;
  // A stage ends as soon as everybody did their part: its period only bounds the wait for a slow one.
  const patience = Math.max(seconds, patienceSecondsMin);
  return {
    schemaVersion: 4,
    origin: `up --block-seconds ${seconds}`,
    seed: options.seed,
    participants: [
      { name: 'dsp', role: 'dsp' },
      { name: 'ssp-1', role: 'ssp' },
      { name: 'ssp-2', role: 'ssp' },
      { name: 'auditor', role: 'auditor' },
    ],
    currency: 'EUR',
    depositNano: '1000000000000',
    blockMaxNano: '10000000000',
    auditorFeeNano: '2000',
    priceNanoMax: '1000000000',
    firstBlockStart,
    blockDuration: seconds,
    blocksMax: 65_536,
    collectionGrace: Math.max(1, Math.floor(seconds / 6)),
    collationPeriod: patience,
    processingPeriod: patience,
    challengePeriod: patience,
  };
}

function say(network: Network, dataFolder: string, output: Output): void {
  output.event('up', {
    channelId: network.channelId,
    chainUrl: network.chain.url,
    domain: network.domain,
    dataFolder,
    lens: developmentContracts().Lens,
    members: network.members.map(({ index, name, role, secrets, nodeUrl, validatorUrl }) => {
      const { account, operator, record } = secrets;
      const keys = { account: account.address, operatorKey: operator.address, recordKey: record.address };
      return { index, name, role: roleName(role), ...keys, nodeUrl, validatorUrl };
    }),
  });
  output.line(`Channel  ${network.channelId}`);
  output.line(`Chain    ${network.chain.url}`);
  output.line(`Lens     ${developmentContracts().Lens}`);
  const { chainId, verifyingContract } = network.domain;
  output.line(`Domain   chainId ${chainId},`);
  output.line(`         verifyingContract ${verifyingContract}`);
  output.line(`Data     ${dataFolder}`);
  output.table(
    ['participant', 'channel node', 'validator'],
    network.members.map(({ name, nodeUrl, validatorUrl }) => [name, nodeUrl, validatorUrl]),
    3,
  );
  output.line('Record keys, derived from the seed and no secret:');
  output.table(
    ['participant', 'record.secret'],
    network.members.map(({ name, secrets }) => [name, toHex(secrets.record.privateKey)]),
  );
  const [, seller] = network.members;
  output.line('Look at the channel, and submit a win of ssp-1:');
  output.line(`  curl ${seller.nodeUrl}/v1/channels/${network.channelId}`);
  output.line(`  node docs/how-to/submit-wins.mjs ${seller.nodeUrl} ${network.channelId}`);
  output.line('Ctrl-C stops; the same command goes on with what was accepted.');
}

function nowSeconds(): number {
  return Math.floor(Date.now() / 1_000);
}
