/** The salt of a commitment: unknown to others until it is revealed, and the same after a restart. */

import { hkdfSha256 } from '#crypto';
import { concatBytes, fromHex, u64BigEndian, utf8 } from '#encoding';
import type { ChannelId } from '#protocol';

const info = utf8('papyrus salt');

/** 32 bytes, of the validator's private account key. */
export function saltOf(
  privateKey: Uint8Array,
  channelId: ChannelId,
  blockNumber: number,
  participant: number,
): Uint8Array {
  const block = concatBytes(fromHex(channelId), u64BigEndian(BigInt(blockNumber)));
  return hkdfSha256(privateKey, concatBytes(info, block, Uint8Array.of(participant)));
}
