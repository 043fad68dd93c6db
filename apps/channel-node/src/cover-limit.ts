/**
 * What the base chain surely pays a payee for a block, beside what the payee delivered in it, and what its
 * node does where that is not enough (protocol.md 7).
 */
import { type Refusal, refuse } from '#api';
import type { Chain, ChannelFacts } from '#chain';
import { fromHex } from '#encoding';
import { type Log, messageOf } from '#environment';
import { blockStart, type ChannelTerms, collectionEnd, roleOf } from '#protocol';
import { decodeParameters } from '#reduction';

export interface CoverLimit {
  /** Of a block's cover, 1 to 100. */
  readonly percent: number;
  readonly act: 'warn' | 'refuse';
}

/** Token base units, as last read while the block collected. */
export interface BlockCover {
  readonly own: bigint;
  readonly auditors: readonly { readonly participant: number; readonly cover: bigint }[];
}

export interface CoverOptions {
  /** Index of the node's own participant. */
  readonly participant: number;
  readonly coverLimit: CoverLimit | undefined;
}

/** More blocks than this collect at a time only where the grace is longer than so many of them. */
const collectingMax = 16;
const rememberedMax = 64;
const ppm = 1_000_000n;
const nanoPerUnit = 1_000_000_000n;

/** Of one channel. */
export class CoverWatch {
  readonly #facts: ChannelFacts;
  readonly #options: CoverOptions;
  readonly #ports: { readonly chain: Chain; readonly log: Log };
  readonly #auditors: readonly number[];
  readonly #keptPpm: bigint;
  readonly #covers = new Map<number, BlockCover>();
  readonly #told = new Set<number>();
  #current: number | undefined;
  #looked: { readonly asOf: number; readonly done: Promise<void> } | undefined;

  constructor(
    facts: ChannelFacts,
    options: CoverOptions,
    ports: { readonly chain: Chain; readonly log: Log },
  ) {
    this.#facts = facts;
    this.#options = options;
    this.#ports = ports;
    this.#auditors = facts.terms.roles.flatMap((role, index) => (role === roleOf.auditor ? [index] : []));
    this.#keptPpm = keptPpmOf(facts.terms);
  }

  /** The block whose impressions are won now, if the cover of one is known. */
  get current(): number | undefined {
    return this.#current;
  }

  /** Blocks of which the cover is known, ascending. */
  get blockNumbers(): readonly number[] {
    return [...this.#covers.keys()].sort((a, b) => a - b);
  }

  of(blockNumber: number): BlockCover | undefined {
    return this.#covers.get(blockNumber);
  }

  /** Reads the covers once for each `asOf`, which differs with each height; a chain that is away is told. */
  look(asOf: number, nowSeconds: number): Promise<void> {
    if (this.#looked?.asOf === asOf) return this.#looked.done;
    const done = this.#read(nowSeconds).catch((cause) => {
      const fields = { channelId: this.#facts.channelId, cause: messageOf(cause) };
      this.#ports.log.warn(fields, 'the covers of blocks could not be read');
    });
    this.#looked = { asOf, done };
    return done;
  }

  /** What delivered wins bring the seller, token base units: what shares take of them is not its own. */
  earned(deliveredNano: bigint): bigint {
    return (((deliveredNano * this.#keptPpm) / ppm) * this.#facts.terms.tokenPerUnit) / nanoPerUnit;
  }

  /** Whether so much is more than the limit allows of the block's cover; false while that is not known. */
  isBeyond(blockNumber: number, deliveredNano: bigint): boolean {
    const cover = this.#covers.get(blockNumber);
    if (cover === undefined) return false;
    const { percent } = this.#options.coverLimit ?? { percent: 100 };
    return this.earned(deliveredNano) * 100n >= cover.own * BigInt(percent);
  }

  /** For what the participant itself wrote, if the node is to refuse. */
  refusal(blockNumber: number, deliveredNano: bigint): Refusal | undefined {
    const { coverLimit } = this.#options;
    if (coverLimit?.act !== 'refuse' || !this.isBeyond(blockNumber, deliveredNano)) return undefined;
    const cover = this.#covers.get(blockNumber)?.own;
    const found = `block ${blockNumber} is worth ${this.earned(deliveredNano)} token base units already`;
    return refuse('cover-limit', `${found}, the limit is ${coverLimit.percent} % of its cover of ${cover}`);
  }

  /** Says once of a block that its cover is reached. */
  tell(blockNumber: number, deliveredNano: bigint): void {
    const { coverLimit } = this.#options;
    if (coverLimit === undefined || this.#told.has(blockNumber)) return;
    if (!this.isBeyond(blockNumber, deliveredNano)) return;
    this.#told.add(blockNumber);
    const fields = {
      channelId: this.#facts.channelId,
      blockNumber,
      earned: String(this.earned(deliveredNano)),
      cover: String(this.#covers.get(blockNumber)?.own),
      percent: coverLimit.percent,
    };
    this.#ports.log.warn(fields, 'what is delivered in the block reaches what its line surely pays');
  }

  async #read(nowSeconds: number): Promise<void> {
    const { channelId, terms } = this.#facts;
    const { participant } = this.#options;
    this.#current = undefined;
    // The payer is paid by nobody.
    if (participant === 0) return;
    const collecting = collectingAt(terms, nowSeconds);
    const latest = await this.#ports.chain.snapshot({ finality: 'latest' });
    const others = this.#auditors.filter((one) => one !== participant);
    const read = async (blockNumber: number): Promise<void> => {
      const coverOf = (payee: number) => latest.cover(channelId, blockNumber, payee);
      const [own, ...found] = await Promise.all([participant, ...others].map(coverOf));
      const auditors = found.map((cover, at) => ({ participant: others[at], cover }));
      this.#covers.set(blockNumber, { own, auditors });
    };
    await Promise.all(collecting.map(read));
    for (const known of this.blockNumbers.slice(0, -rememberedMax)) {
      this.#covers.delete(known);
      this.#told.delete(known);
    }
    const newest = collecting.at(-1);
    if (newest !== undefined && nowSeconds < blockStart(terms, newest + 1)) this.#current = newest;
  }
}

/** Blocks that take records, ascending: the one that began last, and those in their grace. */
function collectingAt(terms: ChannelTerms, nowSeconds: number): readonly number[] {
  const begun = Math.floor((nowSeconds - terms.firstBlockStart) / terms.blockDuration);
  const found: number[] = [];
  for (let block = Math.min(begun, terms.blocksMax - 1); block >= 0; block--) {
    if (nowSeconds >= collectionEnd(terms, block) || found.length === collectingMax) break;
    found.unshift(block);
  }
  return found;
}

/** Of a seller's price, what no share takes. */
function keptPpmOf(terms: ChannelTerms): bigint {
  const decoded = decodeParameters(fromHex(terms.reducerParameters), terms.roles);
  if (!decoded.ok) throw new Error(`the channel is open and its parameters are not: ${decoded.refusal.code}`);
  return decoded.parameters.shares.reduce((kept, share) => kept - BigInt(share.ppm), ppm);
}
