/**
 * The blocks that one participant's services have to look after, with facts and stage, read from the base
 * chain.
 */
import type { Chain, ChannelFacts } from '#chain';
import type { Hex } from '#encoding';
import {
  type BlockFacts,
  type BlockStage,
  blockStart,
  type ChannelTerms,
  collectionEnd,
  stageOf,
} from '#protocol';

export interface WatchedBlock {
  readonly channelId: Hex;
  readonly blockNumber: number;
  /** Index of the watch's account in the channel; undefined where it is none of the participants. */
  readonly participant: number | undefined;
  readonly terms: ChannelTerms;
  readonly facts: BlockFacts;
  readonly stage: BlockStage;
  /** Chain time at which the facts were read, seconds. */
  readonly nowSeconds: number;
}

/** Blocks that are asked for at a time. */
const concurrentReads = 32;

interface WatchedChannel {
  readonly channelId: Hex;
  readonly terms: ChannelTerms;
  readonly participant: number;
  /** Every block below is settled or void; so are those in `finished`. */
  lowestUnfinished: number;
  readonly finished: Set<number>;
}

export class BlockWatch {
  readonly #account: Hex | undefined;
  readonly #chain: Chain;
  readonly #channels = new Map<Hex, WatchedChannel>();
  /** Channels that concern others. */
  readonly #foreign = new Set<Hex>();
  /** Void blocks with seats, whose bonds nobody may have released. */
  #voided: WatchedBlock[] = [];
  #last:
    | { readonly height: number; readonly nowSeconds: number; blocks: readonly WatchedBlock[] }
    | undefined;

  /** `account` is the participant's; without one only `block` is of use. */
  constructor(options: { readonly account?: Hex }, ports: { readonly chain: Chain }) {
    this.#account = options.account?.toLowerCase() as Hex | undefined;
    this.#chain = ports.chain;
  }

  /**
   * The blocks of the account's channels that have left collection and are neither settled nor void, by
   * channel and number. Asks for nothing but the time where the chain has not moved since the last call.
   */
  async blocks(): Promise<readonly WatchedBlock[]> {
    const { height, timestampSeconds: nowSeconds } = await this.#chain.time();
    if (this.#last?.height === height && this.#last.nowSeconds === nowSeconds) return this.#last.blocks;
    await this.#findChannels();
    const blocks: WatchedBlock[] = [];
    for (const channel of this.#channels.values()) {
      const facts = await this.#chain.channel(channel.channelId);
      if (facts !== undefined) blocks.push(...(await this.#unfinished(channel, facts, nowSeconds)));
    }
    this.#last = { height, nowSeconds, blocks };
    return blocks;
  }

  /** The void blocks that `blocks` came upon since the last call and on which validators' bonds may lie. */
  takeVoided(): readonly WatchedBlock[] {
    return this.#voided.splice(0);
  }

  /** One block of any channel, whatever its stage; undefined if there is no such channel or block. */
  async block(channelId: Hex, blockNumber: number): Promise<WatchedBlock | undefined> {
    const channel = await this.#chain.channel(channelId);
    if (channel === undefined || !(blockNumber >= 0 && blockNumber < channel.terms.blocksMax))
      return undefined;
    const { timestampSeconds: nowSeconds } = await this.#chain.time();
    return this.#read(channel, blockNumber, nowSeconds);
  }

  /** Every block of the channel below this number was settled or void when `blocks` last looked. */
  lowestUnfinished(channelId: Hex): number {
    return this.#channels.get(channelId)?.lowestUnfinished ?? 0;
  }

  async #findChannels(): Promise<void> {
    for (const channelId of await this.#chain.channelIds()) {
      if (this.#channels.has(channelId) || this.#foreign.has(channelId)) continue;
      const facts = await this.#chain.channel(channelId);
      if (facts === undefined) continue;
      const { terms } = facts;
      const participant = this.#participantIn(terms);
      if (participant === undefined) this.#foreign.add(channelId);
      else {
        const found = { channelId, terms, participant, lowestUnfinished: 0, finished: new Set<number>() };
        this.#channels.set(channelId, found);
      }
    }
  }

  async #unfinished(
    channel: WatchedChannel,
    facts: ChannelFacts,
    nowSeconds: number,
  ): Promise<WatchedBlock[]> {
    const end = collectedBlocks(channel.terms, nowSeconds, facts.closedAtSeconds);
    const numbers: number[] = [];
    for (let n = channel.lowestUnfinished; n < end; n++) if (!channel.finished.has(n)) numbers.push(n);
    const found: WatchedBlock[] = [];
    for (let at = 0; at < numbers.length; at += concurrentReads) {
      const some = numbers.slice(at, at + concurrentReads);
      found.push(...(await Promise.all(some.map((n) => this.#read(facts, n, nowSeconds)))));
    }
    for (const block of found.filter(isOver)) {
      channel.finished.add(block.blockNumber);
      if (block.stage.stage === 'void' && block.facts.seats.length > 0) this.#voided.push(block);
    }
    while (channel.finished.delete(channel.lowestUnfinished)) channel.lowestUnfinished++;
    return found.filter((block) => !isOver(block));
  }

  async #read(channel: ChannelFacts, blockNumber: number, nowSeconds: number): Promise<WatchedBlock> {
    const { channelId, terms } = channel;
    const facts = await this.#chain.blockFacts(channelId, blockNumber);
    const stage = stageOf(terms, blockNumber, facts, nowSeconds, channel.closedAtSeconds);
    const participant = this.#participantIn(terms);
    return { channelId, blockNumber, participant, terms, facts, stage, nowSeconds };
  }

  #participantIn(terms: ChannelTerms): number | undefined {
    const index = terms.participants.findIndex((one) => one.toLowerCase() === this.#account);
    return index < 0 ? undefined : index;
  }
}

/** Settled or void: nothing will change any more. */
export function isOver(block: { readonly stage: BlockStage }): boolean {
  return block.stage.stage === 'settled' || block.stage.stage === 'void';
}

/** How many of the channel's first blocks have left collection. */
function collectedBlocks(terms: ChannelTerms, nowSeconds: number, closedAtSeconds?: number): number {
  const first = collectionEnd(terms, 0);
  const ended = Math.floor((nowSeconds - first) / terms.blockDuration) + 1;
  const started =
    closedAtSeconds === undefined
      ? terms.blocksMax
      : Math.floor((closedAtSeconds - blockStart(terms, 0)) / terms.blockDuration) + 1;
  return Math.max(0, Math.min(ended, started, terms.blocksMax));
}
