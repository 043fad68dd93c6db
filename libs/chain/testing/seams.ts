/**
 * What Adjudicator and Questions may do to a block, done by the node's word that an act is theirs: for tests
 * of blocks in dispute.
 */
import type { Digest, Hex } from '#encoding';
import type { DrivenChain } from '../chain.js';
import { encodeCall } from '../contract-codec.js';
import { developmentContracts } from '../deployment.js';
import { JsonRpc } from '../json-rpc.js';
import type { ExampleChannel } from './example-channel.js';

export class Seams {
  readonly #chain: DrivenChain;
  readonly #channel: ExampleChannel;

  constructor(channel: ExampleChannel) {
    this.#chain = channel.chain;
    this.#channel = channel;
  }

  /** Participant `who` stands for another result; `sender` is its account, or its seat's validator. */
  holdAccusation(block: number, result: number, who: number, sender: 'account' | 'validator') {
    const { address } = this.#channel.participants[who][sender];
    return this.#act('Adjudicator', 'holdAccusation', block, [result, who, address]);
  }

  freeAccusations(block: number, count: number) {
    return this.#act('Adjudicator', 'freeAccusations', block, [count]);
  }

  fall(block: number, result: number) {
    return this.#act('Adjudicator', 'fall', block, [result]);
  }

  holdQuestion(block: number, part: number, who: number) {
    const { address } = this.#channel.participants[who].account;
    return this.#act('Questions', 'holdQuestion', block, [part, address]);
  }

  freeQuestions(block: number, count: number) {
    return this.#act('Questions', 'freeQuestions', block, [count]);
  }

  /** By a question of the payer. */
  strikePart(block: number, part: number) {
    return this.#act('Questions', 'strikePart', block, [part, 1]);
  }

  /** Whether the contract took it. */
  async #act(
    by: 'Adjudicator' | 'Questions',
    name: string,
    block: number,
    values: readonly unknown[],
  ): Promise<boolean> {
    const { [by]: from, Blocks: to } = developmentContracts();
    const data = encodeCall('BlockDisputes', name, [this.#channel.channelId, block, ...values]);
    const rpc = new JsonRpc(this.#chain.url, 10_000);
    try {
      await rpc.call('anvil_impersonateAccount', from);
      const free = { maxFeePerGas: '0x0', maxPriorityFeePerGas: '0x0' };
      const hash = await rpc.call<Digest>('eth_sendTransaction', {
        from,
        to,
        data,
        gas: '0x1e8480',
        ...free,
      });
      await this.#chain.advanceTo((await this.#chain.time()).timestampSeconds);
      const receipt = await rpc.call<{ status: Hex } | null>('eth_getTransactionReceipt', hash);
      if (receipt === null) throw new Error(`${name} got into no height`);
      return receipt.status === '0x1';
    } finally {
      rpc.close();
    }
  }
}
