/** What everyone who checks the parts of a block has to know, read from the base chain. */
import type { Chain } from '#chain';
import { atOneHeight } from '#chain/at-one-height';
import { fromHex, type Hex, isZero } from '#encoding';
import {
  type BlockRules,
  blockStart,
  type ChannelTerms,
  domainSeparator,
  type PartCommitment,
  type PostedPart,
} from '#protocol';

/** `blockKey`: 32 bytes, known to participants and delegated validators only. */
export async function blockRulesOf(
  chain: Chain,
  channelId: Hex,
  terms: ChannelTerms,
  blockNumber: number,
  blockKey: Uint8Array,
): Promise<BlockRules> {
  const start = blockStart(terms, blockNumber);
  const keys = await atOneHeight(async () => {
    const snapshot = await chain.snapshot({ finality: 'latest' });
    return Promise.all(terms.participants.map((account) => snapshot.keysAt(account, start)));
  });
  return {
    channelId: fromHex(channelId),
    blockNumber,
    blockKey,
    domainSeparator: domainSeparator(await chain.domain()),
    roles: terms.roles,
    priceNanoMax: terms.priceNanoMax,
    authorBytesMax: terms.authorBytesMax,
    signers: keys.map((one) => signerOf(one?.recordKey)),
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

/** A key that was revoked is the zero address: nobody's. */
function signerOf(recordKey: Hex | undefined): Uint8Array | undefined {
  const bytes = recordKey && fromHex(recordKey);
  return bytes === undefined || isZero(bytes) ? undefined : bytes;
}
