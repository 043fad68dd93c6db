/** What acts cost in gas, and what gas costs at present. */
import type { Hex } from '#encoding';
import type { RpcCalls } from './json-rpc.js';

/** Above what any act takes: to publish a row of 64 KiB in a dispute takes the most. */
export const dearestActGas = 8_000_000n;

/**
 * Of an act, whose estimate knows only the path that it takes now. Another act of the same height may lead it
 * down a dearer one: a second result that is revealed opens the dispute. Only what is used is paid.
 */
export function gasLimitOf(estimate: bigint): bigint {
  return (estimate * 130n) / 100n + 150_000n;
}

export interface Fees {
  readonly maxFeePerGasWei: bigint;
  readonly maxPriorityFeePerGasWei: bigint;
}

/** Twice the base fee leaves room for it to rise over six full heights; the node's price names the usual
 *  tip above it. */
export function feesOf(baseFeeWei: bigint, priceWei: bigint): Fees {
  const maxPriorityFeePerGasWei = priceWei > baseFeeWei ? priceWei - baseFeeWei : 0n;
  return { maxFeePerGasWei: 2n * baseFeeWei + maxPriorityFeePerGasWei, maxPriorityFeePerGasWei };
}

/** Nodes replace a transaction by one of the same nonce only for fees a tenth higher. */
export function raised({ maxFeePerGasWei, maxPriorityFeePerGasWei }: Fees, now: Fees): Fees {
  const eighthMore = (wei: bigint): bigint => wei + wei / 8n + 1n;
  return {
    maxFeePerGasWei: larger(eighthMore(maxFeePerGasWei), now.maxFeePerGasWei),
    maxPriorityFeePerGasWei: larger(eighthMore(maxPriorityFeePerGasWei), now.maxPriorityFeePerGasWei),
  };
}

/** Wei for one unit of gas, base fee and usual tip. */
export async function gasPriceWei(rpc: RpcCalls): Promise<bigint> {
  return BigInt(await rpc.call<Hex>('eth_gasPrice'));
}

function larger(one: bigint, other: bigint): bigint {
  return one > other ? one : other;
}
