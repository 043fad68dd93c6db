/** The question after a trial: whether every batch that was acknowledged is in its author's posted part. */
import { distinctBatches, openBlock } from '#apps/cli/src/network/open-block';
import type { Chain } from '#chain';
import { toHex } from '#encoding';
import type { PartStore } from '#part-store';
import { batchAt, blockKeyOf, type ChannelId, type ChannelTerms, secretOf } from '#protocol';
import { until } from '../network/processes/until.js';

export interface SentBatch {
  readonly blockNumber: number;
  readonly author: number;
  /** As `headerOf` has it. */
  readonly header: string;
}

/** What tells one batch from another: the signed header. */
export function headerOf(bytes: Uint8Array): string {
  return toHex(bytes.subarray(0, batchAt.signature));
}

/** How many are not in the part that their author posted; waits for the parts of all their blocks. */
export async function lostBatches(
  ports: { readonly chain: Chain; readonly partStore: PartStore },
  channel: { readonly channelId: ChannelId; readonly terms: ChannelTerms; readonly secret: Uint8Array },
  acknowledged: readonly SentBatch[],
): Promise<number> {
  const { channelId, terms, secret } = channel;
  const authors = new Set(acknowledged.map((one) => one.author));
  let lost = 0;
  for (const blockNumber of new Set(acknowledged.map((one) => one.blockNumber))) {
    const facts = await until(`the parts of block ${blockNumber}`, async () => {
      const latest = await ports.chain.snapshot({ finality: 'latest' });
      const found = await latest.blockFacts(channelId, blockNumber);
      const posted = new Set(found.parts.map((one) => one.participant));
      return [...authors].every((author) => posted.has(author)) ? found : undefined;
    });
    const blockKey = blockKeyOf(secretOf(secret, blockNumber));
    const { opened } = await openBlock(ports, { channelId, terms, blockNumber, blockKey, facts });
    for (const author of authors) {
      const there = new Set(
        distinctBatches(opened.filter((one) => one.participant === author)).map(headerOf),
      );
      const own = acknowledged.filter((one) => one.blockNumber === blockNumber && one.author === author);
      lost += own.filter((one) => !there.has(one.header)).length;
    }
  }
  return lost;
}
