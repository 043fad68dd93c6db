/**
 * EIP-712 digests under the one domain of Papyrus: name "Papyrus", version "1", chain and Channels.
 */
import { keccak256 } from '#crypto';
import { type Address, concatBytes } from '#encoding';
import { typedStruct } from './typed-struct.js';

export interface Eip712Domain {
  readonly chainId: number;
  readonly verifyingContract: Address;
}

const domainName = 'Papyrus';
const domainVersion = '1';

export const domainStruct = typedStruct('EIP712Domain', {
  name: 'string',
  version: 'string',
  chainId: 'uint256',
  verifyingContract: 'address',
});
const digestPrefix = Uint8Array.of(0x19, 0x01);

/** 32 bytes; compute once a chain. */
export function domainSeparator({ chainId, verifyingContract }: Eip712Domain): Uint8Array {
  return domainStruct.hash({
    name: domainName,
    version: domainVersion,
    chainId: BigInt(chainId),
    verifyingContract,
  });
}

/** keccak256(0x1901 ‖ domainSeparator ‖ hashStruct): what is signed. */
export function typedDigest(separator: Uint8Array, structHash: Uint8Array): Uint8Array {
  return keccak256(concatBytes(digestPrefix, separator, structHash));
}
