/**
 * What the simulated chain keeps of its blocks, and the look-ups that every act begins with
 * (contracts/src/blocks/BlockStore.sol, PartDecision.sol).
 */
import type { ChannelFacts } from '#chain';
import type { Address, Digest, Hex } from '#encoding';
import {
  amountsOfWords,
  type BlockFacts,
  type BlockId,
  type BlockStage,
  type ChannelTerms,
  decidedFacts,
  stageOf,
} from '#protocol';
import { type Journal, Kept, refuse } from './kept.js';
import { leastOf, type SimulatedWei } from './simulated-wei.js';

/** What the facts of a block do not show. Masks have a bit for each participant, `accused` for each result. */
export interface Quarrel {
  readonly accused: number;
  /** The last result of each participant that revealed one of its own, taken back or not. */
  readonly own: Readonly<Record<number, Digest>>;
  readonly takenBack: number;
  readonly lostOwn: number;
  readonly lostSeats: number;
  readonly burntOwn: number;
  readonly burntSeats: number;
  /** Lost, and nobody has fetched it yet. */
  readonly forfeitable: number;
  /** By part: what was handed over of its owner's bond. */
  readonly chargedWei: Readonly<Record<number, bigint>>;
  /** By part: a bit for each participant whose question about it was upheld. */
  readonly provers: Readonly<Record<number, number>>;
  /** By part: who questioned it. */
  readonly questioned: Readonly<Record<number, number>>;
}

/** A block as an act finds it. */
export interface FoundBlock {
  readonly id: BlockId;
  readonly terms: ChannelTerms;
  readonly facts: BlockFacts;
  readonly quarrel: Quarrel;
  readonly stage: BlockStage['stage'];
}

/** What blocks ask of the rest of the chain. */
export interface BlockSetting {
  readonly journal: Journal;
  readonly wei: SimulatedWei;
  nowSeconds(): number;
  /** Of the height in which the act under way is. */
  height(): number;
  channel(channelId: Hex): ChannelFacts | undefined;
  operatorKey(account: Address): Address | undefined;
  /** Whose operator key this is. */
  operatorAccount(key: Address): Address | undefined;
  /** When the account named the validator. */
  ownSince(account: Address, validator: Address): number | undefined;
}

const nothing: BlockFacts = { parts: [], seats: [], ownResults: [], acceptances: [], results: [] };
const quiet: Quarrel = {
  ...{ accused: 0, own: {}, takenBack: 0, lostOwn: 0, lostSeats: 0, burntOwn: 0, burntSeats: 0 },
  ...{ forfeitable: 0, chargedWei: {}, provers: {}, questioned: {} },
};

export class SimulatedBlockStore {
  readonly setting: BlockSetting;
  readonly #facts: Kept<BlockFacts>;
  readonly #quarrels: Kept<Quarrel>;

  constructor(setting: BlockSetting) {
    this.setting = setting;
    this.#facts = new Kept(setting.journal);
    this.#quarrels = new Kept(setting.journal);
  }

  facts(id: BlockId): BlockFacts {
    return this.#facts.get(keyOf(id)) ?? nothing;
  }

  all(): ReadonlyMap<string, BlockFacts> {
    return this.#facts.copy();
  }

  /** Facts as they are stored. */
  find(id: BlockId): FoundBlock {
    const channel = this.setting.channel(id.channelId);
    if (channel === undefined) refuse('unknown-channel');
    if (id.blockNumber >= channel.terms.blocksMax) refuse('unknown-block');
    return this.#found(id, channel, this.facts(id));
  }

  /** What has become clear of its parts is written first. */
  findNow(id: BlockId): FoundBlock {
    const before = this.find(id);
    const facts = decidedFacts(before.terms, id.blockNumber, before.facts, this.setting.nowSeconds());
    if (facts === before.facts) return before;
    const quarrel = withBurnt(before.quarrel, before.facts, facts);
    this.save(id, facts, quarrel);
    return this.find(id);
  }

