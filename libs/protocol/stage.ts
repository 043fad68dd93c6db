/**
 * The stage of a block, computed from chain facts and chain time, never stored (protocol.md 8). Half-open
 * intervals.
 */

import type { Digest } from '#encoding';
import type { BlockFacts } from './block-facts.js';
import { blockStart, type ChannelTerms, collectionEnd } from './channel-terms.js';

export const stages = [
  'pending',
  'collection',
  'collation',
  'processing',
  'challenge',
  'dispute',
  'final',
  'settled',
  'void',
] as const;
export type Stage = (typeof stages)[number];

/** Where a block stands, with what only that stage has. Times in seconds; `endsAtSeconds`: by the clock. */
export type BlockStage =
  | { readonly stage: 'pending' | 'collection' | 'collation' | 'challenge'; readonly endsAtSeconds: number }
  | {
      readonly stage: 'processing';
      readonly endsAtSeconds: number;
      /** The one repetition after nobody revealed. */
      readonly isExtension: boolean;
      /** Until when commits are taken. */
      readonly commitEndsAtSeconds: number;
      /** Whether every participant's seat has committed, so that reveals may begin. */
      readonly haveAllCommitted: boolean;
    }
  | { readonly stage: 'dispute'; readonly endsAtSeconds: number; readonly haveAllCommitted: boolean }
  /**
   * `standing`: the outputHashes that are paid, by first reveal; several of them at the lowest common
   * amounts.
   */
  | { readonly stage: 'final' | 'settled'; readonly standing: readonly Digest[] }
  | { readonly stage: 'void' };

/** A processing period: the first, or its one repetition. Seconds, half-open. */
export interface ProcessingPeriod {
  readonly fromSeconds: number;
  /** Until when commits are taken, and from when reveals are in any case. */
  readonly halfSeconds: number;
  readonly untilSeconds: number;
  readonly isExtension: boolean;
}

/** `closedAtSeconds`: when the channel was closed; no block starts after that. */
export function stageOf(
  terms: ChannelTerms,
  blockNumber: number,
  facts: BlockFacts,
  nowSeconds: number,
  closedAtSeconds?: number,
): BlockStage {
  const start = blockStart(terms, blockNumber);
  if (blockNumber >= terms.blocksMax) return { stage: 'void' };
  if (closedAtSeconds !== undefined && start > closedAtSeconds) return { stage: 'void' };
  if (facts.releasedAtSeconds !== undefined) return { stage: 'void' };
  if (facts.settledAtSeconds !== undefined) return { stage: 'settled', standing: standingIn(terms, facts) };
  if (nowSeconds < start) return { stage: 'pending', endsAtSeconds: start };
  const collected = collectionEnd(terms, blockNumber);
  if (nowSeconds < collected) return { stage: 'collection', endsAtSeconds: collected };
  const processingStart = processingStartOf(terms, blockNumber, facts);
  if (nowSeconds < processingStart) return { stage: 'collation', endsAtSeconds: processingStart };
  if (facts.parts.length === 0) return { stage: 'void' };
  return stageFromProcessing(terms, blockNumber, facts, nowSeconds);
}

/** Settled or void: nothing will change any more. */
export function isOver({ stage }: BlockStage): boolean {
  return stage === 'settled' || stage === 'void';
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

function stageFromProcessing(
  terms: ChannelTerms,
  blockNumber: number,
  facts: BlockFacts,
  now: number,
): BlockStage {
  const { halfSeconds, untilSeconds, isExtension } = processingPeriodAt(terms, blockNumber, facts, now);
  const isRevealed = facts.seats.every((seat) => seat.outputHash !== undefined) || now >= untilSeconds;
  if (isRevealed && agreedIn(terms, facts) !== undefined) return ended(terms, facts);
  const haveAllCommitted = facts.seats.length === terms.participants.length;
  // A dispute is between results: where one stands, time goes on as if no other had been revealed.
  if (facts.disputedAtSeconds !== undefined && facts.results.filter(({ isGone }) => !isGone).length > 1) {
    const endsAtSeconds = facts.disputedAtSeconds + terms.disputeMax;
    return now < endsAtSeconds ? { stage: 'dispute', endsAtSeconds, haveAllCommitted } : ended(terms, facts);
  }
  if (now < untilSeconds) {
    return {
      stage: 'processing',
      endsAtSeconds: untilSeconds,
      commitEndsAtSeconds: halfSeconds,
      isExtension,
      haveAllCommitted,
    };
  }
  if (facts.results.length === 0) return { stage: 'void' };
  const challengeEnd = untilSeconds + terms.challengePeriod;
  if (now < challengeEnd) return { stage: 'challenge', endsAtSeconds: challengeEnd };
  return ended(terms, facts);
}

/** Nothing stands where every result is gone. */
function ended(terms: ChannelTerms, facts: BlockFacts): BlockStage {
  const standing = standingIn(terms, facts);
  return standing.length === 0 ? { stage: 'void' } : { stage: 'final', standing };
}

/** The result that all participants stand for, if there is one. */
function agreedIn(terms: ChannelTerms, facts: BlockFacts): Digest | undefined {
  const stances = terms.participants.map((_, participant) => stanceOf(facts, participant));
  const [first] = stances;
  return stances.every((one) => one === first) ? first : undefined;
}

/**
 * The result that a participant cannot leave: it accepted it, or its binding seat revealed it. Nobody is held
 * to one that is gone.
 */
export function stanceOf(facts: BlockFacts, participant: number): Digest | undefined {
  const accepted = facts.acceptances.find((one) => one.participant === participant);
  const binding = facts.seats.find((seat) => seat.participant === participant && seat.binding);
  const stance = accepted === undefined ? binding?.outputHash : accepted.outputHash;
  const isGone = facts.results.some((one) => one.outputHash === stance && one.isGone);
  return isGone ? undefined : stance;
}

/** The one that all agreed on, or each that is not gone. */
function standingIn(terms: ChannelTerms, facts: BlockFacts): readonly Digest[] {
  const agreed = agreedIn(terms, facts);
  if (agreed !== undefined) return [agreed];
  return facts.results.filter(({ isGone }) => !isGone).map(({ outputHash }) => outputHash);
}
