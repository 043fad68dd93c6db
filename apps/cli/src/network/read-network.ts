/**
 * Reads a network's blocks from its data folder: through its own chain while it runs, through a chain brought
 * up from its journal while it does not. Nothing is changed either way.
 */
import { join } from 'node:path';
import type { Chain } from '#chain';
import { openAnvilChain } from '#chain/anvil-chain';
import { openChain as connectChain } from '#chain/open-chain';
import { codeOf, type Log, silentLog } from '#environment';
import { lockFolder } from '#environment/folder-lock';
import type { PartStore } from '#part-store';
import { cidOf } from '#part-store/cid';
import { openPartStore } from '#part-store/open-part-store';
import {
  blockKeyOf,
  type ChannelId,
  type ChannelTerms,
  type Eip712Domain,
  roleOf,
  secretOf,
} from '#protocol';
import { CommandRefused } from '../report/command-refused.js';
import { requireStores } from './data-folder.js';
import { type NetworkSpec, readSpec, requireNone } from './network-spec.js';
import { channelSecretOf, type NetworkMember } from './open-channel.js';
import { participantSecrets } from './participant-keys.js';
import { type RevealedWork, revealedWork } from './revealed-work.js';
import { type RunningNetwork, readRunning } from './running-network.js';

/** What can be asked of a network whether it runs or not. */
export interface ReadableNetwork {
  readonly spec: NetworkSpec;
  readonly chain: Chain;
  readonly partStore: PartStore;
  readonly domain: Eip712Domain;
  readonly channelId: ChannelId;
  readonly terms: ChannelTerms;
  readonly members: readonly NetworkMember[];
  blockKey(blockNumber: number): Uint8Array;
  cidOf(digest: Uint8Array): string;
  revealedWork(blockNumber: number): Promise<readonly RevealedWork[]>;
}

const chainId = 31_337;
const nodeTimeouts = { pollIntervalMs: 1_000, requestTimeoutMs: 15_000, inclusionTimeoutMs: 60_000 };

/** Refuses with `data-not-found` when the folder holds no network, and with `data-in-use` when a network in
 *  it is just starting or ending, or when one that is being read is to be started; with `data-incomplete`
 *  when a store is gone. */
export async function readNetwork<Result>(
  dataFolder: string,
  read: (network: ReadableNetwork) => Promise<Result>,
): Promise<Result> {
  const spec = readSpec(dataFolder);
  if (spec === undefined) {
    requireNone(dataFolder);
    throw new CommandRefused(
      'data-not-found',
      `${dataFolder} holds no network's data: name the folder of one`,
    );
  }
  requireStores(dataFolder, spec.participants);
  const { chain, release } = await openForReading(dataFolder, silentLog);
  try {
    const store = { log: silentLog, access: 'read' } as const;
    const partStore = openPartStore(`file:${join(dataFolder, 'parts')}`, store);
    try {
      const members = membersOf(spec, []);
      const [channelId] = await chain.channelsOf(members[0].secrets.account.address);
      if (channelId === undefined) {
        const message = `the chain of ${dataFolder} has no channel yet: start the network that it belongs to`;
        throw new CommandRefused('channel-not-found', message);
      }
      return await read({ chain, ...(await describeNetwork(spec, chain, partStore, members, channelId)) });
    } finally {
      await partStore.close();
    }
  } finally {
    await chain.close();
    release();
  }
}

/** What follows from spec, chain and channel, for readers and for the running network alike. */
export async function describeNetwork(
  spec: NetworkSpec,
  chain: Chain,
  partStore: PartStore,
  members: readonly NetworkMember[],
  channelId: ChannelId,
): Promise<Omit<ReadableNetwork, 'chain'>> {
  const channel = await (await chain.snapshot({ finality: 'latest' })).channel(channelId);
  if (channel === undefined) throw new Error('the channel that was opened is not there');
  return {
    spec,
    partStore,
    domain: await chain.domain(),
    channelId,
    terms: channel.terms,
    members,
    blockKey: (blockNumber) => blockKeyOf(secretOf(channelSecretOf(spec), blockNumber)),
    cidOf: (digest) => cidOf(digest).toString(),
    revealedWork: (blockNumber) => revealedWork(chain, members, channelId, blockNumber),
  };
}

/** `urls`: of the members' channel nodes and validators, where they run. */
export function membersOf(
  spec: NetworkSpec,
  urls: readonly { readonly nodeUrl: string; readonly validatorUrl: string }[],
): readonly NetworkMember[] {
  return spec.participants.map(({ name, role }, index) => ({
    index,
    name,
    role: roleOf[role],
    secrets: participantSecrets(spec.seed, name),
    nodeUrl: urls[index]?.nodeUrl ?? '',
    validatorUrl: urls[index]?.validatorUrl ?? '',
  }));
}

/** Readers share the folder with each other; while they read its journal nobody may start it. */
async function openForReading(dataFolder: string, log: Log): Promise<{ chain: Chain; release: () => void }> {
  let release: () => void;
  try {
    const lock = lockFolder(dataFolder, undefined, { isShared: true });
    release = () => lock.release();
  } catch (cause) {
    const running = codeOf(cause) === 'data-in-use' ? readRunning(dataFolder) : undefined;
    if (running === undefined) throw cause;
    return { chain: await connect(running, log), release: () => {} };
  }
  try {
    const options = { dataFolder: join(dataFolder, 'chain'), chainId, genesisTimestampSeconds: 0, log };
    return { chain: await openAnvilChain({ ...options, mode: 'read' }), release };
  } catch (cause) {
    release();
    throw cause;
  }
}

function connect({ chainUrl, lens }: RunningNetwork, log: Log): Promise<Chain> {
  return connectChain(chainUrl, { lens, ...nodeTimeouts, log });
}
