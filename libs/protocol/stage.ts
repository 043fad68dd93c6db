/**
 * The stage of a block, computed from chain facts and chain time, never stored (protocol.md 8). Half-open
 * intervals.
 */

import type { Digest } from '#encoding';
import type { BlockFacts } from './block-facts.js';
import { blockStart, type ChannelTerms, collectionEnd } from './channel-terms.js';
import {
  accusationsEnd,
  type DisputeWindows,
  decidedFacts,
  decisionAt,
  doPartsDiffer,
  windowEnd,
  windowsAt,
} from './dispute-windows.js';
import { processingPeriodAt, processingStartOf } from './processing-period.js';
import { agreedIn, standingIn, standingResults } from './stances.js';

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
  /** `endsAtSeconds`: if nothing more is said, and whoever is to answer takes all the time there is. */
  | ({
      readonly stage: 'dispute';
      readonly endsAtSeconds: number;
      readonly haveAllCommitted: boolean;
    } & DisputeWindows)
  /**
   * `standing`: the outputHashes that are paid, by first reveal; several of them at the lowest common
   * amounts.
   */
  | { readonly stage: 'final' | 'settled'; readonly standing: readonly Digest[] }
  | { readonly stage: 'void' };

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
  return stageFromProcessing(
    terms,
    blockNumber,
    decidedFacts(terms, blockNumber, facts, nowSeconds),
    nowSeconds,
  );
}

/** Settled or void: nothing will change any more. */
export function isOver({ stage }: BlockStage): boolean {
  return stage === 'settled' || stage === 'void';
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
  if (facts.disputedAtSeconds !== undefined) {
    const endsAtSeconds = disputeEnd(terms, blockNumber, facts, facts.disputedAtSeconds);
    if (now >= endsAtSeconds) return ended(terms, facts);
    const windows = windowsAt(terms, blockNumber, facts, now);
    return { stage: 'dispute', endsAtSeconds, haveAllCommitted, ...windows };
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

/**
 * While anything is open disputeMax alone ends a dispute; otherwise the end of its windows, of which that for
 * accusations counts as long as somebody is left who could accuse.
 */
function disputeEnd(
  terms: ChannelTerms,
  blockNumber: number,
  facts: BlockFacts,
  disputedAtSeconds: number,
): number {
  const last = disputedAtSeconds + terms.disputeMax;
  const { openAccusations = 0, openQuestions = 0 } = facts.dispute ?? {};
  if (openAccusations > 0 || openQuestions > 0) return last;
  const { untilSeconds } = processingPeriodAt(terms, blockNumber, facts, 0);
  // All agree, and a seat may still reveal.
  if (agreedIn(terms, facts) !== undefined) return Math.min(last, untilSeconds);
  let end = untilSeconds + terms.challengePeriod;
  let standing = facts;
  if (doPartsDiffer(facts)) {
    end = windowEnd(terms, blockNumber, facts);
    standing = decidedFacts(terms, blockNumber, facts, decisionAt(terms, blockNumber, facts));
  }
  if (standingResults(standing).length > 1) end = Math.max(end, accusationsEnd(terms, blockNumber, facts));
  return Math.min(last, end);
}

/** Nothing stands where every result is gone. */
function ended(terms: ChannelTerms, facts: BlockFacts): BlockStage {
  const standing = standingIn(terms, facts);
  return standing.length === 0 ? { stage: 'void' } : { stage: 'final', standing };
}
