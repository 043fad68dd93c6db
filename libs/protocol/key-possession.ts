/**
 * What a key signs to be registered by an account, so that nobody takes another's key (wire-formats.md
 * 6).
 */
import type { Address } from '#encoding';
import { typedDigest } from './typed-data.js';
import { typedStruct } from './typed-struct.js';

export const keyPurposeOf = { record: 1, operator: 2 } as const;
export type KeyPurpose = (typeof keyPurposeOf)[keyof typeof keyPurposeOf];

export interface KeyPossession {
  /** Who registers the key. */
  readonly account: Address;
  readonly purpose: KeyPurpose;
  /** How often the account has registered before. */
  readonly nonce: bigint;
}

/** wire-formats.md 7. */
export const keyPossessionStruct = typedStruct('KeyPossession', {
  account: 'address',
  purpose: 'uint8',
  nonce: 'uint256',
});

/** 32 bytes, to be signed by the key itself. */
export function keyPossessionDigest(separator: Uint8Array, possession: KeyPossession): Uint8Array {
  return typedDigest(separator, keyPossessionStruct.hash(possession));
}
