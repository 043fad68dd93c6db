/**
 * EIP-712 digests under the one domain of Papyrus: name "Papyrus", version "1", chain and ChannelRegistry.
 */
import { keccak256 } from '#crypto';
import { addressWord, concatBytes, type Hex, uintWord, utf8 } from '#encoding';

export interface Eip712Domain {
  readonly chainId: number;
  readonly verifyingContract: Hex;
}

const domainName = 'Papyrus';
const domainVersion = '1';

const domainTypeHash = typeHash(
  'EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)',
);
const digestPrefix = Uint8Array.of(0x19, 0x01);

export function typeHash(type: string): Uint8Array {
  return keccak256(utf8(type));
}

/** 32 bytes; compute once a chain. */
export function domainSeparator(domain: Eip712Domain): Uint8Array {
  return keccak256(
    concatBytes(
      domainTypeHash,
      keccak256(utf8(domainName)),
      keccak256(utf8(domainVersion)),
      uintWord(domain.chainId),
      addressWord(domain.verifyingContract),
    ),
  );
}

/** keccak256(0x1901 ‖ domainSeparator ‖ hashStruct): what is signed. */
export function typedDigest(separator: Uint8Array, structHash: Uint8Array): Uint8Array {
  return keccak256(concatBytes(digestPrefix, separator, structHash));
}
