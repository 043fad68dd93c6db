/**
 * Composes a whole network in this process: base chain, part store, and every participant's services on
 * engines of its own.
 */

import { join } from 'node:path';
import type { ChainNotice, DrivenChain } from '#chain';
import { openAnvilChain } from '#chain/anvil-chain';
import { developmentContracts } from '#chain/deployment';
import type { Address } from '#encoding';
import { DrivenClock, endEach, type Log, silentLog, systemClock } from '#environment';
import type { PartStore } from '#part-store';
import { openPartStore } from '#part-store/open-part-store';
import type { ChannelId } from '#protocol';
import type { SweepGroup } from './drive.js';
import type { NetworkSpec } from './network-spec.js';
import { fundAccounts, type NetworkMember, openChannel, registerMembers } from './open-channel.js';
import {
  type Organisation,
  openOrganisation,
  openReduction,
  type SubmitAnswer,
} from './open-organisation.js';
import { participantSecrets } from './participant-keys.js';
import { describeNetwork, membersOf, type ReadableNetwork } from './read-network.js';
import { requireKnownChain } from './require-known-chain.js';
import { sayEnded, sayRunning } from './running-network.js';

/** Driven: time moves only when told to; interval: it follows the clock. */
export type NetworkMode = 'driven' | 'interval';

export interface Network extends ReadableNetwork {
  readonly chain: DrivenChain;
  readonly clock: DrivenClock;
  readonly token: Address;
  readonly organisations: readonly Organisation[];
  readonly groups: readonly SweepGroup[];
  /** Submits to the member's own channel node over HTTP. */
  submit(member: NetworkMember, body: Uint8Array, more?: SubmitMore): Promise<SubmitAnswer>;
  /** Whether the chain's time is past the block's collection. */
  isClosed(blockNumber: number): Promise<boolean>;
  /** Every payee pulls its balance out of the Vault. */
  withdrawAll(): Promise<void>;
  close(): Promise<void>;
}

export interface SubmitMore {
  readonly contentType?: string;
  readonly channelId?: ChannelId;
}

/** The chain begins an hour before the first block: keys count for blocks that start after them. */
const setupSeconds = 3_600;
const chainId = 31_337;
const intervalSeconds = 1;

export interface NetworkOptions {
  readonly mode: NetworkMode;
  readonly log?: Log;
  /** Hears what happens to the chain beside its heights. */
  readonly notify?: (notice: ChainNotice) => void;
  /** Of the chain; channel nodes and validators have those after it. Any free ones when undefined. */
  readonly portBase?: number;
}

/** Of the participant with that index. */
const portsOf = (portBase: number | undefined, index: number) =>
  portBase === undefined
    ? undefined
    : { node: portBase + 1 + 2 * index, validator: portBase + 2 + 2 * index };

/** How many ports a network of so many participants takes, from its `portBase` on. */
export const portsTaken = (participants: number): number => 1 + 2 * participants;

/** The caller owns the folder (`lockFolder`). */
export async function openNetwork(
  spec: NetworkSpec,
  dataFolder: string,
  options: NetworkOptions,
): Promise<Network> {
  const { log = silentLog, notify } = options;
  sayEnded(dataFolder);
  const isReal = options.mode === 'interval';
  const chain = await openAnvilChain({
    dataFolder: join(dataFolder, 'chain'),
    chainId,
    genesisTimestampSeconds: isReal ? spec.firstBlockStart - 60 : spec.firstBlockStart - setupSeconds,
    mode: isReal ? { intervalSeconds } : 'driven',
    log,
    notify,
    port: options.portBase,
  });
  const closers: (() => Promise<void>)[] = [() => chain.close()];
  const close = (): Promise<void> => endEach(closers.splice(0).reverse());
  try {
    await requireKnownChain(spec, dataFolder, chain);
    const store = { log, access: 'write' } as const;
    const partStore = openPartStore(`file:${join(dataFolder, 'parts')}`, store);
    closers.push(() => partStore.close());
    const parts = { mode: options.mode, portBase: options.portBase, log, chain, partStore };
    const network = await compose(spec, dataFolder, parts, closers, close);
    const { Lens: lens } = developmentContracts();
    sayRunning(dataFolder, { pid: process.pid, chainUrl: chain.url, lens });
    closers.push(async () => sayEnded(dataFolder));
    return network;
  } catch (cause) {
    await close();
    throw cause;
  }
}

