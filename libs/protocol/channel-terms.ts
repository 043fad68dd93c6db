/**
 * Channel terms: what all participants sign; the EIP-712 digest of them is the channel's id (wire-formats.md
 * 2).
 */
import { keccak256 } from '#crypto';
import { type Address, concatBytes, type Digest, fromHex, type Hex, toHex } from '#encoding';
import type { ChannelId } from './ids.js';
import { domainSeparator, type Eip712Domain, typedDigest } from './typed-data.js';
import { typedStruct } from './typed-struct.js';

export interface ChannelTerms {
  readonly participants: readonly Address[];
  readonly roles: readonly number[];
  /** What one block may pay each participant at most; entry 0, the payer's, is 0. */
  readonly blockMaxNano: readonly bigint[];
  readonly token: Address;
  readonly tokenPerUnit: bigint;
  readonly reducer: string;
  readonly reducerParameters: Hex;
  /** 0 time, 1 sequence. */
  readonly blockPolicy: number;
  /** Seconds, chain time. */
  readonly firstBlockStart: number;
  readonly blockDuration: number;
  readonly blocksMax: number;
  readonly collectionGrace: number;
  readonly collationPeriod: number;
  readonly processingPeriod: number;
  readonly challengePeriod: number;
  /** A side's time for one turn in a dispute. */
  readonly answerPeriod: number;
  readonly disputeMax: number;
  /** How long before a block starts a request must stand to lower that block's cover. */
  readonly withdrawalNotice: number;
  readonly retentionPeriod: number;
  readonly authorBytesMax: number;
  readonly priceNanoMax: bigint;
  readonly keysRoot: Digest;
  /** `boxesHashOf` the boxes that the channel opens with. */
  readonly boxesHash: Digest;
  readonly salt: Hex;
}

/** wire-formats.md 2. */
export const termsStruct = typedStruct('ChannelTerms', {
  participants: 'address[]',
  roles: 'uint8[]',
  blockMaxNano: 'uint64[]',
  token: 'address',
  tokenPerUnit: 'uint256',
  reducer: 'string',
  reducerParameters: 'bytes',
  blockPolicy: 'uint8',
  firstBlockStart: 'uint64',
  blockDuration: 'uint64',
  blocksMax: 'uint64',
  collectionGrace: 'uint64',
  collationPeriod: 'uint64',
  processingPeriod: 'uint64',
  challengePeriod: 'uint64',
  answerPeriod: 'uint64',
  disputeMax: 'uint64',
  withdrawalNotice: 'uint64',
  retentionPeriod: 'uint64',
  authorBytesMax: 'uint64',
  priceNanoMax: 'uint64',
  keysRoot: 'bytes32',
  boxesHash: 'bytes32',
  salt: 'bytes32',
});

/** What each participant signs to open the channel. */
export function channelIdOf(domain: Eip712Domain, terms: ChannelTerms): ChannelId {
  return toHex(typedDigest(domainSeparator(domain), termsStruct.hash(terms)));
}

/** Whether the id is that of the terms; no id is that of terms with a number outside of its type. */
export function isIdOf(channelId: ChannelId, domain: Eip712Domain, terms: ChannelTerms): boolean {
  try {
    return channelIdOf(domain, terms) === channelId;
  } catch (cause) {
    if (cause instanceof RangeError) return false;
    throw cause;
  }
}

/** What stands as boxesHash for boxes in participant order. */
export function boxesHashOf(boxes: readonly Hex[]): Digest {
  return toHex(keccak256(concatBytes(...boxes.map(fromHex))));
}

/** When collection of block n starts, seconds (time blocks). */
export function blockStart(terms: ChannelTerms, blockNumber: number): number {
  return terms.firstBlockStart + blockNumber * terms.blockDuration;
}

/** When batches of block n are no longer accepted: C of protocol.md 8. */
export function collectionEnd(terms: ChannelTerms, blockNumber: number): number {
  return blockStart(terms, blockNumber + 1) + terms.collectionGrace;
}
