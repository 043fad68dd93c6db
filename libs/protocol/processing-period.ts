/** When a block is processed: its processing period, or the one repetition of it. */
import type { BlockFacts } from './block-facts.js';
import { type ChannelTerms, collectionEnd } from './channel-terms.js';

/** A processing period: the first, or its one repetition. Seconds, half-open. */
export interface ProcessingPeriod {
  readonly fromSeconds: number;
  /** Until when commits are taken, and from when reveals are in any case. */
  readonly halfSeconds: number;
  readonly untilSeconds: number;
  readonly isExtension: boolean;
}

/** P: the end of collation, or the last participant's part if that is earlier. */
export function processingStartOf(terms: ChannelTerms, blockNumber: number, facts: BlockFacts): number {
  const deadline = collectionEnd(terms, blockNumber) + terms.collationPeriod;
  if (facts.parts.length < terms.participants.length) return deadline;
  return Math.min(deadline, Math.max(...facts.parts.map((part) => part.postedAtSeconds)));
}

/**
 * The processing period that counts at `nowSeconds`: the one of the first reveal, if there was one; otherwise
 * the extension as soon as the first has passed.
 */
export function processingPeriodAt(
  terms: ChannelTerms,
  blockNumber: number,
  facts: BlockFacts,
  nowSeconds: number,
): ProcessingPeriod {
  const first = processingStartOf(terms, blockNumber, facts);
  const counted = facts.results.at(0)?.firstRevealedAtSeconds ?? nowSeconds;
  const isExtension = counted >= first + terms.processingPeriod;
  const fromSeconds = isExtension ? first + terms.processingPeriod : first;
  return {
    fromSeconds,
    halfSeconds: fromSeconds + Math.floor(terms.processingPeriod / 2),
    untilSeconds: fromSeconds + terms.processingPeriod,
    isExtension,
  };
}
