/**
 * Channel terms: what all participants sign; the EIP-712 digest of them is the channel's id (wire-formats.md
 * 2).
 */
import { type Address, type Digest, type Hex, toHex } from '#encoding';
import type { ChannelId } from './ids.js';
import { isPayerRole, roleOf } from './ids.js';
import { blocksMaxLimit, participantsMax, participantsMin } from './limits.js';
import { domainSeparator, type Eip712Domain, typedDigest } from './typed-data.js';
import { typedStruct } from './typed-struct.js';

export interface ChannelTerms {
  readonly participants: readonly Address[];
  readonly roles: readonly number[];
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
  readonly disputeMax: number;
  readonly retentionPeriod: number;
  readonly authorBytesMax: number;
  readonly priceNanoMax: bigint;
  readonly keysRoot: Digest;
  readonly salt: Hex;
}

/** wire-formats.md 2. */
export const termsStruct = typedStruct('ChannelTerms', {
  participants: 'address[]',
  roles: 'uint8[]',
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
  disputeMax: 'uint64',
  retentionPeriod: 'uint64',
  authorBytesMax: 'uint64',
  priceNanoMax: 'uint64',
  keysRoot: 'bytes32',
  salt: 'bytes32',
});

/** What each participant signs to open the channel. */
export function channelIdOf(domain: Eip712Domain, terms: ChannelTerms): ChannelId {
  return toHex(typedDigest(domainSeparator(domain), termsStruct.hash(terms)));
}

/**
 * The first rule of wire-formats.md 2 that the terms break, as a sentence; the reducer checks its own
 * parameters.
 */
export function termsFault(terms: ChannelTerms, auditorFeeNano: bigint): string | undefined {
  const count = terms.participants.length;
  if (count < participantsMin || count > participantsMax) return 'a channel has 2 to 16 participants';
  if (terms.roles.length !== count) return 'every participant has one role';
  if (new Set(terms.participants.map((one) => one.toLowerCase())).size !== count) {
    return 'the participants are distinct accounts';
  }
  if (!isPayerRole(terms.roles[0])) return 'participant 0 is the payer: a dsp or an advertiser';
  for (const role of terms.roles.slice(1)) {
    if (role < roleOf.ssp || role > roleOf.operator) return 'one payer a channel; the others earn';
  }
  if (terms.blocksMax < 1 || terms.blocksMax > blocksMaxLimit) return 'blocksMax is 1 to 2^20';
  if (terms.blockPolicy === 0 && terms.blockDuration < 1) return 'a time block lasts at least a second';
  const records = BigInt(Math.floor(terms.authorBytesMax / 64));
  const worst = BigInt(count * count) * records * (terms.priceNanoMax + BigInt(count) * auditorFeeNano);
  if (worst >= 1n << 63n) return 'authorBytesMax and prices are small enough that no sum reaches 2^63';
  return undefined;
}

/** When collection of block n starts, seconds (time blocks). */
export function blockStart(terms: ChannelTerms, blockNumber: number): number {
  return terms.firstBlockStart + blockNumber * terms.blockDuration;
}

/** When batches of block n are no longer accepted: C of protocol.md 8. */
export function collectionEnd(terms: ChannelTerms, blockNumber: number): number {
  return blockStart(terms, blockNumber + 1) + terms.collectionGrace;
}
