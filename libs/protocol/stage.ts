/**
 * The stage of a block, computed from chain facts and chain time, never stored (protocol.md 8). Half-open
 * intervals.
 */

import type { Digest, Hex } from '#encoding';
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
  /** `finalOutputHash`: the one that stands. */
  | { readonly stage: 'final' | 'settled'; readonly finalOutputHash: Digest }
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
  if (facts.settledAtSeconds !== undefined)
    return { stage: 'settled', finalOutputHash: standing(terms, facts) };
  if (nowSeconds < start) return { stage: 'pending', endsAtSeconds: start };
  const collected = collectionEnd(terms, blockNumber);
  if (nowSeconds < collected) return { stage: 'collection', endsAtSeconds: collected };
  const processingStart = processingStartOf(terms, blockNumber, facts);
  if (nowSeconds < processingStart) return { stage: 'collation', endsAtSeconds: processingStart };
  if (facts.parts.length === 0) return { stage: 'void' };
  return stageOfProcessing(terms, facts, nowSeconds, processingStart);
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

function stageOfProcessing(terms: ChannelTerms, facts: BlockFacts, now: number, start: number): BlockStage {
  if (isUnanimous(terms, facts)) return { stage: 'final', finalOutputHash: facts.results[0].outputHash };
  const haveAllCommitted = facts.seats.length === terms.participants.length;
  const firstEnd = start + terms.processingPeriod;
  const half = Math.floor(terms.processingPeriod / 2);
  const processing = (from: number): BlockStage => ({
    stage: 'processing',
    endsAtSeconds: from + terms.processingPeriod,
    commitEndsAtSeconds: from + half,
    isExtension: from !== start,
    haveAllCommitted,
  });
  if (facts.disputedAtSeconds !== undefined) {
    const end = facts.disputedAtSeconds + terms.disputeMax;
    if (now < end) return { stage: 'dispute', endsAtSeconds: end, haveAllCommitted };
    return { stage: 'final', finalOutputHash: standing(terms, facts) };
  }
  if (now < firstEnd) return processing(start);
  const firstReveal = firstRevealAt(facts);
  if (firstReveal === undefined && now < firstEnd + terms.processingPeriod) return processing(firstEnd);
  if (firstReveal === undefined) return { stage: 'void' };
  const end = firstReveal < firstEnd ? firstEnd : firstEnd + terms.processingPeriod;
  if (now < end) return processing(firstEnd);
  const challengeEnd = end + terms.challengePeriod;
  if (now < challengeEnd) return { stage: 'challenge', endsAtSeconds: challengeEnd };
  return { stage: 'final', finalOutputHash: facts.results[0].outputHash };
}

/** All seats taken, all binding or accepted, all revealed the same, and nobody revealed anything else. */
function isUnanimous(terms: ChannelTerms, facts: BlockFacts): boolean {
  if (facts.seats.length !== terms.participants.length || facts.results.length !== 1) return false;
  const { outputHash } = facts.results[0];
  return facts.seats.every(
    (seat) =>
      seat.outputHash === outputHash &&
      (seat.binding ||
        facts.acceptances.some(
          (one) => one.participant === seat.participant && one.outputHash === outputHash,
        )),
  );
}

function firstRevealAt(facts: BlockFacts): number | undefined {
  const times = [
    ...facts.seats.flatMap((seat) => (seat.revealedAtSeconds === undefined ? [] : [seat.revealedAtSeconds])),
    ...facts.ownResults.map((own) => own.revealedAtSeconds),
  ];
  return times.length === 0 ? undefined : Math.min(...times);
}

/** Of different results, the one that counts most parts, then the lowest outputHash. */
function standing(terms: ChannelTerms, facts: BlockFacts): Hex {
  const parts = (mask: number): number =>
    terms.participants.reduce((sum, _, index) => sum + ((mask >> index) & 1), 0);
  const [first] = [...facts.results].sort(
    (a, b) => parts(b.validParts) - parts(a.validParts) || (a.outputHash < b.outputHash ? -1 : 1),
  );
  if (first === undefined) throw new Error('a block was settled or disputed without any result');
  return first.outputHash;
}