interface Composition {
  readonly portBase: number | undefined;
  readonly mode: NetworkMode;
  readonly log: Log;
  readonly chain: DrivenChain;
  readonly partStore: PartStore;
}

async function compose(
  spec: NetworkSpec,
  dataFolder: string,
  parts: Composition,
  closers: (() => Promise<void>)[],
  close: () => Promise<void>,
): Promise<Network> {
  const { chain, partStore, mode, log } = parts;
  const { timestampSeconds } = await chain.time();
  const clock = new DrivenClock(timestampSeconds * 1_000);
  const secrets = spec.participants.map(({ name }) => participantSecrets(spec.seed, name));
  const organisations: Organisation[] = [];
  await fundAccounts(chain, secrets);
  const reduction = openReduction(join(dataFolder, 'spill'), partStore, log);
  closers.push(() => reduction.close());
  for (const [index, { name }] of spec.participants.entries()) {
    const folder = join(dataFolder, 'participants', name);
    const availabilityWaitSeconds = mode === 'interval' ? Math.floor(spec.processingPeriod / 4) : 0;
    const ports = {
      chain,
      partStore,
      clock: mode === 'interval' ? systemClock : clock,
      log,
      reduction,
      availabilityWaitSeconds,
      listen: portsOf(parts.portBase, index),
    };
    const organisation = await openOrganisation(folder, secrets[index], ports);
    closers.push(() => organisation.close());
    organisations.push(organisation);
  }
  const members = membersOf(spec, organisations);
  await registerMembers(chain, members);
  const { channelId, token } = await openChannel(chain, spec, members);
  if (mode === 'interval') for (const one of organisations) await one.start();
  const described = await describeNetwork(spec, chain, partStore, members, channelId);
  const { terms } = described;
  return {
    ...described,
    chain,
    clock,
    token,
    organisations,
    groups: groupsOf(organisations),
    submit: (member, body, more) =>
      organisations[member.index].submit(more?.channelId ?? channelId, body, more?.contentType),
    isClosed: async (blockNumber) => {
      const now = (await chain.time()).timestampSeconds;
      return now >= terms.firstBlockStart + (blockNumber + 1) * terms.blockDuration + terms.collectionGrace;
    },
    withdrawAll: () => withdrawAll(chain, members, token),
    close,
  };
}

/** Kinds in the order in which a block passes them. */
function groupsOf(organisations: readonly Organisation[]): SweepGroup[] {
  const group = (kind: string, pick: (one: Organisation) => SweepGroup['sweepers'][number]): SweepGroup => ({
    kind,
    sweepers: organisations.map(pick),
  });
  return [
    group('forward and close', (one) => one.node),
    group('collate', (one) => one.collator),
    group('delegate', (one) => one.coordinator),
    group('validate', (one) => one.validator),
    group('settle', (one) => one.settlement),
  ];
}

async function withdrawAll(
  chain: DrivenChain,
  members: readonly NetworkMember[],
  token: Address,
): Promise<void> {
  const latest = await chain.snapshot({ finality: 'latest' });
  for (const { secrets } of members) {
    const amount = await latest.balance(token, secrets.account.address);
    if (amount === 0n) continue;
    const outcome = await chain
      .participantActs(secrets.account.privateKey)
      .withdraw(token, secrets.account.address, amount);
    if (!outcome.ok) throw new Error(`a balance could not be withdrawn: ${outcome.code}: ${outcome.message}`);
  }
}
