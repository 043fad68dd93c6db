/** The salt of a commitment: unknown to others until it is revealed, and the same after a restart. */

import { hkdfSha256 } from '#crypto';
import { concatBytes, fromHex, u64BigEndian, utf8 } from '#encoding';
import type { BlockId, ChannelId } from '#protocol';

const info = utf8('papyrus salt');
const panelInfo = utf8('papyrus panel salt');

/** 32 bytes, of the validator's private account key. */
export function saltOf(
  privateKey: Uint8Array,
  channelId: ChannelId,
  blockNumber: number,
  participant: number,
): Uint8Array {
  const block = blockBytes(channelId, blockNumber);
  return hkdfSha256(privateKey, concatBytes(info, block, Uint8Array.of(participant)));
}

/** The same for what is said in a round of a panel about a part. */
export function panelSaltOf(
  privateKey: Uint8Array,
  { channelId, blockNumber }: BlockId,
  part: number,
  round: number,
): Uint8Array {
  const block = blockBytes(channelId, blockNumber);
  return hkdfSha256(privateKey, concatBytes(panelInfo, block, Uint8Array.of(part, round)));
}

function blockBytes(channelId: ChannelId, blockNumber: number): Uint8Array {
  return concatBytes(fromHex(channelId), u64BigEndian(BigInt(blockNumber)));
}
