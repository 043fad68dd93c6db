/**
 * Delegation of a block to a validator, and receipts of accepted batches: EIP-712 digests and the boxed block
 * key (wire-formats.md 6).
 */
import { openBox, recoverSigner, sealBox } from '#crypto';
import { type Address, concatBytes, type Digest, equalBytes, fromHex, type Hex } from '#encoding';
import type { BlockNumber, ChannelId, ParticipantIndex } from './ids.js';
import { parseHeader } from './record-batch.js';
import { typedDigest } from './typed-data.js';
import { typedStruct } from './typed-struct.js';

export interface Delegation {
  readonly channelId: ChannelId;
  readonly blockNumber: BlockNumber;
  readonly participant: ParticipantIndex;
  readonly validator: Address;
  readonly binding: boolean;
  readonly keyCommitment: Digest;
  /** What the participant pays the validator for a result that stands. */
  readonly feeWei: bigint;
  readonly nonce: bigint;
  /** Seconds, chain time. */
  readonly notAfter: bigint;
}

/** `signature`: 65 bytes, by the participant's operator key over `delegationDigest`. */
export interface SignedDelegation extends Delegation {
  readonly signature: Hex;
}

export interface Receipt {
  readonly channelId: ChannelId;
  readonly blockNumber: BlockNumber;
  readonly author: ParticipantIndex;
  readonly sequence: bigint;
  readonly recordsRoot: Digest;
  /** Seconds. */
  readonly receivedAt: bigint;
}

/** wire-formats.md 7. */
export const delegationStruct = typedStruct('Delegation', {
  channelId: 'bytes32',
  blockNumber: 'uint64',
  participant: 'uint8',
  validator: 'address',
  binding: 'bool',
  keyCommitment: 'bytes32',
  feeWei: 'uint256',
  nonce: 'uint64',
  notAfter: 'uint64',
});
/** wire-formats.md 7. */
export const receiptStruct = typedStruct('Receipt', {
  channelId: 'bytes32',
  blockNumber: 'uint64',
  author: 'uint8',
  sequence: 'uint64',
  recordsRoot: 'bytes32',
  receivedAt: 'uint64',
});

export function delegationDigest(separator: Uint8Array, delegation: Delegation): Uint8Array {
  return typedDigest(separator, delegationStruct.hash(delegation));
}

export function receiptDigest(separator: Uint8Array, receipt: Receipt): Uint8Array {
  return typedDigest(separator, receiptStruct.hash(receipt));
}

/** A receipt as its signer answered it. */
export interface SignedReceiptFacts extends Receipt {
  /** The address that is said to have signed. */
  readonly signer: Address;
  /** 65 bytes, over `receiptDigest`. */
  readonly signature: Hex;
}

export type ReceiptFault = 'signature' | 'signer' | 'batch';

/**
 * Undefined for a good receipt. `operatorKey` is the address registered for the participant whose node
 * answered; with `batch`, its canonical bytes, the receipt must be of that batch. Hex in lower case.
 */
export function receiptFault(
  separator: Uint8Array,
  receipt: SignedReceiptFacts,
  expected: { readonly operatorKey: Address; readonly batch?: Uint8Array },
): ReceiptFault | undefined {
  const signer = recoverSigner(receiptDigest(separator, receipt), fromHex(receipt.signature));
  if (signer === undefined || signer !== receipt.signer) return 'signature';
  if (signer !== expected.operatorKey.toLowerCase()) return 'signer';
  return expected.batch === undefined || isOf(receipt, expected.batch) ? undefined : 'batch';
}

function isOf(receipt: Receipt, batch: Uint8Array): boolean {
  const { channelId, blockNumber, author, sequence, recordsRoot } = parseHeader(batch);
  return (
    recordsRoot === receipt.recordsRoot &&
    channelId === receipt.channelId &&
    blockNumber === BigInt(receipt.blockNumber) &&
    author === receipt.author &&
    sequence === receipt.sequence
  );
}

/** The block key boxed for one validator and bound to one delegation: 136 bytes. `randomness`: 56 bytes. */
export function sealBlockKey(
  blockKey: Uint8Array,
  digest: Uint8Array,
  validatorKey: Uint8Array,
  randomness: Uint8Array,
): Uint8Array {
  return sealBox(concatBytes(blockKey, digest), validatorKey, randomness);
}

/** The block key, or why there is none: the box is not for this key, or was made for another delegation. */
export function openBlockKey(
  box: Uint8Array,
  digest: Uint8Array,
  secretKey: Uint8Array,
): Uint8Array | 'not-for-this-key' | 'of-another-delegation' {
  const plaintext = openBox(box, secretKey);
  if (plaintext === undefined || plaintext.length !== 64) return 'not-for-this-key';
  return equalBytes(plaintext.subarray(32), digest) ? plaintext.slice(0, 32) : 'of-another-delegation';
}
