/** The draw of validators for a participant's seat in a block, as anybody repeats it from the base chain. */
import type { Chain } from '#chain';
import type { Address, Digest } from '#encoding';
import { type BlockFacts, type BlockId, drawValidators } from '#protocol';

export interface BlockDraw {
  /** The height of the block's first part. */
  readonly height: number;
  readonly heightHash: Digest;
  /** Who is asked first, then its replacements. */
  readonly order: readonly Address[];
}

/** Where the draw of a block lies; undefined while it has no part. */
export function drawHeightOf({ parts }: BlockFacts): number | undefined {
  return parts.length === 0 ? undefined : Math.min(...parts.map((part) => part.height));
}

/** Throws a retriable Fault `chain-snapshot-gone` where the node keeps no state of that height. */
export async function drawAt(
  chain: Chain,
  height: number,
  block: BlockId,
  participant: number,
): Promise<BlockDraw> {
  const { heightHash, candidates } = await chain.drawGround(height);
  return { height, heightHash, order: drawValidators({ ...block, participant, heightHash }, candidates) };
}
