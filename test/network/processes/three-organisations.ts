/**
 * A channel of three organisations on a chain that runs by itself: the payer's five apps are processes, the
 * services of the other two run in this one.
 */
import { join } from 'node:path';
import type { NetworkSpec } from '#apps/cli/src/network/network-spec';
import {
  fundAccounts,
  type NetworkMember,
  openChannel,
  registerMembers,
} from '#apps/cli/src/network/open-channel';
import { type Organisation, openOrganisation, openReduction } from '#apps/cli/src/network/open-organisation';
import { participantSecrets } from '#apps/cli/src/network/participant-keys';
import type { DrivenChain } from '#chain';
import { openAnvilChain } from '#chain/anvil-chain';
import { developmentContracts } from '#chain/deployment';
import type { Address } from '#encoding';
import { silentLog, systemClock } from '#environment';
import type { PartStore } from '#part-store';
import { openFilePartStore } from '#part-store/file-part-store';
import { type ChannelId, type Eip712Domain, roleOf } from '#protocol';
import { OrganisationProcesses } from './organisation-processes.js';
import { TrafficSigner } from './traffic.js';

export interface ThreeOrganisations {
  readonly chain: DrivenChain;
  readonly domain: Eip712Domain;
  readonly partStore: PartStore;
  /** Participant 0: payer, as processes that run already. */
  readonly dsp: OrganisationProcesses;
  /** Participants 1 and 2, in this process; their services wait to be started. */
  readonly others: readonly Organisation[];
  readonly members: readonly NetworkMember[];
  readonly spec: NetworkSpec;
  readonly channelId: ChannelId;
  readonly token: Address;
  readonly signer: TrafficSigner;
  close(): Promise<void>;
}

const startsInSeconds = 5;

export const threeRoles = [roleOf.dsp, roleOf.ssp, roleOf.auditor] as const;
export const threeParticipants: NetworkSpec['participants'] = [
  { name: 'dsp', role: 'dsp' },
  { name: 'ssp', role: 'ssp' },
  { name: 'auditor', role: 'auditor' },
];

/** What is registered as a participant's endpoint in the place of its own channel node's URL. */
export type NodeFront = (participant: number, nodeUrl: string) => Promise<string>;

/** Everything lies in `folder`, which is the caller's to remove. */
export async function openThreeOrganisations(
  folder: string,
  wanted: Omit<NetworkSpec, 'firstBlockStart'>,
  frontOf: NodeFront = async (_, nodeUrl) => nodeUrl,
): Promise<ThreeOrganisations> {
  const closers: (() => Promise<unknown>)[] = [];
  const close = async (): Promise<void> => {
    for (const one of closers.splice(0).toReversed()) await one();
  };
  try {
    return { ...(await open(folder, wanted, frontOf, closers)), close };
  } catch (cause) {
    await close();
    throw cause;
  }
}

async function open(
  folder: string,
  wanted: Omit<NetworkSpec, 'firstBlockStart'>,
  frontOf: NodeFront,
  closers: (() => Promise<unknown>)[],
): Promise<Omit<ThreeOrganisations, 'close'>> {
  const genesisTimestampSeconds = Math.floor(Date.now() / 1_000) - 60;
  const mode = { intervalSeconds: 1 };
  const chain = await openAnvilChain({
    ...{ dataFolder: undefined, chainId: 31_337, genesisTimestampSeconds, mode, log: silentLog },
  });
  closers.push(() => chain.close());
  const domain = await chain.domain();
  const secrets = wanted.participants.map(({ name }) => participantSecrets(wanted.seed, name));
  await fundAccounts(chain, secrets);
  const partsFolder = join(folder, 'parts');
  const dsp = new OrganisationProcesses({
    secrets: secrets[0],
    chainUrl: chain.url,
    lens: developmentContracts().Lens,
    folder: join(folder, 'dsp'),
    partsFolder,
  });
  closers.push(() => Promise.all(dsp.started.map((app) => app.end('SIGKILL'))));
  await dsp.startAll();
  const partStore = openFilePartStore(partsFolder, { log: silentLog });
  closers.push(() => partStore.close());
  const reduction = openReduction(join(folder, 'spill'), partStore, silentLog);
  closers.push(() => reduction.close());
  const shared = { chain, partStore, clock: systemClock, log: silentLog, reduction };
  const others: Organisation[] = [];
  for (const at of [1, 2]) {
    const place = join(folder, wanted.participants[at].name);
    const one = await openOrganisation(place, secrets[at], { ...shared, availabilityWaitSeconds: 60 });
    closers.push(() => one.close());
    others.push(one);
  }
  const nodeUrls = [dsp.url('channel-node'), ...others.map((one) => one.nodeUrl)];
  const fronts = await Promise.all(nodeUrls.map((url, index) => frontOf(index, url)));
  const members: readonly NetworkMember[] = wanted.participants.map(({ name, role }, index) => ({
    ...{ index, name, role: roleOf[role], secrets: secrets[index], nodeUrl: fronts[index] },
    validatorUrl: index === 0 ? dsp.url('validator') : others[index - 1].validatorUrl,
  }));
  await registerMembers(chain, members);
  const spec = { ...wanted, firstBlockStart: (await chain.time()).timestampSeconds + startsInSeconds };
  const { channelId, token } = await openChannel(chain, spec, members);
  const signer = new TrafficSigner(domain, channelId, members);
  return { chain, domain, partStore, dsp, others, members, spec, channelId, token, signer };
}
