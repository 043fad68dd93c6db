/** The facts of one height, by view calls that all name it. */
import type { Address, Hex } from '#encoding';
import { type BlockFacts, type ChannelId, type Stage, stages } from '#protocol';
import type { ChainSnapshot, ChainTime, ChannelFacts, ParticipantKeys, ValidatorFacts } from './chain.js';
import {
  type BlockTuple,
  blockFactsOf,
  type ChannelTuple,
  channelFactsOf,
  type KeysTuple,
  keysOfTuple,
  termsOfTuple,
  type ValidatorTuple,
  validatorFactsOf,
} from './contract-tuples.js';
import type { ContractViews, StateTag } from './contract-views.js';
import { refusalOf } from './refusal-of.js';

/** A height that can be read. */
export interface ReadableHeight extends ChainTime {
  readonly tag: StateTag;
}

export class ContractSnapshot implements ChainSnapshot {
  readonly id: string;
  readonly height: number;
  readonly timestampSeconds: number;
  readonly #tag: StateTag;
  readonly #views: ContractViews;

  constructor(views: ContractViews, { height, timestampSeconds, tag }: ReadableHeight) {
    this.#views = views;
    this.height = height;
    this.timestampSeconds = timestampSeconds;
    this.#tag = tag;
    this.id = typeof tag === 'string' ? tag : tag.blockHash;
  }

  async channel(channelId: ChannelId): Promise<ChannelFacts | undefined> {
    const tuple = await this.#channel(channelId);
    return tuple && channelFactsOf(channelId, tuple, termsOfTuple(tuple.terms));
  }

  async blockFacts(channelId: ChannelId, blockNumber: number): Promise<BlockFacts> {
    return blockFactsOf(await this.#registry<BlockTuple>('blockFacts', [channelId, blockNumber]));
  }

  cover(channelId: ChannelId, blockNumber: number): Promise<bigint> {
    return this.#registry('cover', [channelId, blockNumber]);
  }

  async keysAt(account: Address, atSeconds: number): Promise<ParticipantKeys | undefined> {
    const { participantRegistry } = this.#views.contracts;
    const values = [account, atSeconds];
    return keysOfTuple(
      await this.#views.view<KeysTuple>(
        this.#tag,
        'ParticipantRegistry',
        participantRegistry,
        'keysAt',
        values,
      ),
    );
  }

  async validator(account: Address): Promise<ValidatorFacts | undefined> {
    const { validatorRegistry } = this.#views.contracts;
    const contract = 'ValidatorRegistry';
    const tuple = await this.#views.view<ValidatorTuple>(
      this.#tag,
      contract,
      validatorRegistry,
      'validator',
      [account],
    );
    return validatorFactsOf(account, tuple);
  }

  balance(token: Address, account: Address): Promise<bigint> {
    return this.#registry('balanceOf', [token, account]);
  }

  tokenBalance(token: Address, account: Address): Promise<bigint> {
    return this.#views.view(this.#tag, 'TestToken', token, 'balanceOf', [account]);
  }

  async stage(channelId: ChannelId, blockNumber: number): Promise<Stage> {
    return stages[Number(await this.#registry<bigint>('stage', [channelId, blockNumber]))];
  }

  /** Token base units that the channel registry may take from `account`. */
  allowance(token: Address, account: Address): Promise<bigint> {
    const { channelRegistry } = this.#views.contracts;
    return this.#views.view(this.#tag, 'TestToken', token, 'allowance', [account, channelRegistry]);
  }

  /** Every block below this number is known to be settled or void. */
  async blocksOver(channelId: ChannelId): Promise<number> {
    return Number((await this.#registry<ChannelTuple>('channel', [channelId])).blocksOver);
  }

  /** Wei that a participant's own result in the challenge period is sent with. */
  ownResultBondWei(): Promise<bigint> {
    return this.#registry('ownResultBondWei', []);
  }

  /** Ids of at most `count` channels in the order of their opening, from number `from` on. */
  channelIds(from: number, count: number): Promise<readonly Hex[]> {
    return this.#registry('channelIds', [from, count]);
  }

  async #channel(channelId: ChannelId): Promise<ChannelTuple | undefined> {
    try {
      return await this.#registry<ChannelTuple>('channel', [channelId]);
    } catch (cause) {
      if (refusalOf(cause) === undefined) throw cause;
      return undefined;
    }
  }

  #registry<Answer>(name: string, values: readonly unknown[]): Promise<Answer> {
    return this.#views.registry(this.#tag, name, values);
  }
}
