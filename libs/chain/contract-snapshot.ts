/** The facts of one height, by view calls that all name it. */
import { Fault } from '#environment';
import type { Address, Hex } from '#encoding';
import { type BlockFacts, type ChannelId, type DisputeFacts, type Stage, stages } from '#protocol';
import type { BlockLog } from './block-log.js';
import type {
  ChainSnapshot,
  ChainTime,
  ChannelFacts,
  Contested,
  ParticipantKeys,
  ValidatorFacts,
  WeiAccount,
  TokenFacts,
} from './chain.js';
import {
  type BlockWordsTuple,
  type ChannelTuple,
  channelFactsOf,
  type KeysTuple,
  keysOfTuple,
  termsOfTuple,
  type ValidatorTuple,
  validatorFactsOf,
  type WeiTuple,
} from './contract-tuples.js';
import type { CalledContract, ContractViews, StateTag } from './contract-views.js';
import type { DisputeLog } from './dispute-log.js';
import { JsonRpcRefused } from './json-rpc.js';
import { refusalOf } from './refusal-of.js';

/** A height that can be read. */
export interface ReadableHeight extends ChainTime {
  readonly tag: StateTag;
}

/** What is read from the log and kept, for every height. */
export interface BlockLogs {
  readonly blocks: BlockLog;
  readonly disputes: DisputeLog;
}

export class ContractSnapshot implements ChainSnapshot {
  readonly id: string;
  readonly height: number;
  readonly timestampSeconds: number;
  readonly #tag: StateTag;
  readonly #views: ContractViews;
  readonly #logs: BlockLogs;

  constructor(views: ContractViews, logs: BlockLogs, { height, timestampSeconds, tag }: ReadableHeight) {
    this.#views = views;
    this.#logs = logs;
    this.height = height;
    this.timestampSeconds = timestampSeconds;
    this.#tag = tag;
    this.id = typeof tag === 'string' ? tag : tag.blockHash;
  }

  async channel(channelId: ChannelId): Promise<ChannelFacts | undefined> {
    try {
      const tuple = await this.#view<ChannelTuple>('Lens', 'channel', [channelId]);
      return channelFactsOf(channelId, tuple, termsOfTuple(tuple.terms));
    } catch (cause) {
      if (refusalOf(cause) === undefined) throw cause;
      return undefined;
    }
  }

  async blockFacts(channelId: ChannelId, blockNumber: number): Promise<BlockFacts> {
    const words = await this.#words(channelId, blockNumber);
    return this.#logs.blocks.facts({ channelId, blockNumber }, words, this.height);
  }

  async disputeFacts(channelId: ChannelId, blockNumber: number): Promise<DisputeFacts> {
    const isFinal = stages.indexOf('final');
    return this.#logs.disputes.facts({
      id: { channelId, blockNumber },
      words: await this.#words(channelId, blockNumber),
      height: this.height,
      view: (contract, name, values) => this.#view(contract, name, values),
      isOpen: async () => stages.indexOf(await this.stage(channelId, blockNumber)) < isFinal,
    });
  }

  cover(channelId: ChannelId, blockNumber: number, payee: number): Promise<bigint> {
    return this.#view('Vault', 'cover', [channelId, blockNumber, payee]);
  }

  async contested(channelId: ChannelId, blockNumber: number, payee: number): Promise<Contested | undefined> {
    const values = [channelId, blockNumber, payee];
    const found = await this.#view<{ amount: bigint; since: bigint }>('Vault', 'contested', values);
    if (found.amount === 0n) return undefined;
    return { amount: found.amount, sinceSeconds: Number(found.since) };
  }

  async keysAt(account: Address, atSeconds: number): Promise<ParticipantKeys | undefined> {
    return keysOfTuple(await this.#view<KeysTuple>('ParticipantRegistry', 'keysAt', [account, atSeconds]));
  }

  registrationCount(account: Address): Promise<bigint> {
    return this.#view('ParticipantRegistry', 'registrationCount', [account]);
  }

  async validator(account: Address): Promise<ValidatorFacts | undefined> {
    return validatorFactsOf(
      account,
      await this.#view<ValidatorTuple>('ValidatorRegistry', 'validator', [account]),
    );
  }

  async ownValidatorSince(account: Address, validator: Address): Promise<number | undefined> {
    const since = await this.#view<bigint>('ValidatorRegistry', 'ownSince', [account, validator]);
    return since === 0n ? undefined : Number(since);
  }

  async weiAccount(account: Address): Promise<WeiAccount> {
    const { free, stake, locked } = await this.#view<WeiTuple>('Vault', 'weiOf', [account]);
    return { freeWei: free, stakeWei: stake, lockedWei: locked };
  }

  balance(token: Address, account: Address): Promise<bigint> {
    return this.#view('Vault', 'balanceOf', [token, account]);
  }

  tokenBalance(token: Address, account: Address): Promise<bigint> {
    return this.#views.token(this.#tag, token, 'balanceOf', [account]);
  }

  async tokenFacts(token: Address): Promise<TokenFacts | undefined> {
    const ask = async <Answer>(name: string, values: readonly unknown[]): Promise<Answer | undefined> => {
      try {
        return await this.#views.token<Answer>(this.#tag, token, name, values);
      } catch (cause) {
        // No code answers with no bytes, other code with a revert or with what is no such answer.
        if (cause instanceof Fault || (cause instanceof JsonRpcRefused && !refusalOf(cause))) throw cause;
        return undefined;
      }
    };
    if ((await ask<bigint>('balanceOf', [token])) === undefined) return undefined;
    const [symbol, decimals] = [await ask<string>('symbol', []), await ask<bigint>('decimals', [])];
    return { symbol, decimals: decimals === undefined ? undefined : Number(decimals) };
  }

  async stage(channelId: ChannelId, blockNumber: number): Promise<Stage> {
    const values = [channelId, blockNumber, this.timestampSeconds];
    return stages[Number(await this.#view<bigint>('Blocks', 'stageAt', values))];
  }

  /** Token base units that the Vault may take from `account`. */
  allowance(token: Address, account: Address): Promise<bigint> {
    return this.#views.token(this.#tag, token, 'allowance', [account, this.#views.contracts.Vault]);
  }

  /** Ids of at most `count` channels in the order of their opening, from number `from` on. */
  channelIds(from: number, count: number): Promise<readonly Hex[]> {
    return this.#view('Channels', 'channelIds', [from, count]);
  }

  #words(channelId: ChannelId, blockNumber: number): Promise<BlockWordsTuple> {
    return this.#view('Lens', 'blockWords', [channelId, blockNumber]);
  }

  #view<Answer>(contract: CalledContract, name: string, values: readonly unknown[]): Promise<Answer> {
    return this.#views.view(this.#tag, contract, name, values);
  }
}
