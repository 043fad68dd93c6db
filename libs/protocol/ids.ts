/** Names and units that every part of the protocol shares. */
import type { HexOf } from '#encoding';

/** The EIP-712 digest of the channel terms. */
export type ChannelId = HexOf<'channel'>;
/** Index of a block in its channel, below blocksMax (at most 2^20). */
export type BlockNumber = number;
/** 1e-9 of the channel's currency unit, unsigned 64-bit. */
export type Nano = bigint;
/** Index into the participants of the terms, 0 to 15. */
export type ParticipantIndex = number;

export interface BlockId {
  readonly channelId: ChannelId;
  readonly blockNumber: BlockNumber;
}

export const roleOf = { dsp: 1, advertiser: 2, ssp: 3, publisher: 4, auditor: 5, operator: 6 } as const;
export type RoleName = keyof typeof roleOf;

const roleNames = new Map<number, RoleName>(
  Object.entries(roleOf).map(([name, role]) => [role, name as RoleName]),
);

/** The role's name; throws on a number that no role has. */
export function roleName(role: number): RoleName {
  const name = roleNames.get(role);
  if (name === undefined) throw new RangeError(`no role ${role}`);
  return name;
}

export function isPayerRole(role: number): boolean {
  return role === roleOf.dsp || role === roleOf.advertiser;
}

/** Sellers sign wins and are paid for impressions. */
export function isSellerRole(role: number): boolean {
  return role === roleOf.ssp || role === roleOf.publisher;
}
