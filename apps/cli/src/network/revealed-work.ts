/** What each seat revealed of its work: for exports, so that others can check that it was done. */

import { saltOf } from '#apps/validator/src/salt';
import type { Chain } from '#chain';
import type { Address, Digest, Hex } from '#encoding';
import { toHex } from '#encoding';
import type { ChannelId } from '#protocol';
import type { NetworkMember } from './open-channel.js';

/** The workDigest is the reader's to compute: it runs over the records and the validator's address. */
export interface RevealedWork {
  readonly participant: number;
  readonly validator: Address;
  readonly salt: Hex;
  readonly commitment: Digest;
}

export async function revealedWork(
  chain: Chain,
  members: readonly NetworkMember[],
  channelId: ChannelId,
  blockNumber: number,
): Promise<readonly RevealedWork[]> {
  const latest = await chain.snapshot({ finality: 'latest' });
  const { seats } = await latest.blockFacts(channelId, blockNumber);
  return seats
    .filter((seat) => seat.outputHash !== undefined)
    .map(({ participant, validator, commitment }) => {
      const { privateKey } = members[participant].secrets.validator;
      const salt = toHex(saltOf(privateKey, channelId, blockNumber, participant));
      return { participant, validator: validator.toLowerCase() as Hex, salt, commitment };
    });
}
