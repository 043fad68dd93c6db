/**
 * The blocks that one participant's services have to look after, with facts and stage, read from the base
 * chain.
 */
import type { Chain, ChainSnapshot, ChannelFacts, Finality } from '#chain';
import { atOneHeight } from '#chain/at-one-height';
import type { Address, Hex } from '#encoding';
import {
  type BlockSeen,
  blockStart,
  type ChannelId,
  type ChannelTerms,
  collectionEnd,
  type DisputeFacts,
  decidedFacts,
  isDue,
  isOver,
  releaseVoidDue,
  stageOf,
} from '#protocol';

export interface WatchedBlock extends BlockSeen {
  readonly channelId: ChannelId;
  /** Index of the watch's account in the channel; undefined where it is none of the participants. */
  readonly participant: number | undefined;
  /** Height at which all of the facts were read. */
  readonly height: number;
  /** What was said in its dispute; absent where there was none. */
  readonly dispute?: DisputeFacts;
}

/** Blocks that are asked for at a time. */
const concurrentReads = 32;

interface WatchedChannel {
  readonly channelId: ChannelId;
  /** Every block below is settled or void in a finalized height; so are those in `finished`. */
  lowestUnfinished: number;
  readonly finished: Set<number>;
  /** Blocks that it has or will have, as far as is known. */
  blockCount: number;
}

interface Heights {
  readonly latest: ChainSnapshot;
  readonly finalized: ChainSnapshot;
}

export class BlockWatch {
  readonly #account: Address | undefined;
  readonly #chain: Chain;
  readonly #channels = new Map<Hex, WatchedChannel>();
  /** Void blocks with parts, whose bonds nobody has released, and blocks that were in dispute. */
  #ended: WatchedBlock[] = [];
  #last: { readonly heights: Heights; readonly blocks: readonly WatchedBlock[] } | undefined;

  /** `account` is the participant's; without one only `block` is of use. */
  constructor(options: { readonly account?: Address }, ports: { readonly chain: Chain }) {
    this.#account = options.account?.toLowerCase() as Hex | undefined;
    this.#chain = ports.chain;
  }

