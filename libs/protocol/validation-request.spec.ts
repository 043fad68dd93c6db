import { expect, it } from '@jest/globals';
import fc from 'fast-check';
import { jsonOfValidationRequest, validationRequestSchema } from '#api';
import type { Hex } from '#encoding';
import { decodeValidationRequest, encodeValidationRequest } from './validation-request.js';

const hex = (bytes: number): fc.Arbitrary<Hex> =>
  fc
    .uint8Array({ minLength: bytes, maxLength: bytes })
    .map((some): Hex => `0x${Buffer.from(some).toString('hex')}`);
const u64 = fc.oneof(fc.bigInt({ min: 0n, max: 100n }), fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }));
const request = fc.record({
  delegation: fc.record({
    channelId: hex(32),
    blockNumber: fc.nat(),
    participant: fc.nat({ max: 255 }),
    validator: hex(20),
    binding: fc.boolean(),
    keyCommitment: hex(32),
    feeWei: fc.oneof(u64, fc.bigInt({ min: 0n, max: 2n ** 96n - 1n })),
    nonce: u64,
    notAfter: u64,
    signature: hex(65),
  }),
  sealedBlockKey: hex(136),
  keyPath: fc.array(hex(32), { maxLength: 20 }),
});

it('a validation request is the same after it was kept, and after it was sent', () => {
  fc.assert(
    fc.property(request, (one) => {
      expect(decodeValidationRequest(encodeValidationRequest(one))).toEqual(one);
      expect(validationRequestSchema.parse(JSON.parse(jsonOfValidationRequest(one)))).toEqual(one);
    }),
  );
});
