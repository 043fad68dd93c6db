/** What everyone who checks the parts of a block has to know, read from the base chain. */
import type { Chain } from '#chain';
import { atOneHeight } from '#chain/at-one-height';
import { fromHex } from '#encoding';
import {
  type BlockRules,
  type ChannelId,
  type ChannelTerms,
  domainSeparator,
  type PartCommitment,
  type PostedPart,
} from '#protocol';
import { recordSignersOf } from './participant-keys.js';

/** `blockKey`: 32 bytes, known to participants and delegated validators only. */
export async function blockRulesOf(
  chain: Chain,
  channelId: ChannelId,
  terms: ChannelTerms,
  blockNumber: number,
  blockKey: Uint8Array,
): Promise<BlockRules> {
  const signers = await atOneHeight(async () =>
    recordSignersOf(await chain.snapshot({ finality: 'latest' }), terms, blockNumber),
  );
  return {
    channelId: fromHex(channelId),
    blockNumber,
    blockKey,
    domainSeparator: domainSeparator(await chain.domain()),
    roles: terms.roles,
    priceNanoMax: terms.priceNanoMax,
    authorBytesMax: terms.authorBytesMax,
    signers,
  };
}

/** A part as it was posted, its commitment as bytes. */
export function committedPart({ participant, partRoot, segmentCount, indexHash }: PostedPart): {
  readonly participant: number;
  readonly commitment: PartCommitment;
} {
  const commitment = { partRoot: fromHex(partRoot), segmentCount, indexHash: fromHex(indexHash) };
  return { participant, commitment };
}
