/**
 * A struct of EIP-712 said once: its fields give the type, its hash, the schema that wallets take, and the
 * hash of a value.
 */
import { keccak256 } from '#crypto';
import {
  type Address,
  addressWord,
  bytes32Word,
  concatBytes,
  fromHex,
  type Hex,
  uintWord,
  utf8,
} from '#encoding';

/** Hex are bytes, 0x-prefixed; 64 bits and less may be numbers, as far as they are exact. */
interface ValueOfType {
  readonly address: Address;
  readonly bytes32: Hex;
  readonly bytes: Hex;
  readonly string: string;
  readonly bool: boolean;
  readonly uint8: number;
  readonly uint32: number;
  readonly uint64: number | bigint;
  readonly uint256: bigint;
  readonly 'address[]': readonly Hex[];
  readonly 'uint8[]': readonly number[];
  readonly 'uint64[]': readonly (number | bigint)[];
}

export type FieldType = keyof ValueOfType;
export type Fields = Readonly<Record<string, FieldType>>;
export type ValueOf<Of extends Fields> = { readonly [Name in keyof Of]: ValueOfType[Of[Name]] };

export interface TypedStruct<Of extends Fields> {
  readonly name: string;
  /** `encodeType`: the name, and types and names of the fields in their order. */
  readonly type: string;
  /** keccak256 of `type`. */
  readonly typeHash: Uint8Array;
  /** The fields as `types` of eth_signTypedData_v4 lists them. */
  readonly schema: readonly { readonly name: string; readonly type: FieldType }[];
  /** `hashStruct`, 32 bytes. Throws a RangeError for what is not of its field's type. */
  hash(value: ValueOf<Of>): Uint8Array;
}

/** `fields` in the order of the type; what else a value holds is not looked at. */
export function typedStruct<const Of extends Fields>(name: string, fields: Of): TypedStruct<Of> {
  const schema = Object.entries(fields).map(([field, type]) => ({ name: field, type }));
  const type = `${name}(${schema.map((field) => `${field.type} ${field.name}`).join(',')})`;
  const typeHash = keccak256(utf8(type));
  const hash = (value: ValueOf<Of>): Uint8Array =>
    keccak256(concatBytes(typeHash, ...schema.map((field) => wordOf(field.type, value[field.name]))));
  return { name, type, typeHash, schema, hash };
}

/** The 32 bytes that stand for a field. */
function wordOf(type: FieldType, value: unknown): Uint8Array {
  switch (type) {
    case 'address':
      return addressWord(value as Hex);
    case 'bytes32':
      return bytes32Word(value as Hex);
    case 'bytes':
      return keccak256(fromHex(value as Hex));
    case 'string':
      return keccak256(utf8(value as string));
    case 'bool':
      return uintWord(value as boolean);
    case 'address[]':
      return keccak256(concatBytes(...(value as readonly Hex[]).map(addressWord)));
    case 'uint8[]':
    case 'uint64[]': {
      const bits = Number(type.slice('uint'.length, -'[]'.length));
      return keccak256(
        concatBytes(...(value as readonly (number | bigint)[]).map((one) => uintOf(bits, one))),
      );
    }
    default:
      return uintOf(Number(type.slice('uint'.length)), value as number | bigint);
  }
}

function uintOf(bits: number, value: number | bigint): Uint8Array {
  if (BigInt(value) >> BigInt(bits) !== 0n)
    throw new RangeError(`no unsigned integer of ${bits} bits: ${value}`);
  return uintWord(value);
}
