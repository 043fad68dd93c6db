/** Signed transactions that the chain has not finally taken: kept before they are sent, so that a restart
 *  sends the same again instead of another beside it. */
import type { Address, Hex } from '#encoding';
import type { ChainAct } from './chain-actor.js';
import type { Fees } from './gas.js';

export interface SignedTransaction extends Fees {
  readonly hash: Hex;
  readonly raw: Hex;
}

export interface OutboxEntry {
  readonly nonce: number;
  readonly act: ChainAct;
  readonly gasLimit: bigint;
  /** The same act at the same nonce, with higher fees each time: what is sent again is the newest. */
  readonly newest: SignedTransaction;
  /** Hashes of those before it, the oldest first: one of them may be the one that the chain takes. */
  readonly earlier: readonly Hex[];
}

export interface Outbox {
  entries(address: Address): Promise<readonly OutboxEntry[]>;
  /** Replaces what is kept at the entry's nonce; resolves when it is durable. */
  keep(address: Address, entry: OutboxEntry): Promise<void>;
  forget(address: Address, nonce: number): Promise<void>;
}

/** Forgets with the process: for driven networks, whose journal repeats what was posted. */
export function memoryOutbox(): Outbox {
  const kept = new Map<Hex, Map<number, OutboxEntry>>();
  return {
    entries: async (address) => [...(kept.get(address)?.values() ?? [])],
    keep: async (address, entry) => {
      const entries = kept.get(address) ?? new Map<number, OutboxEntry>();
      kept.set(address, entries.set(entry.nonce, entry));
    },
    forget: async (address, nonce) => {
      kept.get(address)?.delete(nonce);
    },
  };
}
