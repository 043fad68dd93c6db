/**
 * What a participant sends to the validator of its seat (protocol.md 6), and the one form in which both keep
 * it. Its JSON is in the API's schemas.
 */
import { decodeDagCbor, encodeDagCbor, type Hex } from '#encoding';
import type { SignedDelegation } from './delegation.js';

export interface ValidationRequest {
  readonly delegation: SignedDelegation;
  /** 136 bytes: the block key, boxed for the validator and bound to the delegation's digest. */
  readonly sealedBlockKey: Hex;
  /** Proves the delegation's keyCommitment at index blockNumber under the terms' keysRoot. */
  readonly keyPath: readonly Hex[];
}

export function encodeValidationRequest(request: ValidationRequest): Uint8Array {
  // Wei may exceed the integers of DAG-CBOR.
  const feeWei = String(request.delegation.feeWei);
  return encodeDagCbor({ ...request, delegation: { ...request.delegation, feeWei } });
}

/** Of bytes that this program kept. */
export function decodeValidationRequest(bytes: Uint8Array): ValidationRequest {
  const request = decodeDagCbor(bytes) as ValidationRequest;
  // Small integers come back as numbers.
  const feeWei = BigInt(request.delegation.feeWei);
  const nonce = BigInt(request.delegation.nonce);
  const notAfter = BigInt(request.delegation.notAfter);
  return { ...request, delegation: { ...request.delegation, feeWei, nonce, notAfter } };
}
