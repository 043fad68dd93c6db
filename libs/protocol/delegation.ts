/**
 * Delegation of a block to a validator, and receipts of accepted batches: EIP-712 digests and the boxed block
 * key (wire-formats.md 6).
 */
import { keccak256, openBox, sealBox } from '#crypto';
import { addressWord, bytes32Word, concatBytes, equalBytes, type Hex, uintWord } from '#encoding';
import type { BlockNumber, ChannelId, ParticipantIndex } from './ids.js';
import { typedDigest, typeHash } from './typed-data.js';

export interface Delegation {
  readonly channelId: ChannelId;
  readonly blockNumber: BlockNumber;
  readonly participant: ParticipantIndex;
  readonly validator: Hex;
  readonly binding: boolean;
  readonly keyCommitment: Hex;
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
  readonly recordsRoot: Hex;
  /** Seconds. */
  readonly receivedAt: bigint;
}

const delegationTypeHash = typeHash(
  'Delegation(bytes32 channelId,uint64 blockNumber,uint8 participant,address validator,bool binding,' +
    'bytes32 keyCommitment,uint64 nonce,uint64 notAfter)',
);
const receiptTypeHash = typeHash(
  'Receipt(bytes32 channelId,uint64 blockNumber,uint8 author,uint64 sequence,bytes32 recordsRoot,uint64 receivedAt)',
);

export function delegationDigest(separator: Uint8Array, delegation: Delegation): Uint8Array {
  const struct = concatBytes(
    delegationTypeHash,
    bytes32Word(delegation.channelId),
    uintWord(delegation.blockNumber),
    uintWord(delegation.participant),
    addressWord(delegation.validator),
    uintWord(delegation.binding),
    bytes32Word(delegation.keyCommitment),
    uintWord(delegation.nonce),
    uintWord(delegation.notAfter),
  );
  return typedDigest(separator, keccak256(struct));
}

export function receiptDigest(separator: Uint8Array, receipt: Receipt): Uint8Array {
  const struct = concatBytes(
    receiptTypeHash,
    bytes32Word(receipt.channelId),
    uintWord(receipt.blockNumber),
    uintWord(receipt.author),
    uintWord(receipt.sequence),
    bytes32Word(receipt.recordsRoot),
    uintWord(receipt.receivedAt),
  );
  return typedDigest(separator, keccak256(struct));
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

/** The block key, or undefined if the box is not for this key or was made for another delegation. */
export function openBlockKey(
  box: Uint8Array,
  digest: Uint8Array,
  secretKey: Uint8Array,
): Uint8Array | undefined {
  const plaintext = openBox(box, secretKey);
  if (plaintext === undefined || plaintext.length !== 64) return undefined;
  return equalBytes(plaintext.subarray(32), digest) ? plaintext.slice(0, 32) : undefined;
}
