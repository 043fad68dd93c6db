/** View calls of the contracts at a named height. */
import type { Address, Digest, Hex } from '#encoding';
import { Fault } from '#environment';
import { type ContractName, type DeployedContract, decodeAnswer, encodeCall } from './contract-codec.js';
import { JsonRpcRefused, type RpcCalls } from './json-rpc.js';

/**
 * A height as `eth_call` takes it: its number where nothing is ever rolled back, otherwise the hash of its
 * block (EIP-1898), since a number may mean another block from one call to the next.
 */
export type StateTag = Hex | { readonly blockHash: Digest; readonly requireCanonical: true };

/** The contracts that are called or whose log is read. */
export type CalledContract = Exclude<
  DeployedContract,
  'RtbImpression1' | 'ReducerTable' | 'TermsRules' | 'ResultRules' | 'BlockDisputes'
>;
export type ContractAddresses = { readonly [Name in CalledContract]: Address };

const answersKeptMax = 1_000;

export class ContractViews {
  readonly contracts: ContractAddresses;
  readonly #rpc: RpcCalls;
  /** Decoded answers by contract and call, the longest unused first. */
  readonly #answers = new Map<string, { readonly bytes: Hex; readonly answer: unknown }>();

  constructor(rpc: RpcCalls, contracts: ContractAddresses) {
    this.#rpc = rpc;
    this.contracts = contracts;
  }

  /**
   * The same bytes as last time are the same answer: sweeps mostly ask for what has not changed. Throws a
   * retriable Fault `chain-snapshot-gone` where the node has no state of the height any more.
   */
  view<Answer>(
    at: StateTag,
    contract: CalledContract,
    name: string,
    values: readonly unknown[],
  ): Promise<Answer> {
    return this.#view(at, contract, this.contracts[contract], name, values);
  }

  /** Of any ERC-20. */
  token<Answer>(at: StateTag, token: Address, name: string, values: readonly unknown[]): Promise<Answer> {
    return this.#view(at, 'TestToken', token, name, values);
  }

  async #view<Answer>(
    at: StateTag,
    contract: ContractName,
    to: Address,
    name: string,
    values: readonly unknown[],
  ): Promise<Answer> {
    const data = encodeCall(contract, name, values);
    const bytes = await this.#call(at, to, data);
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

  async #call(at: StateTag, to: Address, data: Hex): Promise<Hex> {
    try {
      return await this.#rpc.call<Hex>('eth_call', { to, data }, at);
    } catch (cause) {
      if (!(cause instanceof JsonRpcRefused && goneState.test(cause.message))) throw cause;
      const which = typeof at === 'string' ? `height ${Number(at)}` : `block ${at.blockHash}`;
      const message = `the node has no state of ${which} any more (${cause.message}): read again at a new height`;
      throw new Fault('chain-snapshot-gone', message, { retriable: true, cause });
    }
  }
}

/** How nodes (geth and its followers, Nethermind, Erigon, anvil) say that they keep no state of a height. */
const goneState = new RegExp(
  [
    'BlockOutOfRange|Resource not found|header not found|unknown block|block not found|no such block',
    'missing trie node|not (currently )?canonical|state .*(not available|unavailable|is pruned)|pruned',
  ].join('|'),
  'i',
);