  save(id: BlockId, facts: Partial<BlockFacts>, quarrel: Partial<Quarrel> = {}): void {
    const key = keyOf(id);
    this.#facts.set(key, { ...this.facts(id), ...facts });
    this.#quarrels.set(key, { ...(this.#quarrels.get(key) ?? quiet), ...quarrel });
  }

  /** Whose account or current operator key this is. */
  participantOf({ terms }: FoundBlock, sender: Address): number {
    const index = terms.participants.findIndex(
      (one) => isSame(one, sender) || isSame(this.setting.operatorKey(one), sender),
    );
    return index < 0 ? refuse('not-participant') : index;
  }

  #found(id: BlockId, { terms, closedAtSeconds }: ChannelFacts, facts: BlockFacts): FoundBlock {
    const { stage } = stageOf(terms, id.blockNumber, facts, this.setting.nowSeconds(), closedAtSeconds);
    return { id, terms, facts, quarrel: this.#quarrels.get(keyOf(id)) ?? quiet, stage };
  }
}

export function keyOf({ channelId, blockNumber }: BlockId): string {
  return `${channelId}/${blockNumber}`;
}

export function isSame(one: Address | undefined, other: Address): boolean {
  return one?.toLowerCase() === other.toLowerCase();
}

export function has(mask: number, index: number): boolean {
  return ((mask >> index) & 1) === 1;
}

/** All that results are compared by; words that a test made up are compared as they are. */
export function amountsOf(terms: ChannelTerms, words: readonly Hex[]): string {
  const isWhole = words.every((word) => word.length === 2 + 64);
  return (isWhole ? cutAmounts(terms, words) : words).join();
}

/** What each payee would be paid, nano. */
export function cutAmounts({ blockMaxNano }: ChannelTerms, words: readonly Hex[]): bigint[] {
  return amountsOfWords(words)
    .slice(0, blockMaxNano.length)
    .map((nano, one) => (one === 0 ? 0n : leastOf(nano, blockMaxNano[one])));
}

/** Whoever stands for a result: by accepting it, its seat, or its own word as far as `isOwn` says. */
export function standersOf(
  { facts, quarrel, terms }: Pick<FoundBlock, 'facts' | 'quarrel' | 'terms'>,
  outputHash: Digest,
  isOwn: (participant: number) => boolean,
): number[] {
  return [...terms.participants.keys()].filter(
    (one) =>
      facts.acceptances.some((by) => by.participant === one && by.outputHash === outputHash) ||
      (isOwn(one) && quarrel.own[one] === outputHash) ||
      facts.seats.some((by) => by.participant === one && by.outputHash === outputHash),
  );
}

/**
 * The bonds of those are burnt who posted a result that left out a part which counts, and which nobody who
 * stands for it, or did, questioned.
 */
function withBurnt(quarrel: Quarrel, before: BlockFacts, { dispute }: BlockFacts): Quarrel {
  const counted = dispute?.counted ?? 0;
  let { burntOwn, burntSeats } = quarrel;
  for (const { outputHash, validParts } of before.results) {
    if (validParts === counted) continue;
    const posters = [...before.seats, ...before.acceptances].filter((one) => one.outputHash === outputHash);
    const own = Object.keys(quarrel.own)
      .map(Number)
      .filter((one) => quarrel.own[one] === outputHash);
    const standers = [...posters.map(({ participant }) => participant), ...own];
    const isIgnored = (part: number): boolean =>
      has(counted & ~validParts, part) && !standers.some((one) => has(quarrel.questioned[part] ?? 0, one));
    if (!before.parts.some(({ participant }) => isIgnored(participant))) continue;
    for (const one of own) if (!has(quarrel.lostOwn, one)) burntOwn |= 1 << one;
    for (const { participant, outputHash: seat } of before.seats) {
      if (seat === outputHash && !has(quarrel.lostSeats, participant)) burntSeats |= 1 << participant;
    }
  }
  return { ...quarrel, burntOwn, burntSeats };
}
