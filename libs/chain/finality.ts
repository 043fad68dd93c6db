/** Which height counts as safe or final: the one that the node names, or so many below the latest. */
import type { Digest, Hex } from '#encoding';
import { Fault } from '#environment';
import type { ChainTime, Finality } from './chain.js';
import { JsonRpcRefused, type RpcCalls, unavailable } from './json-rpc.js';

/** `confirmations`: heights on top of one that make it final, for nodes without the tags; half of them make
 *  it safe. */
export type FinalityRule = 'tags' | { readonly confirmations: number };

export interface FoundHeight extends ChainTime {
  readonly hash: Hex;
  readonly parentHash: Digest;
  readonly baseFeePerGasWei: bigint;
}

/** The node's block as far as we need it; a half answer is as good as none. */
export interface RpcBlock {
  readonly number: Hex;
  readonly hash: Hex;
  readonly parentHash: Digest;
  readonly timestamp: Hex;
  readonly baseFeePerGas?: Hex;
}

export async function heightOf(rpc: RpcCalls, rule: FinalityRule, finality: Finality): Promise<FoundHeight> {
  if (finality === 'latest') return latestHeight(rpc);
  if (rule !== 'tags') {
    const { height } = await latestHeight(rpc);
    const below = finality === 'finalized' ? rule.confirmations : Math.ceil(rule.confirmations / 2);
    return blockAt(rpc, Math.max(0, height - below));
  }
  const found = await rpc
    .call<RpcBlock | null>('eth_getBlockByNumber', finality, false)
    .catch((cause: unknown) => {
      if (cause instanceof JsonRpcRefused) return null;
      throw cause;
    });
  if (found !== null) return parsed(found);
  const message =
    `the base chain's node names no ${finality} height: it has none yet, or does not know the tag;` +
    ' then set CHAIN_CONFIRMATIONS to how many heights make one final';
  throw new Fault('chain-finality-unknown', message, { retriable: true });
}

export async function latestHeight(rpc: RpcCalls): Promise<FoundHeight> {
  return parsed(await rpc.call<RpcBlock | null>('eth_getBlockByNumber', 'latest', false));
}

export async function blockAt(rpc: RpcCalls, height: number): Promise<FoundHeight> {
  return parsed(await rpc.call<RpcBlock | null>('eth_getBlockByNumber', `0x${height.toString(16)}`, false));
}

/** Undefined where the node does not know the block, for example since it was rolled back. */
export async function blockOf(rpc: RpcCalls, hash: Hex): Promise<FoundHeight | undefined> {
  const found = await rpc.call<RpcBlock | null>('eth_getBlockByHash', hash, false);
  return found === null ? undefined : parsed(found);
}

function parsed(block: RpcBlock | null): FoundHeight {
  const height = Number(block?.number ?? Number.NaN);
  const timestampSeconds = Number(block?.timestamp ?? Number.NaN);
  const isWhole = Number.isSafeInteger(height) && Number.isSafeInteger(timestampSeconds);
  if (block === null || !isWhole || !/^0x[0-9a-f]{64}$/i.test(block.hash ?? '')) {
    const found = JSON.stringify(block)?.slice(0, 100);
    throw unavailable(`the base chain's node was asked for a block and answered ${found}`, undefined);
  }
  const { hash, parentHash, baseFeePerGas = '0x0' } = block;
  return { height, timestampSeconds, hash, parentHash, baseFeePerGasWei: BigInt(baseFeePerGas) };
}
