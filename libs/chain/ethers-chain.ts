/** The base chain behind any Ethereum JSON-RPC: facts by view calls, acts by the poster that the chain was
 *  opened with. */
import { addressOf } from '#crypto';
import type { Address, Digest, Hex } from '#encoding';
import { Fault } from '#environment';
import type { Eip712Domain } from '#protocol';
import { BlockLog } from './block-log.js';
import type {
  Chain,
  ChainSnapshot,
  ChainTime,
  DrawGround,
  Finality,
  GasBalance,
  ParticipantActs,
  ValidatorActs,
} from './chain.js';
import { type ActPoster, PostingActor } from './chain-actor.js';
import type { ChainEventPage, EventCursor, EventFilter } from './chain-events.js';
import { ChannelFinder } from './channel-finder.js';
import { type BlockLogs, ContractSnapshot, type ReadableHeight } from './contract-snapshot.js';
import { type ContractAddresses, ContractViews } from './contract-views.js';
import type { DisputeActs } from './dispute-acts.js';
import { DisputeActor } from './dispute-actor.js';
import { DisputeLog } from './dispute-log.js';
import { blockAt } from './finality.js';
import { dearestActGas, gasPriceWei } from './gas.js';
import type { JsonRpc } from './json-rpc.js';
import { listedValidators } from './listed-validators.js';
import { readEvents } from './read-events.js';
import { replayedHeightsMax, replayedValidators } from './replayed-validators.js';

/** What the two ways of opening a chain hand to it. */
export interface ChainParts {
  readonly rpc: JsonRpc;
  readonly chainId: number;
  readonly contracts: ContractAddresses;
  readonly heights: HeightSource;
  posterOf(privateKey: Uint8Array, address: Address): ActPoster;
  /** The height that is that sure at present. */
  heightOf(finality: Finality): Promise<ReadableHeight>;
  close(): Promise<void>;
}

export interface HeightSource {
  subscribe(wake: () => void): () => void;
}

export class EthersChain implements Chain {
  protected readonly parts: ChainParts;
  readonly #views: ContractViews;
  readonly #logs: BlockLogs;
  readonly #finders = new Map<Hex, ChannelFinder>();

  constructor(parts: ChainParts) {
    this.parts = parts;
    this.#views = new ContractViews(parts.rpc, parts.contracts);
    const { rpc, contracts } = parts;
    this.#logs = {
      blocks: new BlockLog(rpc, contracts.Blocks),
      disputes: new DisputeLog(rpc, contracts),
    };
  }

  async domain(): Promise<Eip712Domain> {
    return { chainId: this.parts.chainId, verifyingContract: this.parts.contracts.Channels };
  }

  async time(): Promise<ChainTime> {
    const { height, timestampSeconds } = await this.parts.heightOf('latest');
    return { height, timestampSeconds };
  }

  snapshot({ finality }: { readonly finality: Finality }): Promise<ChainSnapshot> {
    return this.#snapshot(finality);
  }

  async heightHash(height: number): Promise<Digest> {
    return (await blockAt(this.parts.rpc, height)).hash;
  }

  async drawGround(height: number): Promise<DrawGround> {
    const { rpc, contracts } = this.parts;
    const heightHash = await this.heightHash(height);
    try {
      return { heightHash, candidates: await listedValidators(this.#views, heightHash) };
    } catch (cause) {
      const isGone = cause instanceof Fault && cause.code === 'chain-snapshot-gone';
      if (!isGone || height > replayedHeightsMax) throw cause;
      return { heightHash, candidates: await replayedValidators(rpc, contracts, height) };
    }
  }

  channelsOf(account: Address): Promise<readonly Hex[]> {
    const key = account.toLowerCase() as Hex;
    const finder = this.#finders.get(key) ?? new ChannelFinder(key, () => this.#snapshot('latest'));
    this.#finders.set(key, finder);
    return finder.find();
  }

  events(from: EventCursor | undefined, filter: EventFilter): Promise<ChainEventPage> {
    const { rpc, contracts } = this.parts;
    return readEvents({ rpc, contracts }, from, filter);
  }

  async gasBalance(account: Address): Promise<GasBalance> {
    const { rpc } = this.parts;
    const [balance, priceWei] = await Promise.all([
      rpc.call<Hex>('eth_getBalance', account, 'latest'),
      gasPriceWei(rpc),
    ]);
    return { balanceWei: BigInt(balance), reserveWei: dearestActGas * priceWei };
  }

  participantActs(privateKey: Uint8Array): ParticipantActs {
    return this.#actor(privateKey);
  }

  validatorActs(privateKey: Uint8Array): ValidatorActs {
    return this.#actor(privateKey);
  }

  disputeActs(privateKey: Uint8Array): DisputeActs {
    return new DisputeActor(this.#posterOf(privateKey), this.parts.contracts);
  }

  subscribe(wake: () => void): () => void {
    return this.parts.heights.subscribe(wake);
  }

  close(): Promise<void> {
    return this.parts.close();
  }

  #actor(privateKey: Uint8Array): PostingActor {
    const latest = () => this.#snapshot('latest');
    return new PostingActor(this.#posterOf(privateKey), latest, this.parts.contracts);
  }

  #posterOf(privateKey: Uint8Array): ActPoster {
    return this.parts.posterOf(privateKey, addressOf(privateKey));
  }

  async #snapshot(finality: Finality): Promise<ContractSnapshot> {
    return new ContractSnapshot(this.#views, this.#logs, await this.parts.heightOf(finality));
  }
}
