/**
 * What attesters of a peg sign so that it counts on the other chain: locks, burns and what a token says of
 * itself (wire-formats.md 14). The separator is that of the Peg where it shall count, on its chain.
 */
import type { Address, Hex } from '#encoding';
import { typedDigest } from './typed-data.js';
import { typedStruct } from './typed-struct.js';

/** The Peg whose events are attested, and its chain. */
export interface PegSource {
  readonly sourceChain: bigint;
  readonly sourceContract: Address;
}

/** A lock or a burn, as the event of a finalized height tells it. */
export interface PegTransfer {
  readonly transactionHash: Hex;
  /** Of the log in its height. */
  readonly logIndex: bigint;
  /** The locked token, by its address where it lives, also in a burn of its pegged token. */
  readonly token: Address;
  /** Base units: what arrived. */
  readonly amount: bigint;
  readonly recipient: Address;
}

export interface PegTokenIdentity {
  readonly token: Address;
  readonly name: string;
  readonly symbol: string;
  readonly decimals: number;
}

const sourceFields = { sourceChain: 'uint256', sourceContract: 'address' } as const;
const transferFields = {
  ...sourceFields,
  transactionHash: 'bytes32',
  logIndex: 'uint256',
  token: 'address',
  amount: 'uint256',
  recipient: 'address',
} as const;

/** wire-formats.md 14. */
export const pegLockStruct = typedStruct('PegLock', transferFields);
/** wire-formats.md 14. */
export const pegBurnStruct = typedStruct('PegBurn', transferFields);
/** wire-formats.md 14. */
export const pegTokenStruct = typedStruct('PegToken', {
  ...sourceFields,
  token: 'address',
  name: 'string',
  symbol: 'string',
  decimals: 'uint8',
});

export function pegLockDigest(separator: Uint8Array, source: PegSource, locked: PegTransfer): Uint8Array {
  return typedDigest(separator, pegLockStruct.hash({ ...source, ...locked }));
}

export function pegBurnDigest(separator: Uint8Array, source: PegSource, burnt: PegTransfer): Uint8Array {
  return typedDigest(separator, pegBurnStruct.hash({ ...source, ...burnt }));
}

export function pegTokenDigest(
  separator: Uint8Array,
  source: PegSource,
  identity: PegTokenIdentity,
): Uint8Array {
  return typedDigest(separator, pegTokenStruct.hash({ ...source, ...identity }));
}
