/** The base chain behind any Ethereum JSON-RPC: facts by view calls, acts by the poster that the chain was
 *  opened with. */
import { addressOf } from '#crypto';
import type { Hex } from '#encoding';
import type { Log } from '#environment';
import { type BlockFacts, type ChannelTerms, type Eip712Domain, type Stage, stages } from '#protocol';
import type { ChainActor, ChainTime, ChannelFacts, ParticipantKeys, ValidatorFacts } from './chain.js';
import { type ActPoster, type ChainReads, type ContractAddresses, PostingActor } from './chain-actor.js';
import { type ContractName, decodeAnswer, encodeCall } from './contract-codec.js';
import {
  type BlockTuple,
  blockFactsOf,
  type ChannelTuple,
  channelFactsOf,
  keysOfTuple,
  termsOfTuple,
  type ValidatorTuple,
  validatorFactsOf,
} from './contract-tuples.js';
import { HeightWatch } from './height-watch.js';
import { JsonRpc } from './json-rpc.js';
import { refusalOf } from './refusal-of.js';
import { TransactionPoster } from './transaction-poster.js';

export interface EthersChainOptions {
  /** HTTP address of the node's JSON-RPC. */
  readonly url: string;
  /** Address of the deployed ChannelRegistry; it names the other two registries. */
  readonly channelRegistry: Hex;
  /** How often the node is asked for a new height. */
  readonly pollIntervalMs: number;
  readonly requestTimeoutMs: number;
  /** How long an act may wait for its height before it is a fault. */
  readonly inclusionTimeoutMs: number;
  readonly log: Log;
}

/** What the two ways of opening a chain hand to it. */
export interface ChainParts {
  readonly rpc: JsonRpc;
  readonly chainId: number;
  readonly contracts: ContractAddresses;
  readonly heights: HeightSource;
  posterOf(privateKey: Uint8Array, address: Hex): ActPoster;
  close(): Promise<void>;
}

export interface HeightSource {
  subscribe(wake: () => void): () => void;
}

type Refusable<Answer> =
  | { readonly ok: true; readonly answer: Answer }
  | { readonly ok: false; readonly code: string };

const channelIdsPage = 500;
const answersKeptMax = 1_000;

/** Asks the node who it is and where the registries lie. Throws a retriable Fault `chain-unavailable` when
 *  it is away. */
export async function openEthersChain(options: EthersChainOptions): Promise<ChainReads> {
  const { url, channelRegistry, pollIntervalMs, requestTimeoutMs, inclusionTimeoutMs, log } = options;
  const rpc = new JsonRpc(url, requestTimeoutMs);
  const heights = new HeightWatch(rpc, pollIntervalMs, log);
  const registryOf = async (name: string): Promise<Hex> => {
    const data = encodeCall('ChannelRegistry', name, []);
    const answer = await rpc.call<Hex>('eth_call', { to: channelRegistry, data }, 'latest');
    if (answer === '0x') throw new Error(`there is no ChannelRegistry at ${channelRegistry}`);
    return decodeAnswer('ChannelRegistry', name, answer) as Hex;
  };
  const [chainIdHex, participantRegistry, validatorRegistry] = await Promise.all([
    rpc.call<Hex>('eth_chainId'),
    registryOf('participantRegistry'),
    registryOf('validatorRegistry'),
  ]);
  const chainId = Number(chainIdHex);
  return new EthersChain({
    rpc,
    chainId,
    contracts: { participantRegistry, validatorRegistry, channelRegistry },
    heights,
    posterOf: (key, address) =>
      new TransactionPoster(key, address, { rpc, chainId, heights, inclusionTimeoutMs, log }),
    close: async () => {
      heights.stop();
      rpc.close();
    },
  });
}

export class EthersChain implements ChainReads {
  protected readonly parts: ChainParts;
  readonly #terms = new Map<Hex, ChannelTerms>();
  /** Decoded answers by contract and call, the longest unused first. */
  readonly #answers = new Map<string, { readonly bytes: Hex; readonly answer: unknown }>();
  #channelIds: Hex[] = [];

  constructor(parts: ChainParts) {
    this.parts = parts;
  }

  async domain(): Promise<Eip712Domain> {
    return { chainId: this.parts.chainId, verifyingContract: this.parts.contracts.channelRegistry };
  }

  async time(): Promise<ChainTime> {
    type Height = { readonly number: Hex; readonly timestamp: Hex };
    const { number, timestamp } = await this.parts.rpc.call<Height>('eth_getBlockByNumber', 'latest', false);
    return { height: Number(number), timestampSeconds: Number(timestamp) };
  }

