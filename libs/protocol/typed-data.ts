/**
 * EIP-712 digests under the one domain of Papyrus: name "Papyrus", version "1", chain and Channels.
 */
import { keccak256 } from '#crypto';
import { type Address, concatBytes } from '#encoding';
import { type FieldType, type Fields, type TypedStruct, typedStruct, type ValueOf } from './typed-struct.js';

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

/** What eth_signTypedData_v4 of a wallet takes; integers above 2^53 are decimal text in its JSON. */
export interface SignableData {
  readonly types: Readonly<Record<string, readonly { readonly name: string; readonly type: FieldType }[]>>;
  readonly primaryType: string;
  readonly domain: Readonly<Record<string, unknown>>;
  readonly message: Readonly<Record<string, unknown>>;
}

/** 32 bytes; compute once a chain. */
export function domainSeparator(domain: Eip712Domain): Uint8Array {
  return domainStruct.hash(domainValue(domain));
}

function domainValue({ chainId, verifyingContract }: Eip712Domain) {
  return { name: domainName, version: domainVersion, chainId: BigInt(chainId), verifyingContract };
}

/** A value as people and wallets see it before it is signed; its digest is that of `typedDigest`. */
export function signableData<const Of extends Fields>(
  domain: Eip712Domain,
  struct: TypedStruct<Of>,
  value: ValueOf<Of>,
): SignableData {
  const message = Object.fromEntries(struct.schema.map(({ name }) => [name, value[name]]));
  return {
    types: { [domainStruct.name]: domainStruct.schema, [struct.name]: struct.schema },
    primaryType: struct.name,
    domain: domainValue(domain),
    message,
  };
}

/** keccak256(0x1901 ‖ domainSeparator ‖ hashStruct): what is signed. */
export function typedDigest(separator: Uint8Array, structHash: Uint8Array): Uint8Array {
  return keccak256(concatBytes(digestPrefix, separator, structHash));
}
