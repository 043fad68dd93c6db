/** A base chain's node that does what a test says: it holds transactions until they are mined, forgets
 *  heights, and answers wrongly. */
import { Transaction } from 'ethers';
import type { Digest, Hex } from '#encoding';
import { JsonRpcRefused, type RpcCalls, unavailable } from '../json-rpc.js';

export interface ReceivedTransaction {
  readonly nonce: number;
  readonly hash: Hex;
  readonly raw: Hex;
  readonly data: Hex;
  readonly maxFeePerGasWei: bigint;
  readonly gasLimit: bigint;
}

type Answer = (...parameters: readonly unknown[]) => unknown;

export class FakeNode implements RpcCalls {
  /** Every transaction that was sent, in order, also those that were refused. */
  readonly sent: ReceivedTransaction[] = [];
  readonly receipts = new Map<
    Hex,
    { transactionHash: Digest; status: Hex; blockNumber: Hex; gasUsed: Hex }
  >();
  height = 100;
  /** Transactions of the key in heights. */
  count = 0;
  balanceWei = 10n ** 18n;
  baseFeeWei = 100n;
  /** Told apart from other histories of the same heights. */
  branch = 0;
  /** Answers of a test's own, by method. */
  readonly answers: Record<string, Answer> = {};
  readonly #wakes = new Set<() => void>();

  /** As HeightSource. */
  subscribe(wake: () => void): () => void {
    this.#wakes.add(wake);
    return () => this.#wakes.delete(wake);
  }

  /** A new height with the transaction in it, or an empty one. */
  async mine(hash?: Hex, status: Hex = '0x1'): Promise<void> {
    this.height++;
    const transaction = this.sent.find((one) => one.hash === hash);
    if (transaction !== undefined) {
      const blockNumber = numberHex(this.height);
      const { hash: transactionHash, nonce } = transaction;
      this.receipts.set(transactionHash, { transactionHash, status, blockNumber, gasUsed: '0x5208' });
      this.count = Math.max(this.count, nonce + 1);
    }
    await this.wake();
  }

  /** Wakes whoever waits and lets it ask. */
  async wake(): Promise<void> {
    for (const wake of [...this.#wakes]) wake();
    await settled();
  }

  get listeners(): number {
    return this.#wakes.size;
  }

  async call<Result>(method: string, ...parameters: readonly unknown[]): Promise<Result> {
    const answer = this.answers[method] ?? this.#known[method];
    if (answer === undefined) throw new JsonRpcRefused(method, -32_601, 'no such method', undefined);
    return (await answer(...parameters)) as Result;
  }

  readonly #known: Record<string, Answer> = {
    eth_estimateGas: () => '0x186a0',
    eth_gasPrice: () => numberHex(this.baseFeeWei + 10n),
    eth_getBalance: () => numberHex(this.balanceWei),
    eth_getTransactionCount: () => numberHex(this.count),
    eth_getTransactionReceipt: (hash) => this.receipts.get(hash as Hex) ?? null,
    eth_getBlockByNumber: (at) => {
      const height = at === 'latest' || at === 'finalized' ? this.height : Number(at);
      return height > this.height ? null : this.block(height);
    },
    eth_sendRawTransaction: (raw) => {
      const { nonce, hash, data, maxFeePerGas, gasLimit } = Transaction.from(raw as Hex);
      if (this.sent.some((one) => one.hash === hash)) throw refused('already known');
      const given = { nonce, hash: hash as Hex, raw: raw as Hex, data: data as Hex, gasLimit };
      this.sent.push({ ...given, maxFeePerGasWei: maxFeePerGas ?? 0n });
      return hash;
    },
  };

  /** The block of a height in the present history. */
  block(height: number, branch = this.branch) {
    return {
      number: numberHex(height),
      hash: hashOf(height, branch),
      parentHash: hashOf(height - 1, branch),
      timestamp: numberHex(1_000 + height),
      baseFeePerGas: numberHex(this.baseFeeWei),
    };
  }
}

export function refused(message: string, data?: Hex): JsonRpcRefused {
  return new JsonRpcRefused('eth_test', -32_000, message, data);
}

export function away(): Error {
  return unavailable('the node is away', undefined);
}

export function hashOf(height: number, branch: number): Hex {
  return `0x${branch.toString(16).padStart(8, '0')}${height.toString(16).padStart(56, '0')}`;
}

/** Until everything that waits only for answers of the fake node has gone on. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
}

function numberHex(value: number | bigint): Hex {
  return `0x${value.toString(16)}`;
}
