/** How long a service keeps what it put into the part store for a block: the owner's name says for which. */
import type { Chain } from '#chain';
import type { Address, Hex } from '#encoding';
import type { Log } from '#environment';
import type { PartStore } from '#part-store';
import { type ChannelId, type ChannelTerms, collectionEnd, isOver } from '#protocol';
import { sweepEach } from './block-sweep.js';
import { BlockWatch, type WatchedBlock } from './block-watch.js';

export interface RetentionPorts {
  readonly chain: Chain;
  readonly partStore: PartStore;
  readonly log: Log;
}

/** Chain time between two looks at what is held: nothing is urgent about letting go. */
const passSeconds = 60;

export class PartRetention {
  readonly #prefix: string;
  readonly #ports: RetentionPorts;
  readonly #watch: BlockWatch;
  readonly #terms = new Map<Hex, ChannelTerms>();
  #nextPassAtSeconds = 0;

  /** `account` keeps apart those that share a store. */
  constructor(account: Address, ports: RetentionPorts) {
    this.#prefix = `${account.toLowerCase()}/`;
    this.#ports = ports;
    this.#watch = new BlockWatch({}, ports);
  }

  /** In whose name to hold what is put for the block. */
  ownerOf(channelId: ChannelId, blockNumber: number): string {
    return `${this.#prefix}${channelId}/${blockNumber}`;
  }

  /**
   * Releases what was held for blocks that are over since retentionPeriod by a finalized height; returns for
   * how many.
   */
  async sweep(): Promise<number> {
    const { timestampSeconds } = await this.#ports.chain.snapshot({ finality: 'finalized' });
    if (timestampSeconds < this.#nextPassAtSeconds) return 0;
    const owners = await this.#ports.partStore.owners(this.#prefix);
    const released = await sweepEach(owners, (owner) => this.#releaseDue(owner, timestampSeconds));
    this.#nextPassAtSeconds = timestampSeconds + passSeconds;
    return released;
  }

  async #releaseDue(owner: string, nowSeconds: number): Promise<number> {
    const [channelId, number] = owner.slice(this.#prefix.length).split('/') as [Hex, string];
    const blockNumber = Number(number);
    const terms = this.#terms.get(channelId);
    // No block is over before it has collected: most are told by the terms alone.
    const isYoung =
      terms !== undefined && nowSeconds < collectionEnd(terms, blockNumber) + terms.retentionPeriod;
    const block = isYoung ? undefined : await this.#watch.block(channelId, blockNumber, 'finalized');
    if (block === undefined) return 0;
    this.#terms.set(channelId, block.terms);
    if (!isOver(block.stage) || block.nowSeconds < overSince(block) + block.terms.retentionPeriod) return 0;
    await this.#ports.partStore.release(owner);
    this.#ports.log.info({ channelId, blockNumber }, 'released what was kept for a block');
    return 1;
  }
}

/** When a block that is over was settled, or by when it was void at the latest. */
function overSince({ terms, blockNumber, facts }: WatchedBlock): number {
  return facts.settledAtSeconds ?? overAtLatest(terms, blockNumber);
}

/** By then a block is void, or has a result that stands. */
export function overAtLatest(terms: ChannelTerms, blockNumber: number): number {
  // Processing, its one extension and a dispute: no block has more than these.
  const { collationPeriod, processingPeriod, challengePeriod, disputeMax } = terms;
  const longest = collationPeriod + 2 * processingPeriod + challengePeriod + disputeMax;
  return collectionEnd(terms, blockNumber) + longest;
}
