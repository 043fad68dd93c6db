/**
 * Where blocks are read from: a data folder of a network, or a chain and a part store with the encryption key
 * of a participant.
 */
import { existsSync } from 'node:fs';
import { openChannelBox } from '#block-watch';
import type { Chain } from '#chain';
import { openChain } from '#chain/open-chain';
import { type Address, fromHex } from '#encoding';
import { silentLog } from '#environment';
import type { PartStore } from '#part-store';
import { openPartStore } from '#part-store/open-part-store';
import {
  blockKeyOf,
  type ChannelId,
  type ChannelTerms,
  type Eip712Domain,
  roleName,
  secretOf,
} from '#protocol';
import { channelOf } from '../chain/channel-of.js';
import { keysOf } from '../chain/own-keys.js';
import { readSecret } from '../keys/key-folder.js';
import { CommandRefused } from '../report/command-refused.js';
import { type BlockName, requireBlock } from '../commands/block-name.js';
import { readNetwork } from './read-network.js';

/** Either `data`, or all the others. */
export interface SourceOptions {
  readonly data?: string;
  readonly keys?: string;
  readonly chain?: string;
  readonly lens?: Address;
  /** URL of the part store. */
  readonly parts?: string;
}

export interface BlockSource {
  readonly chain: Chain;
  readonly partStore: PartStore;
  readonly domain: Eip712Domain;
  readonly channelId: ChannelId;
  readonly terms: ChannelTerms;
  blockKey(blockNumber: number): Uint8Array;
  /** What the participant is called; its role where nobody gave it a name. */
  nameOf(participant: number): string;
}

const timing = { pollIntervalMs: 1_000, requestTimeoutMs: 15_000, inclusionTimeoutMs: 60_000 };

export function withBlock<Result>(
  options: SourceOptions,
  named: BlockName,
  read: (source: BlockSource, blockNumber: number) => Promise<Result>,
): Promise<Result> {
  const { data, keys, chain, lens, parts } = options;
  if (data !== undefined) {
    return readNetwork(data, (network) => {
      const nameOf = (participant: number): string => network.members[participant].name;
      return read({ ...network, nameOf }, requireBlock(network, named, data));
    });
  }
  if (keys === undefined || chain === undefined || lens === undefined || parts === undefined) {
    const missing = Object.entries({ keys, chain, lens, parts })
      .filter(([, value]) => value === undefined)
      .map(([name]) => `--${name}`);
    const isNone = missing.length === 4;
    const what = isNone
      ? 'name --data, or --keys, --chain, --lens and --parts'
      : `name ${missing.join(' and ')} too, or --data`;
    throw new CommandRefused('usage', `${what} (--help says what each is)`);
  }
  return withParticipant({ keys, chain, lens, parts }, named, read);
}

async function withParticipant<Result>(
  { keys, chain: url, lens, parts }: Required<Omit<SourceOptions, 'data'>>,
  named: BlockName,
  read: (source: BlockSource, blockNumber: number) => Promise<Result>,
): Promise<Result> {
  const { account } = keysOf(keys, 'participant');
  const encryptionSecret = readSecret(keys, 'encryption');
  const partStore = openGivenParts(parts, 'read');
  const chain = await openChain(url, { ...timing, lens, log: silentLog });
  try {
    const { channelId, terms, boxes } = await channelOf(chain, account, named.channel);
    const index = terms.participants.findIndex((one) => one.toLowerCase() === account.toLowerCase());
    const opened = await openChannelBox(terms, fromHex(boxes[index]), encryptionSecret);
    if (!opened.ok) throw new CommandRefused('keys-damaged', `${opened.code}: ${opened.message}`);
    const source: BlockSource = {
      ...{ chain, partStore, channelId, terms, domain: await chain.domain() },
      blockKey: (blockNumber) => blockKeyOf(secretOf(opened.secret, blockNumber)),
      nameOf: (participant) => roleName(terms.roles[participant]),
    };
    return await read(source, requireBlock({ channelId, terms }, named, url));
  } finally {
    await partStore.close();
    await chain.close();
  }
}

/** The store that `--parts` names, which is there; refuses another with `parts-not-found`. */
export function openGivenParts(parts: string, access: 'read' | 'write'): PartStore {
  const folder = /^file:(.+)$/s.exec(parts)?.[1];
  if (folder !== undefined && existsSync(folder)) return openPartStore(parts, { log: silentLog, access });
  const message = `${parts} is no part store: name file:FOLDER, one that is there`;
  throw new CommandRefused('parts-not-found', message);
}