  /**
   * The blocks of the account's channels that have left collection and are neither settled nor void, by
   * channel and number, all as of one height. Asks for nothing but the heights where the chain has not moved
   * since the last call.
   */
  async blocks(): Promise<readonly WatchedBlock[]> {
    return atOneHeight(async () => {
      const [latest, finalized] = await Promise.all([
        this.#chain.snapshot({ finality: 'latest' }),
        this.#chain.snapshot({ finality: 'finalized' }),
      ]);
      const heights = { latest, finalized };
      if (this.#last !== undefined && isSame(this.#last.heights, heights)) return this.#last.blocks;
      await this.#findChannels();
      const blocks: WatchedBlock[] = [];
      for (const channel of this.#channels.values()) {
        const facts = await latest.channel(channel.channelId);
        if (facts === undefined) continue;
        const { terms, closedAtSeconds } = facts;
        channel.blockCount = collectedBlocks(terms, Number.POSITIVE_INFINITY, closedAtSeconds);
        blocks.push(...(await this.#unfinished(channel, facts, heights)));
      }
      this.#last = { heights, blocks };
      return blocks;
    });
  }

  /**
   * The blocks that `blocks` came upon since the last call and on which bonds may still lie: void ones, and
   * those that were in dispute; over in a finalized height, so that each is told once.
   */
  takeEnded(): readonly WatchedBlock[] {
    return this.#ended.splice(0);
  }

  /** One block of any channel, whatever its stage; undefined if there is no such channel or block. */
  block(
    channelId: ChannelId,
    blockNumber: number,
    finality: Finality = 'latest',
  ): Promise<WatchedBlock | undefined> {
    return atOneHeight(async () => {
      const snapshot = await this.#chain.snapshot({ finality });
      const channel = await snapshot.channel(channelId);
      if (channel === undefined || !(blockNumber >= 0 && blockNumber < channel.terms.blocksMax))
        return undefined;
      return this.#read(snapshot, channel, blockNumber);
    });
  }

  /**
   * Blocks of any channels, whatever their stage, all as of one height; without those that do not exist.
   */
  blocksOf(
    ids: readonly { readonly channelId: ChannelId; readonly blockNumber: number }[],
    finality: Finality = 'latest',
  ): Promise<readonly WatchedBlock[]> {
    return atOneHeight(async () => {
      if (ids.length === 0) return [];
      const snapshot = await this.#chain.snapshot({ finality });
      const channels = new Map<Hex, ChannelFacts | undefined>();
      for (const channelId of new Set(ids.map((id) => id.channelId))) {
        channels.set(channelId, await snapshot.channel(channelId));
      }
      const found: WatchedBlock[] = [];
      for (let at = 0; at < ids.length; at += concurrentReads) {
        const reads = ids.slice(at, at + concurrentReads).flatMap(({ channelId, blockNumber }) => {
          const channel = channels.get(channelId);
          return channel === undefined ? [] : [this.#read(snapshot, channel, blockNumber)];
        });
        found.push(...(await Promise.all(reads)));
      }
      return found;
    });
  }

  /** The account's channels as `blocks` last found them. */
  channelIds(): readonly Hex[] {
    return [...this.#channels.keys()];
  }

  /** Those of them that have blocks which are not over, or will have. */
  liveChannelIds(): readonly Hex[] {
    const live = [...this.#channels.values()].filter((one) => one.lowestUnfinished < one.blockCount);
    return live.map(({ channelId }) => channelId);
  }

  /**
   * Every block of the channel below this number was settled or void in a finalized height when `blocks` last
   * looked: what it needed may be forgotten.
   */
  lowestUnfinished(channelId: ChannelId): number {
    return this.#channels.get(channelId)?.lowestUnfinished ?? 0;
  }

  /** How many of the channel's first `count` blocks are not over, as `blocks` last looked. */
  unfinishedAmong(channelId: ChannelId, count: number): number {
    const channel = this.#channels.get(channelId);
    if (channel === undefined) return count;
    const finished = [...channel.finished].filter((block) => block < count).length;
    return Math.max(0, count - channel.lowestUnfinished - finished);
  }

  async #findChannels(): Promise<void> {
    if (this.#account === undefined) throw new Error('a watch without an account has no channels');
    for (const channelId of await this.#chain.channelsOf(this.#account)) {
      if (this.#channels.has(channelId)) continue;
      this.#channels.set(channelId, { channelId, lowestUnfinished: 0, finished: new Set(), blockCount: 0 });
    }
  }

  async #unfinished(channel: WatchedChannel, facts: ChannelFacts, heights: Heights): Promise<WatchedBlock[]> {
    const { latest } = heights;
    const end = collectedBlocks(facts.terms, latest.timestampSeconds, facts.closedAtSeconds);
    const numbers: number[] = [];
    for (let n = channel.lowestUnfinished; n < end; n++) if (!channel.finished.has(n)) numbers.push(n);
    const found: WatchedBlock[] = [];
    for (let at = 0; at < numbers.length; at += concurrentReads) {
      const some = numbers.slice(at, at + concurrentReads);
      found.push(...(await Promise.all(some.map((n) => this.#read(latest, facts, n)))));
    }
    const over = found.filter((block) => isOver(block.stage));
    await this.#finish(channel, over, heights);
    return found.filter((block) => !isOver(block.stage));
  }

  /**
   * Blocks that are over at the latest height are looked at until they are over at a finalized one: a
   * rollback may bring them back.
   */
  async #finish(
    channel: WatchedChannel,
    over: readonly WatchedBlock[],
    { latest, finalized }: Heights,
  ): Promise<void> {
    let settled = over;
    if (finalized.id !== latest.id) {
      const facts = over.length === 0 ? undefined : await finalized.channel(channel.channelId);
      if (facts === undefined) return;
      const read = over.map(({ blockNumber }) => this.#read(finalized, facts, blockNumber));
      settled = (await Promise.all(read)).filter((block) => isOver(block.stage));
    }
    for (const block of settled) {
      const { blockNumber } = block;
      // Another look, at the same time, was first.
      if (blockNumber < channel.lowestUnfinished || channel.finished.has(blockNumber)) continue;
      channel.finished.add(blockNumber);
      if (isDue(releaseVoidDue(block)) || block.dispute !== undefined) this.#ended.push(block);
    }
    while (channel.finished.delete(channel.lowestUnfinished)) channel.lowestUnfinished++;
  }

  async #read(snapshot: ChainSnapshot, channel: ChannelFacts, blockNumber: number): Promise<WatchedBlock> {
    const { channelId, terms } = channel;
    const { height, timestampSeconds: nowSeconds } = snapshot;
    const found = await snapshot.blockFacts(channelId, blockNumber);
    const facts = decidedFacts(terms, blockNumber, found, nowSeconds);
    const stage = stageOf(terms, blockNumber, facts, nowSeconds, channel.closedAtSeconds);
    const participant = this.#participantIn(terms);
    const seen = { channelId, blockNumber, participant, terms, facts, stage, height, nowSeconds };
    if (facts.disputedAtSeconds === undefined) return seen;
    return { ...seen, dispute: await snapshot.disputeFacts(channelId, blockNumber) };
  }

  #participantIn(terms: ChannelTerms): number | undefined {
    const index = terms.participants.findIndex((one) => one.toLowerCase() === this.#account);
    return index < 0 ? undefined : index;
  }
}

function isSame(one: Heights, other: Heights): boolean {
  return one.latest.id === other.latest.id && one.finalized.id === other.finalized.id;
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
