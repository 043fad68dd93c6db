/** Structs of EIP-712: hash and type are what another implementation makes of the same schema, and what the docs say. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { TypedDataEncoder, type TypedDataField } from 'ethers';
import fc from 'fast-check';
import { type Hex, toHex } from '#encoding';
import { termsStruct } from './channel-terms.js';
import { delegationStruct, receiptStruct } from './delegation.js';
import { keyPossessionDigest, keyPossessionStruct, keyPurposeOf } from './key-possession.js';
import { pegBurnStruct, pegLockStruct, pegTokenStruct } from './peg-attestation.js';
import { BatchHasher, batchStruct, encodeUnsignedBatch, parseHeader } from './record-batch.js';
import { domainSeparator, domainStruct, signableData, typedDigest } from './typed-data.js';
import { type FieldType, type Fields, type TypedStruct, typedStruct } from './typed-struct.js';

const hexOf = (bytes: number) =>
  fc.uint8Array({ minLength: bytes, maxLength: bytes }).map((found) => toHex(found));
const ofType: Readonly<Record<FieldType, fc.Arbitrary<unknown>>> = {
  address: hexOf(20),
  bytes32: hexOf(32),
  bytes: fc.uint8Array({ maxLength: 80 }).map((found) => toHex(found)),
  string: fc.string({ unit: 'binary' }),
  bool: fc.boolean(),
  uint8: fc.nat(255),
  uint32: fc.nat(0xffff_ffff),
  uint64: fc.oneof(fc.nat(), fc.bigInt({ min: 0n, max: (1n << 64n) - 1n })),
  uint256: fc.bigInt({ min: 0n, max: (1n << 256n) - 1n }),
  'address[]': fc.array(hexOf(20), { maxLength: 4 }),
  'uint8[]': fc.array(fc.nat(255), { maxLength: 4 }),
  'uint64[]': fc.array(fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }), { maxLength: 4 }),
};
const structs: readonly TypedStruct<Fields>[] = [
  domainStruct,
  termsStruct,
  batchStruct,
  delegationStruct,
  receiptStruct,
  keyPossessionStruct,
  pegLockStruct,
  pegBurnStruct,
  pegTokenStruct,
] as unknown as readonly TypedStruct<Fields>[];

describe('a typed struct', () => {
  it.each(structs.map((struct) => [struct.name, struct] as const))(
    '%s has the type, type hash and hashes of another implementation',
    (name, struct) => {
      const types = { [name]: struct.schema.map((field) => ({ ...field })) };
      expect(struct.type).toBe(TypedDataEncoder.from(types).encodeType(name));
      const values = fc.record(
        Object.fromEntries(struct.schema.map((field) => [field.name, ofType[field.type]])),
      );
      fc.assert(
        fc.property(values, (value) => {
          expect(toHex(struct.hash(value as never))).toBe(TypedDataEncoder.hashStruct(name, types, value));
        }),
      );
    },
  );

  it.each(structs.map((struct) => [struct.name, struct.type] as const))(
    '%s is written in the wire formats with the same type',
    (_name, type) => {
      const page = readFileSync(join(import.meta.dirname, '../../docs/reference/wire-formats.md'), 'utf8');
      expect(page.split('\n').map((line) => line.trim())).toContain(type);
    },
  );

  it.each([
    ['uint8', 256],
    ['uint32', 2 ** 32],
    ['uint64', 1n << 64n],
    ['uint64', -1],
    ['uint256', 1n << 256n],
    ['uint8[]', [1, 256]],
    ['uint64[]', [1n, 1n << 64n]],
    ['bytes32', '0x00'],
    ['address', `0x${'00'.repeat(32)}`],
  ] as const)('refuses what is no %s: %s', (type, value) => {
    const struct = typedStruct('Some', { field: type }) as unknown as TypedStruct<Fields>;
    expect(() => struct.hash({ field: value } as never)).toThrow(RangeError);
  });
});

describe('what wallets are shown', () => {
  it('has the digest that is signed, by an implementation of eth_signTypedData_v4', () => {
    const domain = { chainId: 31_337, verifyingContract: `0x${'12'.repeat(20)}` as Hex };
    const possession = { account: `0x${'34'.repeat(20)}` as Hex, purpose: keyPurposeOf.operator, nonce: 3n };
    const shown = signableData(domain, keyPossessionStruct, possession);
    const { EIP712Domain: _, ...types } = shown.types;
    const hash = TypedDataEncoder.hash(shown.domain, mutable(types), shown.message);
    expect(hash).toBe(toHex(keyPossessionDigest(domainSeparator(domain), possession)));
    expect(Object.keys(types)).toEqual([shown.primaryType]);
  });
});

function mutable(types: ReturnType<typeof signableData>['types']): Record<string, TypedDataField[]> {
  return Object.fromEntries(Object.entries(types).map(([name, fields]) => [name, [...fields]]));
}

describe('the digest of a batch', () => {
  const domain = { chainId: 31_337, verifyingContract: `0x${'12'.repeat(20)}` as Hex };

  it('is that of its struct, though it is made from the bytes', () => {
    const header = fc.record({
      channelId: hexOf(32),
      blockNumber: fc.nat(),
      author: fc.nat(15),
      sequence: fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }),
    });
    const separator = domainSeparator(domain);
    const hasher = new BatchHasher(separator);
    fc.assert(
      fc.property(header, fc.integer({ min: 1, max: 3 }), (found, count) => {
        const bytes = encodeUnsignedBatch(hasher, found, new Uint8Array(64 * count));
        const { recordsRoot } = parseHeader(bytes);
        const hash = batchStruct.hash({ ...found, count, recordsRoot });
        expect(toHex(hasher.digest(bytes))).toBe(toHex(typedDigest(separator, hash)));
      }),
    );
  });
});
