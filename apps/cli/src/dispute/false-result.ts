/**
 * A participant that lies: it reveals a result of its own in which one impression pays it more, and answers
 * for it as long as the contracts take its answers.
 */
import type { ChainOutcome, DisputeActs, ParticipantActs } from '#chain';
import { accusedMove, HeldBlock, type OwnTree, SumTree } from '#dispute';
import { concatBytes, toHex } from '#encoding';
import {
  type AccusationFacts,
  amountWords,
  type BlockFacts,
  type Nano,
  outputHashOf,
  type RevealedResult,
} from '#protocol';
import type { ReductionTerms } from '#reduction';
import { type BlockState, blockState, type Sweeper } from '../network/drive.js';
import { openBlock, segmentsOf } from '../network/open-block.js';
import type { Network } from '../network/open-network.js';

/** What the impression pays more. */
const addedNano = 1_000_000_000n;

interface Lie {
  readonly terms: ReductionTerms;
  readonly held: HeldBlock;
  readonly tree: OwnTree;
  readonly result: RevealedResult;
}

export class FalseResult implements Sweeper {
  readonly #network: Network;
  readonly #participant: number;
  readonly #blockNumber: number;
  readonly #onRefused: (state: BlockState, leaf: number, code: string) => void;
  readonly #acts: ParticipantActs;
  readonly #disputeActs: DisputeActs;
  #lie: Lie | undefined;
  /** Leaves that it could not open. */
  readonly #refused = new Set<number>();

  /** `onRefused`: the contracts did not take a leaf. */
  constructor(
    network: Network,
    who: { readonly participant: number; readonly blockNumber: number },
    onRefused: (state: BlockState, leaf: number, code: string) => void,
  ) {
    this.#network = network;
    this.#participant = who.participant;
    this.#blockNumber = who.blockNumber;
    this.#onRefused = onRefused;
    const { privateKey } = network.members[who.participant].secrets.operator;
    this.#acts = network.chain.participantActs(privateKey);
    this.#disputeActs = network.chain.disputeActs(privateKey);
  }

  async sweep(): Promise<number> {
    const { chain, channelId } = this.#network;
    const state = await blockState(chain, channelId, this.#blockNumber);
    if (state.stage.stage === 'challenge') return this.#reveal(state);
    const resultIndex = this.#resultIn(state.facts);
    const accusation = state.dispute?.accusations.find(
      (one) => one.resultIndex === resultIndex && this.#isToAnswer(one, state.nowSeconds),
    );
    return accusation === undefined ? 0 : this.#answer(state, accusation);
  }

  #resultIn({ ownResults, results }: BlockFacts): number | undefined {
    const own = ownResults.find((one) => one.participant === this.#participant);
    return own && results.findIndex(({ outputHash }) => outputHash === own.outputHash);
  }

  #isToAnswer({ turn, untilSeconds = 0, named }: AccusationFacts, nowSeconds: number): boolean {
    const isRefused = named.level === 0 && this.#refused.has(named.index);
    return turn === 'opening' && nowSeconds < untilSeconds && !isRefused;
  }

  async #reveal(state: BlockState): Promise<number> {
    const { channelId } = this.#network;
    const { tree, result } = await this.#made(state);
    const opening = toHex(tree.tree.entryAt(tree.tree.top).subarray(0, 32));
    await must(this.#acts.revealOwnResult(channelId, this.#blockNumber, result, opening));
    return 1;
  }

  async #answer(state: BlockState, accusation: AccusationFacts): Promise<number> {
    const { terms, held, tree } = await this.#made(state);
    const { channelId } = this.#network;
    const { resultIndex, slot } = accusation;
    const id = { channelId, blockNumber: this.#blockNumber, resultIndex, slot };
    const move = held.made(accusedMove(terms, tree, accusation));
    if (move.move === 'open-node') {
      await must(this.#disputeActs.openNode(id, move));
      return 1;
    }
    if (move.move !== 'open-leaf') throw new Error(`nobody asks that of a false amount: ${move.move}`);
    const outcome = await this.#disputeActs.openLeaf(id, move);
    if (outcome.ok) return 1;
    this.#refused.add(move.index);
    this.#onRefused(state, move.index, outcome.code);
    return 0;
  }

  async #made(state: BlockState): Promise<Lie> {
    this.#lie ??= await makeLie(this.#network, state, this.#participant);
    return this.#lie;
  }
}

async function makeLie(network: Network, state: BlockState, liar: number): Promise<Lie> {
  const { blockNumber } = state;
  const blockKey = network.blockKey(blockNumber);
  const { terms, parts } = await openBlock(network, { ...network, ...state, blockKey });
  const counting = parts.filter(({ reason }) => reason === undefined);
  const held = new HeldBlock(
    terms,
    counting.map((part) => ({ ...part, segments: segmentsOf(part) })),
  );
  const tree = { ...held.own, tree: altered(held.own.tree, liar) };
  return { terms, held, tree, result: resultOf(network, blockNumber, tree) };
}

/** The leaf in the middle of those that pay the liar pays it more. */
function altered(tree: SumTree, liar: number): SumTree {
  const leaves = Array.from({ length: tree.count }, (_, index) => ({ level: 0, index }));
  const paying = leaves.filter((leaf) => tree.amountsAt(leaf)[liar] > 0n);
  const chosen = paying[paying.length >> 1] ?? leaves[0];
  if (chosen === undefined) throw new Error('a block without impressions has no amount to alter');
  const entries = leaves.map((leaf) => {
    const entry = tree.entryAt(leaf);
    if (leaf !== chosen) return entry;
    const more = (nano: Nano, at: number): Nano => (at === 0 || at === liar ? nano + addedNano : nano);
    return concatBytes(entry.subarray(0, 32), ...amountWords(tree.amountsAt(leaf).map(more)));
  });
  return SumTree.ofEntries(tree.participants, concatBytes(...entries));
}

function resultOf(
  { channelId }: Network,
  blockNumber: number,
  { tree, validParts }: OwnTree,
): RevealedResult {
  const amounts = tree.amountsAt(tree.top);
  const fields = {
    settlementRoot: toHex(tree.settlementRoot),
    ...{ impressionCount: BigInt(tree.count), validParts },
  };
  const outputHash = outputHashOf({ channelId, blockNumber, amounts, ...fields });
  return { outputHash, amountWords: amountWords(amounts).map(toHex), ...fields };
}

async function must(outcome: Promise<ChainOutcome>): Promise<void> {
  const result = await outcome;
  if (!result.ok) throw new Error(`the contracts refused the liar: ${result.code}: ${result.message}`);
}
