/**
 * Composes a whole network in this process: base chain, part store, and every participant's services on
 * engines of its own.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { DrivenChain } from '#chain';
import { openAnvilChain } from '#chain/anvil-chain';
import type { Hex } from '#encoding';
import { DrivenClock, type Log, silentLog, systemClock } from '#environment';
import type { PartStore } from '#part-store';
import { cidOf } from '#part-store/cid';
import { openPartStore } from '#part-store/open-part-store';
import { blockKeyOf, type ChannelTerms, type Eip712Domain, roleOf, secretOf } from '#protocol';
import type { SweepGroup } from './drive.js';
import type { NetworkSpec } from './network-spec.js';
import {
  channelSecretOf,
  fundAccounts,
  type NetworkMember,
  openChannel,
  registerMembers,
} from './open-channel.js';
import {
  type Organisation,
  openOrganisation,
  openReduction,
  type SubmitAnswer,
} from './open-organisation.js';
import { participantSecrets } from './participant-keys.js';
import { type RevealedWork, revealedWork } from './revealed-work.js';

/** Driven: time moves only when told to; interval: it follows the clock; read: the services stay off. */
export type NetworkMode = 'driven' | 'interval' | 'read';

export interface Network {
  readonly spec: NetworkSpec;
  readonly chain: DrivenChain;
  readonly clock: DrivenClock;
  readonly partStore: PartStore;
  readonly domain: Eip712Domain;
  readonly token: Hex;
  readonly channelId: Hex;
  readonly terms: ChannelTerms;
  readonly members: readonly NetworkMember[];
  readonly organisations: readonly Organisation[];
  readonly groups: readonly SweepGroup[];
  blockKey(blockNumber: number): Uint8Array;
  cidOf(digest: Uint8Array): string;
  /** Submits to the member's own channel node over HTTP. */
  submit(member: NetworkMember, body: Uint8Array, more?: SubmitMore): Promise<SubmitAnswer>;
  /** Whether the chain's time is past the block's collection. */
  isClosed(blockNumber: number): Promise<boolean>;
  /** Every payee pulls its balance out of the registry. */
  withdrawAll(): Promise<void>;
  revealedWork(blockNumber: number): Promise<readonly RevealedWork[]>;
  close(): Promise<void>;
}

export interface SubmitMore {
  readonly contentType?: string;
  readonly channelId?: Hex;
}

/** The chain begins an hour before the first block: keys count for blocks that start after them. */
const setupSeconds = 3_600;
const chainId = 31_337;
const intervalSeconds = 1;

export async function openNetwork(
  spec: NetworkSpec,
  dataFolder: string,
  options: { readonly mode: NetworkMode; readonly log?: Log },
): Promise<Network> {
  const log = options.log ?? silentLog;
  mkdirSync(dataFolder, { recursive: true });
  const isReal = options.mode === 'interval';
  const chain = await openAnvilChain({
    dataFolder: join(dataFolder, 'chain'),
    chainId,
    genesisTimestampSeconds: isReal ? spec.firstBlockStart - 60 : spec.firstBlockStart - setupSeconds,
    mode: isReal ? { intervalSeconds } : 'driven',
    log,
  });
  const closers: (() => Promise<void>)[] = [() => chain.close()];
  const close = async (): Promise<void> => {
    for (const one of closers.splice(0).reverse()) await one();
  };
  try {
    const access = options.mode === 'read' ? 'read' : 'write';
    const partStore = openPartStore(`file:${join(dataFolder, 'parts')}`, { log, isShared: true, access });
    closers.push(() => partStore.close());
    return await compose(spec, dataFolder, { ...options, log, chain, partStore }, closers, close);
  } catch (cause) {
    await close();
    throw cause;
  }
}

interface Composition {
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
  if (mode !== 'read') {
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
      };
      const organisation = await openOrganisation(folder, secrets[index], ports);
      closers.push(() => organisation.close());
      organisations.push(organisation);
    }
  }
  const members = spec.participants.map(({ name, role }, index) => ({
    index,
    name,
    role: roleOf[role],
    secrets: secrets[index],
    nodeUrl: organisations[index]?.nodeUrl ?? '',
    validatorUrl: organisations[index]?.validatorUrl ?? '',
  }));
  if (mode !== 'read') await registerMembers(chain, members);
  const { channelId, token } = await openChannel(chain, spec, members, mode === 'read');
  if (mode === 'interval') for (const one of organisations) await one.start();
  const channel = await (await chain.snapshot({ finality: 'latest' })).channel(channelId);
  if (channel === undefined) throw new Error('the channel that was opened is not there');
  const { terms } = channel;
  const domain = await chain.domain();
  return {
    spec,
    chain,
    clock,
    partStore,
    domain,
    token,
    channelId,
    terms,
    members,
    organisations,
    groups: groupsOf(organisations),
    blockKey: (blockNumber) => blockKeyOf(secretOf(channelSecretOf(spec), blockNumber)),
    cidOf: (digest) => cidOf(digest).toString(),
    submit: (member, body, more) =>
      organisations[member.index].submit(more?.channelId ?? channelId, body, more?.contentType),
    isClosed: async (blockNumber) => {
      const now = (await chain.time()).timestampSeconds;
      return now >= terms.firstBlockStart + (blockNumber + 1) * terms.blockDuration + terms.collectionGrace;
    },
    withdrawAll: () => withdrawAll(chain, members, token),
    revealedWork: (blockNumber) => revealedWork(chain, members, channelId, blockNumber),
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

async function withdrawAll(chain: DrivenChain, members: readonly NetworkMember[], token: Hex): Promise<void> {
  const latest = await chain.snapshot({ finality: 'latest' });
  for (const { secrets } of members) {
    const amount = await latest.balance(token, secrets.account.address);
    if (amount === 0n) continue;
    const outcome = await chain.participantActs(secrets.account.privateKey).withdraw(token, amount);
    if (!outcome.ok) throw new Error(`a balance could not be withdrawn: ${outcome.code}: ${outcome.message}`);
  }
}
