/**
 * `papyrus dispute accuse, answer, question, publish`: one move of a dispute by hand, as the settlement
 * service of the participant would make it now.
 */
import { type OwnBlock, OwnBlocks } from '#apps/settlement/src/own-blocks';
import {
  type Saying,
  type Silence,
  sayingInAccusation,
  sayingOf,
  sayingOfPublication,
  sayingOfQuestion,
} from '#apps/settlement/src/dispute-say';
import { reduceInMemory } from '#block-reduction/reduce-in-memory';
import { BlockWatch, ChannelKeys, type WatchedBlock } from '#block-watch';
import type { Chain, DisputeActs } from '#chain';
import { questionsDue } from '#dispute';
import type { Address } from '#encoding';
import { silentLog } from '#environment';
import { openMemoryKeyValue } from '#key-value/memory-key-value';
import { type AccusationFacts, type DisputeFacts, standingResults } from '#protocol';
import { type ChainOptions, onChain } from '../chain/chain-session.js';
import { accountIn, participantIn } from '../chain/own-keys.js';
import { readSecret } from '../keys/key-folder.js';
import { type BlockSource, withBlock } from '../network/block-source.js';
import { CommandRefused, type ExitCode } from '../report/command-refused.js';
import type { Output } from '../report/output.js';
import { parseBlockName } from './block-name.js';

export interface DisputeMoveOptions extends ChainOptions {
  readonly keys: string;
  readonly lens: Address;
  readonly parts: string;
}

/** What a move is made from. */
interface Seen {
  readonly acts: DisputeActs;
  readonly block: WatchedBlock;
  readonly dispute: DisputeFacts;
  readonly participant: number;
  readonly own: OwnBlock;
}

type Choose = (seen: Seen) => Promise<Saying | Silence>;

/** Accuses the result, goes on with the own accusation of it, or ends it where nobody answered in time. */
export function accusing(resultIndex: number): Choose {
  return async ({ acts, block, dispute, participant, own }) => {
    requireResult(block, resultIndex);
    if (block.facts.results[resultIndex].outputHash === own.found.outputHash) return { reason: 'same-tree' };
    const accusation = dispute.accusations.find(
      (one) => one.resultIndex === resultIndex && one.slot === participant && one.turn !== 'over',
    );
    const game = { game: `accusation/${resultIndex}`, due: { due: 'dispute' } } as const;
    if (accusation === undefined) {
      return sayingOf(acts, block, { ...game, task: 'accuse', resultIndex }) ?? { reason: 'other-turn' };
    }
    if (
      waitsForAccused(accusation) &&
      block.nowSeconds >= (accusation.untilSeconds ?? Number.POSITIVE_INFINITY)
    ) {
      return sayingOf(acts, block, { ...game, task: 'time-out', accusation }) ?? { reason: 'other-turn' };
    }
    return sayingInAccusation(acts, block, { ...game, task: 'accuser-move', accusation }, own);
  };
}

/** Answers the first accusation of the result that waits for it. */
export function answering(resultIndex: number): Choose {
  return async ({ acts, block, dispute, own }) => {
    requireResult(block, resultIndex);
    const accusation = dispute.accusations.find(
      (one) => one.resultIndex === resultIndex && waitsForAccused(one),
    );
    if (accusation === undefined) return { reason: 'other-turn' };
    const game = { game: `answer/${resultIndex}`, due: { due: 'dispute' } } as const;
    return sayingInAccusation(acts, block, { ...game, task: 'answer', accusation }, own);
  };
}

/** Asks about a part what shows best why it does not count. */
export function questioning(part: number): Choose {
  return async ({ acts, block, dispute, participant, own }) => {
    requirePart(block, part);
    const view = await own.parts.look(part);
    const standing = standingResults(block.facts).map(({ validParts }) => validParts);
    const [move] = questionsDue(participant, standing, [view], dispute.parts);
    return move === undefined ? { reason: 'nothing-to-ask' } : sayingOfQuestion(acts, block, move);
  };
}

export function publishing(part: number, rowIndex: number): Choose {
  return async ({ acts, block, dispute, own }) => {
    requirePart(block, part);
    const rows = dispute.parts.find((one) => one.part === part)?.rows ?? [];
    const row = rows.find((one) => one.rowIndex === rowIndex);
    if (row === undefined || row.isPublished) return { reason: 'nobody-asks' };
    return sayingOfPublication(acts, block, { part, rowIndex }, own);
  };
}

export function runDisputeMove(
  channel: string,
  number: string,
  choose: Choose,
  options: DisputeMoveOptions,
  output: Output,
): Promise<ExitCode> {
  const { secret, address } = accountIn(options.keys, 'participant');
  return withBlock(options, parseBlockName(channel, number), (source, blockNumber) => {
    const participant = participantIn(source.terms.participants, address, source.channelId);
    return onChain(options, output, async ({ chain, act }) => {
      const acts = chain.disputeActs(secret);
      const block = await new BlockWatch({ account: address }, { chain }).block(
        source.channelId,
        blockNumber,
      );
      const { dispute } = block ?? {};
      if (block === undefined || dispute === undefined || block.stage.stage !== 'dispute') {
        throw nothingToSay(`block ${blockNumber} is in stage ${block?.stage.stage}`);
      }
      const own = await ownBlock(source, chain, block, options.keys, address);
      const saying = await choose({ acts, block, dispute, participant, own });
      if ('reason' in saying) throw nothingToSay(saying.reason);
      await act(saying.done, saying.send);
      return { channelId: source.channelId, blockNumber, participant, done: saying.done, ...saying.fields };
    });
  });
}

async function ownBlock(
  { partStore }: BlockSource,
  chain: Chain,
  block: WatchedBlock,
  keys: string,
  account: Address,
): Promise<OwnBlock> {
  const options = { account, encryptionSecret: readSecret(keys, 'encryption') };
  const channelKeys = new ChannelKeys(options, { chain, keyValue: openMemoryKeyValue() });
  const ports = { chain, log: silentLog, reduceBlock: reduceInMemory(partStore) };
  const own = await new OwnBlocks(account, channelKeys, { ...ports, partStores: [partStore] }).of(block);
  if (own === undefined) throw new Error('the channel key that was just opened is gone');
  return own;
}

function waitsForAccused({ turn }: AccusationFacts): boolean {
  return turn === 'opening' || turn === 'placing';
}

function requireResult({ facts }: WatchedBlock, resultIndex: number): void {
  const result = facts.results[resultIndex];
  if (result === undefined) throw nothingToSay(`there is no result ${resultIndex}`);
  if (result.isGone) throw nothingToSay(`result ${resultIndex} stands no more`);
}

function requirePart({ facts }: WatchedBlock, part: number): void {
  if (facts.parts.some(({ participant }) => participant === part)) return;
  throw nothingToSay(`participant ${part} posted no part`);
}

function nothingToSay(why: string): CommandRefused {
  return new CommandRefused('nothing-to-say', `${why} (papyrus dispute show says where the dispute stands)`);
}
