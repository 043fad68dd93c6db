/**
 * The base chain's node is away under a running channel node and collator: refused, hanging, answering 503,
 * or giving one height all the time. Nothing acknowledged may be missing in the posted parts, and no batch of
 * a block that is over may be taken.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { batchMediaType, endpoints, pathOf } from '#api';
import {
  channelSecretOf,
  fundAccounts,
  type NetworkMember,
  openChannel,
  registerMembers,
} from '#apps/cli/src/network/open-channel';
import { participantSecrets } from '#apps/cli/src/network/participant-keys';
import type { DrivenChain } from '#chain';
import { openAnvilChain } from '#chain/anvil-chain';
import { developmentContracts } from '#chain/deployment';
import type {} from '#encoding';
import { silentLog } from '#environment';
import { openFilePartStore } from '#part-store/file-part-store';
import { type ChannelId, type ChannelTerms, collectionEnd, roleOf } from '#protocol';
import { ChainProxy, type Trouble } from '../network/processes/chain-proxy.js';
import { OrganisationProcesses } from '../network/processes/organisation-processes.js';
import { TrafficSigner, win } from '../network/processes/traffic.js';
import { headerOf, lostBatches, type SentBatch } from './lost-batches.js';

const spec = {
  schemaVersion: 4 as const,
  origin: 'trial of a chain that is away',
  seed: 'chain-away',
  participants: [
    { name: 'dsp', role: 'dsp' as const },
    { name: 'ssp', role: 'ssp' as const },
  ],
  currency: 'EUR',
  depositNano: '10000000000',
  blockMaxNano: '10000000000',
  auditorFeeNano: '0',
  priceNanoMax: '1000000000',
  blockDuration: 8,
  blocksMax: 512,
  collectionGrace: 1,
  collationPeriod: 600,
  processingPeriod: 600,
  challengePeriod: 600,
};
const sendEveryMs = 100;
/** A node that asks every 200 ms has heard of a height of each second by then. */
const noticeSeconds = 2;
/** After each trouble the chain is there for so long. */
const wellSeconds = 30;

interface Setting {
  readonly chain: DrivenChain;
  readonly proxy: ChainProxy;
  readonly dsp: OrganisationProcesses;
  readonly members: readonly NetworkMember[];
  readonly partsFolder: string;
}

/** `[SECONDS …]`: how long the chain is away, each in four ways; 10, 24 and 45 if absent. */
export async function runTrial(args: string[]): Promise<boolean> {
  const folder = mkdtempSync(join(tmpdir(), 'papyrus-chain-away-'));
  const closers: (() => Promise<unknown>)[] = [async () => rmSync(folder, { recursive: true, force: true })];
  try {
    const setting = await open(folder, closers);
    return await run(setting, args.length === 0 ? [10, 24, 45] : args.map(Number));
  } finally {
    for (const close of closers.toReversed()) await close();
  }
}

async function open(folder: string, closers: (() => Promise<unknown>)[]): Promise<Setting> {
  const genesisTimestampSeconds = Math.floor(Date.now() / 1_000) - 60;
  const chain = await openAnvilChain({
    ...{ dataFolder: undefined, chainId: 31_337, genesisTimestampSeconds, log: silentLog },
    mode: { intervalSeconds: 1 },
  });
  closers.push(() => chain.close());
  const proxy = await ChainProxy.open(chain.url);
  closers.push(() => proxy.close());
  const secrets = spec.participants.map(({ name }) => participantSecrets(spec.seed, name));
  await fundAccounts(chain, secrets);
  const partsFolder = join(folder, 'parts');
  const dsp = new OrganisationProcesses({
    ...{ secrets: secrets[0], chainUrl: proxy.url, lens: developmentContracts().Lens },
    ...{ folder: join(folder, 'dsp'), partsFolder, variables: { CHAIN_HEIGHT_MS: '2000' } },
  });
  closers.push(() => Promise.all(dsp.started.map((app) => app.end('SIGKILL'))));
  await dsp.start('channel-node');
  await dsp.start('collator');
  const members = spec.participants.map(({ name, role }, index) => ({
    ...{ index, name, role: roleOf[role], secrets: secrets[index], validatorUrl: '' },
    nodeUrl: index === 0 ? dsp.url('channel-node') : '',
  }));
  await registerMembers(chain, members);
  return { chain, proxy, dsp, members, partsFolder };
}

