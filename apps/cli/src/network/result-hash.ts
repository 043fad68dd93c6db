/** The hash by which the chain knows what a block reduces to. */
import { type Digest, toHex } from '#encoding';
import { type ChannelId, outputHashOf } from '#protocol';
import type { BlockOutput } from '#reduction';

export function resultHashOf(
  channelId: ChannelId,
  blockNumber: number,
  { settlementRoot, impressionCount, amounts, validParts }: BlockOutput,
): Digest {
  return outputHashOf({
    ...{ channelId, blockNumber, amounts, validParts },
    settlementRoot: toHex(settlementRoot),
    impressionCount: BigInt(impressionCount),
  });
}
