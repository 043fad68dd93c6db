/** A node of the base chain as we use it: its heights, and posters that send to it. */
import type { Address, Hex } from '#encoding';
import { type Clock, type Log, lastingTimers, systemClock, type Timers } from '#environment';
import type { Finality } from './chain.js';
import type { ActPoster } from './chain-actor.js';
import type { ReadableHeight } from './contract-snapshot.js';
import { type FinalityRule, heightOf } from './finality.js';
import { HeightWatch } from './height-watch.js';
import { JsonRpc, unavailable } from './json-rpc.js';
import { holdTurns } from './key-turns.js';
import { memoryOutbox, type Outbox } from './outbox.js';
import { TransactionPoster } from './transaction-poster.js';

export interface NodeOptions {
  /** How often the node is asked for a new height. */
  readonly pollIntervalMs: number;
  /** Of one question to the node, to the last byte of the answer. */
  readonly requestTimeoutMs: number;
  /** How long an act may wait for its height before it is a fault. */
  readonly inclusionTimeoutMs: number;
  /** How long a transaction may wait before it is sent for more: a quarter of the above if absent. */
  readonly replaceAfterMs?: number;
  /** The node's own `safe` and `finalized` if absent. */
  readonly finality?: FinalityRule;
  /** Keeps signed acts through a restart; in memory if absent. */
  readonly outbox?: Outbox;
  readonly timers?: Timers;
  readonly clock?: Pick<Clock, 'monotonicMs'>;
  readonly log: Log;
}

export interface EthereumNode {
  readonly rpc: JsonRpc;
  readonly chainId: number;
  readonly heights: HeightWatch;
  heightOf(finality: Finality): Promise<ReadableHeight>;
  posterOf(privateKey: Uint8Array, address: Address): ActPoster;
  close(): Promise<void>;
}

/** Asks the node which chain it follows. Throws a retriable Fault `chain-unavailable` when it is away. */
export async function connectNode(url: string, options: NodeOptions): Promise<EthereumNode> {
  const { pollIntervalMs, requestTimeoutMs, inclusionTimeoutMs, timers = lastingTimers, log } = options;
  const rpc = new JsonRpc(url, requestTimeoutMs);
  const heights = new HeightWatch(rpc, { intervalMs: pollIntervalMs, timers, log });
  const held: (() => void)[] = [];
  const close = async (): Promise<void> => {
    heights.stop();
    rpc.close();
    for (const release of held.splice(0)) release();
  };
  const chainId = await chainIdOf(rpc).catch(async (cause) => {
    await close();
    throw cause;
  });
  const readable = async (finality: Finality): Promise<ReadableHeight> => {
    const found = await heightOf(rpc, options.finality ?? 'tags', finality);
    const { height, timestampSeconds, hash } = found;
    return { height, timestampSeconds, tag: { blockHash: hash, requireCanonical: true } };
  };
  const posting = {
    ...{ rpc, chainId, heights, inclusionTimeoutMs, timers, log },
    outbox: options.outbox ?? memoryOutbox(),
    replaceAfterMs: options.replaceAfterMs ?? Math.ceil(inclusionTimeoutMs / 4),
    clock: options.clock ?? systemClock,
    finalizedHeight: async () => (await readable('finalized')).height,
  };
  const posterOf = (key: Uint8Array, address: Address): ActPoster => {
    const { turns, release } = holdTurns(`${url} ${chainId}`, address);
    held.push(release);
    return new TransactionPoster(key, address, { ...posting, turns });
  };
  return { rpc, chainId, heights, heightOf: readable, posterOf, close };
}

async function chainIdOf(rpc: JsonRpc): Promise<number> {
  const chainId = Number(await rpc.call<Hex>('eth_chainId'));
  if (!Number.isSafeInteger(chainId)) throw unavailable('the node gave no chain id', undefined);
  return chainId;
}
