/** Posts the acts of one key to a node that is not ours: its own nonces, estimated gas, fees, and waiting
 *  for the height. */
import type { Hex } from '#encoding';
import type { Log } from '#environment';
import type { ChainOutcome } from './chain.js';
import type { ActPoster, ChainAct } from './chain-actor.js';
import { signTransaction } from './contract-codec.js';
import { type JsonRpc, JsonRpcRefused, unavailable } from './json-rpc.js';
import { refusalOf } from './refusal-of.js';

export interface TransactionPosterOptions {
  readonly rpc: JsonRpc;
  readonly chainId: number;
  readonly heights: { subscribe(wake: () => void): () => void };
  readonly inclusionTimeoutMs: number;
  readonly log: Log;
}

/** What the node says of a transaction in a height. */
export interface TransactionReceipt {
  readonly transactionHash: Hex;
  readonly status: Hex;
  readonly blockNumber: Hex;
  readonly gasUsed: Hex;
}

/** Gas above the estimate, in percent: another act in the same height may make this one dearer. */
const gasMarginPercent = 30n;

export class TransactionPoster implements ActPoster {
  readonly address: Hex;
  readonly #privateKey: Uint8Array;
  readonly #options: TransactionPosterOptions;
  #nonce: number | undefined;
  #last: Promise<unknown> = Promise.resolve();

  constructor(privateKey: Uint8Array, address: Hex, options: TransactionPosterOptions) {
    this.address = address;
    this.#privateKey = privateKey;
    this.#options = options;
  }

  /** A refusal is found by the estimate, before anything is sent. Throws a retriable Fault
   *  `chain-unavailable` when the node is away or the act is in no height in time: it may still get into
   *  one, so look at the facts before repeating. */
  async post(act: ChainAct): Promise<ChainOutcome> {
    const sent = this.#last.then(() => this.#send(act));
    // One key sends one act after the other, so that its nonces have no gap.
    this.#last = sent.catch(() => {});
    const outcome = await sent;
    return typeof outcome === 'string' ? this.#included(act, outcome) : outcome;
  }

  /** The transaction's hash, or why it was refused. */
  async #send(act: ChainAct): Promise<Hex | ChainOutcome> {
    const { rpc, chainId } = this.#options;
    const call = { from: this.address, to: act.to, data: act.data, value: hexOf(act.valueWei) };
    try {
      const [estimate, latest, price, pending] = await Promise.all([
        rpc.call<Hex>('eth_estimateGas', call, 'latest'),
        rpc.call<{ baseFeePerGas: Hex }>('eth_getBlockByNumber', 'latest', false),
        rpc.call<Hex>('eth_gasPrice'),
        this.#nonce === undefined ? rpc.call<Hex>('eth_getTransactionCount', this.address, 'pending') : '0x0',
      ]);
      const nonce = this.#nonce ?? Number(pending);
      const unsigned = {
        chainId,
        nonce,
        to: act.to,
        data: act.data,
        valueWei: act.valueWei,
        gasLimit: (BigInt(estimate) * (100n + gasMarginPercent)) / 100n,
        ...feesOf(BigInt(latest.baseFeePerGas), BigInt(price)),
      };
      const { raw, hash } = signTransaction(unsigned, this.#privateKey);
      await this.#broadcast(raw);
      this.#nonce = nonce + 1;
      return hash;
    } catch (cause) {
      // Whether the node took it is unknown: the next act asks for the nonce anew.
      this.#nonce = undefined;
      const refusal = refusalOf(cause);
      if (refusal !== undefined) return { ok: false, ...refusal };
      if (cause instanceof JsonRpcRefused) throw unavailable(cause.message, cause);
      throw cause;
    }
  }

  async #broadcast(raw: Hex): Promise<void> {
    try {
      await this.#options.rpc.call('eth_sendRawTransaction', raw);
    } catch (cause) {
      // It is where it should be: an earlier try reached the node, its answer did not reach us.
      if (cause instanceof JsonRpcRefused && /already (known|imported)/i.test(cause.message)) return;
      throw cause;
    }
  }

  async #included(act: ChainAct, hash: Hex): Promise<ChainOutcome> {
    const { rpc } = this.#options;
    const receipt = await this.#receiptOf(hash);
    const height = await rpc.call<{ timestamp: Hex }>('eth_getBlockByNumber', receipt.blockNumber, false);
    if (Number(receipt.status) !== 1) return this.#refusedIn(act, receipt.blockNumber);
    return {
      ok: true,
      height: Number(receipt.blockNumber),
      timestampSeconds: Number(height.timestamp),
      gasUsed: BigInt(receipt.gasUsed),
    };
  }

  #receiptOf(hash: Hex): Promise<TransactionReceipt> {
    const { rpc, heights, inclusionTimeoutMs } = this.#options;
    return new Promise((resolve, reject) => {
      const end = (): void => {
        clearTimeout(timer);
        unsubscribe();
      };
      const look = (): void => {
        rpc.call<TransactionReceipt | null>('eth_getTransactionReceipt', hash).then(
          (receipt) => {
            if (receipt === null) return;
            end();
            resolve(receipt);
          },
          // A later height asks again, until the time is over.
          (cause) => this.#options.log.debug({ cause, hash }, 'no answer about an act'),
        );
      };
      const unsubscribe = heights.subscribe(look);
      const timer = setTimeout(() => {
        end();
        // A gap would hold back every later act of the key.
        this.#nonce = undefined;
        reject(unavailable(`${hash} is in no height after ${inclusionTimeoutMs} ms`, undefined));
      }, inclusionTimeoutMs);
      look();
    });
  }

  /** An act that shared its height with one that made it pointless: asked again on top of it, it says why. */
  async #refusedIn(act: ChainAct, height: Hex): Promise<ChainOutcome> {
    const call = { from: this.address, to: act.to, data: act.data, value: hexOf(act.valueWei) };
    try {
      await this.#options.rpc.call('eth_call', call, 'latest');
    } catch (cause) {
      const refusal = refusalOf(cause);
      if (refusal !== undefined) return { ok: false, ...refusal };
      throw cause;
    }
    return { ok: false, code: 'reverted', message: `the act was reverted in height ${Number(height)}` };
  }
}

/** Twice the base fee leaves room for it to rise over six full heights; the node's price names the usual
 *  tip above it. */
function feesOf(baseFeeWei: bigint, priceWei: bigint) {
  const maxPriorityFeePerGasWei = priceWei > baseFeeWei ? priceWei - baseFeeWei : 0n;
  return { maxFeePerGasWei: 2n * baseFeeWei + maxPriorityFeePerGasWei, maxPriorityFeePerGasWei };
}

export function hexOf(value: bigint | number): Hex {
  return `0x${value.toString(16)}`;
}
