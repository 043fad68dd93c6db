import { expect, it } from '@jest/globals';
import { addressOf, signDigest } from '#crypto';
import { type Address, type Digest, type Hex, toHex } from '#encoding';
import {
  BatchHasher,
  type ChannelId,
  domainSeparator,
  parseHeader,
  type Receipt,
  receiptDigest,
  receiptFault,
  signBatch,
} from '#protocol';

const repeated = (byte: string, bytes: number): Hex => `0x${byte.repeat(bytes)}`;
const separator = domainSeparator({ chainId: 1, verifyingContract: repeated('aa', 20) as Address });
const recordKey = new Uint8Array(32).fill(4);
const operatorSecret = new Uint8Array(32).fill(5);
const operatorKey = addressOf(operatorSecret);
const header = { channelId: repeated('5a', 32) as ChannelId, blockNumber: 3, author: 1, sequence: 9n };
const batch = signBatch(new BatchHasher(separator), recordKey, header, new Uint8Array(64));
const { recordsRoot } = parseHeader(batch);

function signed(change: Partial<Receipt> = {}) {
  const receipt = { ...header, recordsRoot, receivedAt: 5n, ...change };
  const signature = toHex(signDigest(receiptDigest(separator, receipt), operatorSecret));
  return { ...receipt, signer: operatorKey, signature };
}

it('takes a receipt of the batch that the operator key signed, however its address is written', () => {
  expect(receiptFault(separator, signed(), { operatorKey, batch })).toBeUndefined();
  const written = `0x${operatorKey.slice(2).toUpperCase()}` as Address;
  expect(receiptFault(separator, signed(), { operatorKey: written, batch })).toBeUndefined();
  expect(receiptFault(separator, signed({ sequence: 10n }), { operatorKey })).toBeUndefined();
});

it.each<Partial<Receipt>>([
  { channelId: repeated('5b', 32) as ChannelId },
  { blockNumber: 4 },
  { author: 2 },
  { sequence: 10n },
  { recordsRoot: repeated('00', 32) as Digest },
])('sees that a receipt is of another batch', (change) => {
  expect(receiptFault(separator, signed(change), { operatorKey, batch })).toBe('batch');
});

it('sees who did not sign it', () => {
  const other = addressOf(recordKey);
  expect(receiptFault(separator, signed(), { operatorKey: other, batch })).toBe('signer');
  expect(receiptFault(separator, { ...signed(), signer: other }, { operatorKey: other, batch })).toBe(
    'signature',
  );
  expect(receiptFault(separator, { ...signed(), receivedAt: 6n }, { operatorKey, batch })).toBe('signature');
});
