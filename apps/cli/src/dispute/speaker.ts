/** Who speaks in a dispute by hand: the block as the chain shows it, and as the own computation has it. */
import { type OwnBlock, OwnBlocks } from '#apps/settlement/src/own-blocks';
import { reduceInMemory } from '#block-reduction/reduce-in-memory';
import { BlockWatch, ChannelKeys, type WatchedBlock } from '#block-watch';
import type { Chain, DisputeActs } from '#chain';
import type { Address } from '#encoding';
import { silentLog } from '#environment';
import { openMemoryKeyValue } from '#key-value/memory-key-value';
import type { DisputeFacts } from '#protocol';
import { type ChainOptions, type ChainSession, onChain } from '../chain/chain-session.js';
import { accountIn, participantIn } from '../chain/own-keys.js';
import { parseBlockName } from '../commands/block-name.js';
import { readSecret } from '../keys/key-folder.js';
import { type BlockSource, withBlock } from '../network/block-source.js';
import { CommandRefused, type ExitCode } from '../report/command-refused.js';
import { type Output, timeText } from '../report/output.js';

export interface SpeakerOptions extends ChainOptions {
  readonly keys: string;
  readonly lens: Address;
  readonly parts: string;
}

/** A participant, and a block of its channel. */
export interface Speaker {
  readonly acts: DisputeActs;
  readonly participant: number;
  /** Lower case. */
  readonly account: Address;
  readonly source: BlockSource;
  /** The block as it stands now. */
  block(): Promise<WatchedBlock>;
  own(block: WatchedBlock): Promise<OwnBlock>;
}

/** A block with what was said in its dispute. */
export type DisputedBlock = WatchedBlock & { readonly dispute: DisputeFacts };

/** `data` of the result is what `run` returns, beside which block it is about and who spoke. */
export function asSpeaker(
  channel: string,
  number: string,
  options: SpeakerOptions,
  output: Output,
  run: (speaker: Speaker, session: ChainSession) => Promise<object>,
): Promise<ExitCode> {
  const { secret, address } = accountIn(options.keys, 'participant');
  return withBlock(options, parseBlockName(channel, number), (source, blockNumber) => {
    const { channelId, terms } = source;
    const participant = participantIn(terms.participants, address, channelId);
    return onChain(options, output, async (session) => {
      const { chain } = session;
      const watch = new BlockWatch({ account: address }, { chain });
      const computed = ownBlocks(source, chain, options.keys, address);
      const speaker: Speaker = {
        ...{ acts: chain.disputeActs(secret), participant, source },
        account: address.toLowerCase() as Address,
        block: async () => {
          const block = await watch.block(channelId, blockNumber);
          if (block === undefined) throw new Error(`block ${blockNumber} of ${channelId} is gone`);
          return block;
        },
        own: async (block) => {
          const own = await computed.of(block);
          if (own === undefined) throw new Error('the channel key that was just opened is gone');
          return own;
        },
      };
      return { channelId, blockNumber, participant, ...(await run(speaker, session)) };
    });
  });
}

function ownBlocks({ partStore }: BlockSource, chain: Chain, keys: string, account: Address): OwnBlocks {
  const options = { account, encryptionSecret: readSecret(keys, 'encryption') };
  const channelKeys = new ChannelKeys(options, { chain, keyValue: openMemoryKeyValue() });
  const ports = { chain, log: silentLog, reduceBlock: reduceInMemory(partStore) };
  return new OwnBlocks(account, channelKeys, { ...ports, partStores: [partStore] });
}

export function requireDisputed(block: WatchedBlock): DisputedBlock {
  const { blockNumber, dispute, stage } = block;
  if (dispute !== undefined) return { ...block, dispute };
  const until = 'endsAtSeconds' in stage ? ` until ${timeText(stage.endsAtSeconds)}` : '';
  const message = `block ${blockNumber} is in stage ${stage.stage}${until}, and was never in dispute`;
  throw new CommandRefused('not-in-dispute', `${message}: papyrus block show says where it stands`);
}

/** Refuses also a dispute that is over. */
export function requireDispute(block: WatchedBlock): DisputedBlock {
  const found = requireDisputed(block);
  if (block.stage.stage === 'dispute') return found;
  const message = `block ${block.blockNumber} was in dispute and is in stage ${block.stage.stage}`;
  throw new CommandRefused('not-in-dispute', `${message}: papyrus dispute advance gets bonds back`);
}

export function requireResult({ facts }: WatchedBlock, resultIndex: number): void {
  const result = facts.results[resultIndex];
  if (result === undefined) {
    const known = facts.results.length === 1 ? 'result 0 only' : `results 0 to ${facts.results.length - 1}`;
    throw notInBlock(`--result is ${resultIndex}, and the block has ${known}`);
  }
  if (result.isGone) throw notInBlock(`result ${resultIndex} fell or was taken back, and stands no more`);
}

export function requirePart({ facts }: WatchedBlock, part: number): void {
  const posted = facts.parts.map(({ participant }) => participant);
  if (posted.includes(part)) return;
  throw notInBlock(`--part is ${part}, and the block has parts of participants ${posted.join(', ')}`);
}

export function requireRow(block: WatchedBlock, part: number, rowIndex: number): void {
  requirePart(block, part);
  const { segmentCount = 0 } = block.facts.parts.find(({ participant }) => participant === part) ?? {};
  if (rowIndex < segmentCount) return;
  const rows = segmentCount === 1 ? 'row 0 only' : `rows 0 to ${segmentCount - 1}`;
  throw notInBlock(`--row is ${rowIndex}, and the part of participant ${part} has ${rows}`);
}

function notInBlock(what: string): CommandRefused {
  return new CommandRefused('not-in-block', `${what}: papyrus dispute show counts them`);
}
