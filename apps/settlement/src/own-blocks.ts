/**
 * What blocks in dispute give by one's own computation, with the whole tree: made when it is needed, and
 * again after a restart or where it had to make room.
 */
import { type ReduceBlock, reduceWatchedBlock } from '#block-reduction';
import { blockRulesOf, type ChannelKeys, committedPart, type WatchedBlock } from '#block-watch';
import type { Chain } from '#chain';
import { type BlockKeyProof, type OwnFound, type OwnTree, OwnTreeBuild } from '#dispute';
import { type Address, fromHex } from '#encoding';
import type { Log } from '#environment';
import type { PartStore } from '#part-store';
import { areCountable, type ChannelId, countableParts } from '#protocol';
import type { ReductionTerms } from '#reduction';
import { OpenedParts } from './opened-parts.js';

/** A block as one has it oneself. */
export interface OwnBlock {
  readonly found: OwnFound;
  readonly tree: OwnTree;
  readonly terms: ReductionTerms;
  readonly parts: OpenedParts;
  readonly key: BlockKeyProof;
}

export interface OwnBlocksPorts {
  readonly chain: Chain;
  readonly log: Log;
  readonly reduceBlock: ReduceBlock;
  readonly partStores: readonly [PartStore, ...PartStore[]];
}

/** Of trees that are kept; the one made last is, whatever it takes. */
const treeBytesMax = 536_870_912;

interface KnownFound {
  readonly found: OwnFound;
  /** Where something could not be had: until when it is not looked for again. */
  readonly untilSeconds: number | undefined;
}

function isFresh({ untilSeconds }: KnownFound, { nowSeconds }: WatchedBlock): boolean {
  return untilSeconds === undefined || nowSeconds < untilSeconds;
}

export class OwnBlocks {
  readonly #account: Address;
  readonly #keys: ChannelKeys;
  readonly #ports: OwnBlocksPorts;
  readonly #found = new Map<string, KnownFound>();
  readonly #making = new Map<string, Promise<OwnBlock | undefined>>();
  /** The longest unused first. */
  readonly #kept = new Map<string, { readonly own: OwnBlock; readonly treeBytes: number }>();

  constructor(account: Address, keys: ChannelKeys, ports: OwnBlocksPorts) {
    this.#account = account;
    this.#keys = keys;
    this.#ports = ports;
  }

  /**
   * What was found of the parts that may count now; undefined where that is to be computed. Also while it is
   * looked for again: what one has to say does not wait for a store.
   */
  found(block: WatchedBlock): OwnFound | undefined {
    return this.#known(block)?.found;
  }

  /** Whether what could not be had is to be looked for again. */
  isStale(block: WatchedBlock): boolean {
    const known = this.#known(block);
    return known !== undefined && !isFresh(known, block);
  }

  /** With its tree; undefined where there is no key for the block. */
  async of(block: WatchedBlock): Promise<OwnBlock | undefined> {
    const id = this.#known(block)?.id ?? idOf(block);
    const kept = this.found(block) === undefined ? undefined : this.#kept.get(id);
    if (kept === undefined) return this.#makeOnce(block, id);
    this.#kept.delete(id);
    this.#kept.set(id, kept);
    return kept.own;
  }

  /** The same, computed anew where something could not be had and that was a while ago. */
  async renewed(block: WatchedBlock): Promise<OwnBlock | undefined> {
    return this.isStale(block) ? this.#makeOnce(block, idOf(block)) : this.of(block);
  }

  /** Forgets the blocks of a channel below this number. */
  forget(channelId: ChannelId, lowestUnfinished: number): void {
    for (const id of this.#found.keys()) {
      const [channel, block] = id.split('/');
      if (channel !== channelId || Number(block) >= lowestUnfinished) continue;
      this.#found.delete(id);
      this.#kept.delete(id);
    }
  }

  /** Of these parts, or what was found before of exactly those that count; rather what is fresh. */
  #known(block: WatchedBlock): (KnownFound & { readonly id: string }) | undefined {
    const ofBlock = [...this.#found]
      .filter(([id]) => id.startsWith(`${nameOf(block)}/`))
      .map(([id, known]) => ({ id, ...known }));
    const isExact = ({ id }: { readonly id: string }): boolean => id === idOf(block);
    const countable = ofBlock.filter(
      (one) => isExact(one) || areCountable(block.facts, one.found.validParts),
    );
    const fresh = countable.filter((one) => isFresh(one, block));
    return [fresh, countable].map((some) => some.find(isExact) ?? some[0]).find((one) => one !== undefined);
  }

  #makeOnce(block: WatchedBlock, id: string): Promise<OwnBlock | undefined> {
    const making = this.#making.get(id) ?? this.#make(block, id).finally(() => this.#making.delete(id));
    this.#making.set(id, making);
    return making;
  }

  async #make(block: WatchedBlock, id: string): Promise<OwnBlock | undefined> {
    const { channelId, blockNumber, terms } = block;
    const { chain } = this.#ports;
    const opened = await this.#keys.of(channelId);
    const blockKey = opened.ok ? opened.keys.blockKey(blockNumber) : undefined;
    const proof = opened.ok ? opened.keys.proof(blockNumber) : undefined;
    if (blockKey === undefined || proof === undefined) return undefined;
    const build = new OwnTreeBuild(terms.roles.length);
    const { kept, report, unsureBlocks } = await reduceWatchedBlock(
      block,
      blockKey,
      this.#account,
      this.#ports,
      build.visit,
    );
    const { outputHash, validParts, impressionCount } = kept.result;
    const isWhole = unsureBlocks === 0 && report.invalidParts.every(([, reason]) => reason !== 'unavailable');
    const againSeconds = Math.max(1, Math.floor(terms.answerPeriod / 8));
    const found = { outputHash, validParts };
    // From now on, which may be long after it was begun.
    const { timestampSeconds } = await chain.time();
    this.#found.set(id, { found, untilSeconds: isWhole ? undefined : timestampSeconds + againSeconds });
    this.#ports.log.info({ channelId, blockNumber, outputHash, validParts }, 'computed a disputed block');
    const rules = await blockRulesOf(chain, channelId, terms, blockNumber, blockKey);
    const own = {
      found,
      tree: build.finish(validParts),
      terms: { roles: terms.roles, reducer: terms.reducer, parameters: fromHex(terms.reducerParameters) },
      parts: new OpenedParts(rules, block.facts.parts.map(committedPart), terms.answerPeriod, this.#ports),
      key: { channelId: fromHex(channelId), blockNumber, blockKey, keyPath: proof.path.map(fromHex) },
    };
    // Above the leaves lie as many entries again.
    const entryBytes = 2 * (32 + terms.roles.length * 8) + 16;
    this.#keep(id, own, Number(impressionCount) * entryBytes);
    return own;
  }

  #keep(id: string, own: OwnBlock, treeBytes: number): void {
    this.#kept.delete(id);
    this.#kept.set(id, { own, treeBytes });
    let bytes = [...this.#kept.values()].reduce((sum, one) => sum + one.treeBytes, 0);
    for (const [oldest, kept] of this.#kept) {
      if (bytes <= treeBytesMax || oldest === id) break;
      this.#kept.delete(oldest);
      bytes -= kept.treeBytes;
    }
  }
}

const nameOf = ({ channelId, blockNumber }: WatchedBlock): string => `${channelId}/${blockNumber}`;
const idOf = (block: WatchedBlock): string => `${nameOf(block)}/${countableParts(block.facts)}`;