async function run(setting: Setting, seconds: readonly number[]): Promise<boolean> {
  const { chain, proxy, members } = setting;
  const firstBlockStart = (await chain.time()).timestampSeconds + 5;
  const { channelId } = await openChannel(chain, { ...spec, firstBlockStart }, members);
  const latest = await chain.snapshot({ finality: 'latest' });
  const terms = (await latest.channel(channelId))?.terms as ChannelTerms;
  const traffic = new Traffic(setting, channelId, terms);
  const sending = traffic.send();
  await pause(1_000 * (5 + wellSeconds));
  for (const away of seconds) {
    for (const trouble of ['down', 'hangs', 'refuses', 'stands'] satisfies Trouble[]) {
      const before = { ...traffic.counts };
      await proxy.fail(trouble);
      await pause(away * 1_000);
      const during = difference(traffic.counts, before);
      await proxy.heal();
      await pause(wellSeconds * 1_000);
      process.stdout.write(`away ${away} s (${trouble}): ${JSON.stringify(during)}\n`);
    }
  }
  traffic.isOver = true;
  await sending;
  const partStore = openFilePartStore(setting.partsFolder);
  const block = { channelId, terms, secret: channelSecretOf(spec as never) };
  const lost = await lostBatches({ chain, partStore }, block, traffic.acknowledged);
  await partStore.close();
  const { length } = traffic.acknowledged;
  process.stdout.write(
    `acknowledged ${length}, lost ${lost}, taken of blocks that were over ${traffic.late}, ` +
      `answers ${JSON.stringify(traffic.counts)}\n`,
  );
  return lost === 0 && traffic.late === 0 && length > 0;
}

/** A batch of the block that collects every tenth of a second, and one of the block that is over. */
class Traffic {
  readonly acknowledged: SentBatch[] = [];
  /** Answers by code, `taken` among them. */
  readonly counts: Record<string, number> = {};
  late = 0;
  isOver = false;
  readonly #setting: Setting;
  readonly #channelId: ChannelId;
  readonly #terms: ChannelTerms;
  #sequence = 0;

  constructor(setting: Setting, channelId: ChannelId, terms: ChannelTerms) {
    this.#setting = setting;
    this.#channelId = channelId;
    this.#terms = terms;
  }

  async send(): Promise<void> {
    const { chain, members } = this.#setting;
    const signer = new TrafficSigner(await chain.domain(), this.#channelId, members);
    const waiting = new Set<Promise<void>>();
    while (!this.isOver) {
      const { timestampSeconds } = await chain.time();
      const current = Math.floor(
        (timestampSeconds - this.#terms.firstBlockStart) / this.#terms.blockDuration,
      );
      const ended = current > 0 ? collectionEnd(this.#terms, current - 1) : Number.POSITIVE_INFINITY;
      const isBefore = timestampSeconds >= ended + noticeSeconds;
      for (const blockNumber of isBefore ? [current, current - 1] : [current]) {
        if (blockNumber < 0) continue;
        const sequence = this.#sequence++;
        const record = win(0, `imp ${sequence}`, 1_000n, BigInt(timestampSeconds) * 1_000n);
        const { bytes } = signer.sign(0, blockNumber, sequence, [record]);
        const sent = this.#submit(bytes, blockNumber, blockNumber !== current);
        waiting.add(sent);
        sent.finally(() => waiting.delete(sent));
      }
      await pause(sendEveryMs);
    }
    await Promise.all(waiting);
  }

  async #submit(bytes: Uint8Array, blockNumber: number, isLate: boolean): Promise<void> {
    const { dsp } = this.#setting;
    const path = pathOf(endpoints.submitRecords, { channelId: this.#channelId });
    const code = await fetch(`${dsp.url('channel-node')}${path}`, {
      method: 'POST',
      headers: { 'content-type': batchMediaType },
      body: new Uint8Array(bytes),
      signal: AbortSignal.timeout(20_000),
    }).then(
      async (answer) => {
        const body = (await answer.json()) as { code?: string };
        return answer.ok ? 'taken' : `${answer.status} ${body.code}`;
      },
      () => 'no answer',
    );
    const name = isLate ? `late: ${code}` : code;
    this.counts[name] = (this.counts[name] ?? 0) + 1;
    if (code !== 'taken') return;
    if (isLate) this.late++;
    this.acknowledged.push({ blockNumber, author: 0, header: headerOf(bytes) });
  }
}

function difference(after: Record<string, number>, before: Record<string, number>): Record<string, number> {
  return Object.fromEntries(
    Object.entries(after)
      .map(([name, count]) => [name, count - (before[name] ?? 0)] as const)
      .filter(([, count]) => count > 0),
  );
}