  /** Channels only ever join, so that each call asks for those behind the last known. */
  async channelIds(): Promise<readonly Hex[]> {
    for (;;) {
      const known = this.#channelIds.length;
      const page = await this.#registry<readonly Hex[]>('channelIds', [known, channelIdsPage]);
      // Another call may have brought the same page meanwhile.
      this.#channelIds = [...this.#channelIds.slice(0, known), ...page];
      if (page.length < channelIdsPage) return this.#channelIds;
    }
  }

  async channel(channelId: Hex): Promise<ChannelFacts | undefined> {
    const found = await this.#refusable<ChannelTuple>('channel', [channelId]);
    if (!found.ok) return undefined;
    const terms = this.#terms.get(channelId) ?? termsOfTuple(found.answer.terms);
    this.#terms.set(channelId, terms);
    return channelFactsOf(channelId, found.answer, terms);
  }

  async blockFacts(channelId: Hex, blockNumber: number): Promise<BlockFacts> {
    return blockFactsOf(await this.#registry<BlockTuple>('blockFacts', [channelId, blockNumber]));
  }

  cover(channelId: Hex, blockNumber: number): Promise<bigint> {
    return this.#registry('cover', [channelId, blockNumber]);
  }

  async keysAt(account: Hex, atSeconds: number): Promise<ParticipantKeys | undefined> {
    const { participantRegistry } = this.parts.contracts;
    const values = [account, atSeconds];
    return keysOfTuple(await this.#view('ParticipantRegistry', participantRegistry, 'keysAt', values));
  }

  async validator(account: Hex): Promise<ValidatorFacts | undefined> {
    const { validatorRegistry } = this.parts.contracts;
    const tuple = await this.#view<ValidatorTuple>('ValidatorRegistry', validatorRegistry, 'validator', [
      account,
    ]);
    return validatorFactsOf(account, tuple);
  }

  balance(token: Hex, account: Hex): Promise<bigint> {
    return this.#registry('balanceOf', [token, account]);
  }

  tokenBalance(token: Hex, account: Hex): Promise<bigint> {
    return this.#view('TestToken', token, 'balanceOf', [account]);
  }

  async stage(channelId: Hex, blockNumber: number): Promise<Stage> {
    return stages[Number(await this.#registry<bigint>('stage', [channelId, blockNumber]))];
  }

  allowance(token: Hex, account: Hex): Promise<bigint> {
    return this.#view('TestToken', token, 'allowance', [account, this.parts.contracts.channelRegistry]);
  }

  async blocksOver(channelId: Hex): Promise<number> {
    return Number((await this.#registry<ChannelTuple>('channel', [channelId])).blocksOver);
  }

  ownResultBondWei(): Promise<bigint> {
    return this.#registry('ownResultBondWei', []);
  }

  actor(privateKey: Uint8Array): ChainActor {
    const poster = this.parts.posterOf(privateKey, addressOf(privateKey));
    return new PostingActor(poster, this, this.parts.contracts);
  }

  subscribe(wake: () => void): () => void {
    return this.parts.heights.subscribe(wake);
  }

  close(): Promise<void> {
    return this.parts.close();
  }

  #registry<Answer>(name: string, values: readonly unknown[]): Promise<Answer> {
    return this.#view('ChannelRegistry', this.parts.contracts.channelRegistry, name, values);
  }

  /** The same bytes as last time are the same answer: sweeps mostly ask for what has not changed. */
  async #view<Answer>(
    contract: ContractName,
    to: Hex,
    name: string,
    values: readonly unknown[],
  ): Promise<Answer> {
    const data = encodeCall(contract, name, values);
    const bytes = await this.parts.rpc.call<Hex>('eth_call', { to, data }, 'latest');
    const key = `${to} ${data}`;
    const known = this.#answers.get(key);
    const answer = known?.bytes === bytes ? known.answer : decodeAnswer(contract, name, bytes);
    this.#answers.delete(key);
    this.#answers.set(key, { bytes, answer });
    if (this.#answers.size > answersKeptMax) {
      for (const oldest of this.#answers.keys()) {
        this.#answers.delete(oldest);
        break;
      }
    }
    return answer as Answer;
  }

  async #refusable<Answer>(name: string, values: readonly unknown[]): Promise<Refusable<Answer>> {
    try {
      return { ok: true, answer: await this.#registry<Answer>(name, values) };
    } catch (cause) {
      const refusal = refusalOf(cause);
      if (refusal === undefined) throw cause;
      return { ok: false, code: refusal.code };
    }
  }
}
