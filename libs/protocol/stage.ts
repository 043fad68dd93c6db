/**
 * The stage of a block, computed from chain facts and chain time, never stored (protocol.md 8). Half-open
 * intervals.
 */

import type { Hex } from '#encoding';
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

/** Where a block stands and until when; `undefined` where no clock ends it. */
export interface BlockStage {
  readonly stage: Stage;
  /** End of this stage by the clock, seconds. */
  readonly endsAtSeconds?: number;
  /** In processing: the one repetition after nobody revealed. */
  readonly isExtension: boolean;
  /** In processing: until when commits are taken. */
  readonly commitEndsAtSeconds?: number;
  /** Whether every participant's seat has committed, so that reveals may begin. */
  readonly haveAllCommitted: boolean;
  /** The outputHash that stands, once final. */
  readonly finalOutputHash?: Hex;
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
  const haveAllCommitted = facts.seats.length === terms.participants.length;
  const at = (stage: Stage, more: Partial<BlockStage> = {}): BlockStage => ({
    stage,
    isExtension: false,
    haveAllCommitted,
    ...more,
  });
  if (blockNumber >= terms.blocksMax) return at('void');
  if (closedAtSeconds !== undefined && start > closedAtSeconds) return at('void');
  if (facts.settledAtSeconds !== undefined) return at('settled', { finalOutputHash: standing(terms, facts) });
  if (nowSeconds < start) return at('pending', { endsAtSeconds: start });
  const collected = collectionEnd(terms, blockNumber);
  if (nowSeconds < collected) return at('collection', { endsAtSeconds: collected });
  const processingStart = processingStartOf(terms, blockNumber, facts);
  if (nowSeconds < processingStart) return at('collation', { endsAtSeconds: processingStart });
  if (facts.parts.length === 0) return at('void');
  return stageOfProcessing(terms, facts, nowSeconds, processingStart, at);
}

/** P: the end of collation, or the last participant's part if that is earlier. */
export function processingStartOf(terms: ChannelTerms, blockNumber: number, facts: BlockFacts): number {
  const deadline = collectionEnd(terms, blockNumber) + terms.collationPeriod;
  if (facts.parts.length < terms.participants.length) return deadline;
  return Math.min(deadline, Math.max(...facts.parts.map((part) => part.postedAtSeconds)));
}

function stageOfProcessing(
  terms: ChannelTerms,
  facts: BlockFacts,
  now: number,
  start: number,
  at: (stage: Stage, more?: Partial<BlockStage>) => BlockStage,
): BlockStage {
  if (isUnanimous(terms, facts)) return at('final', { finalOutputHash: facts.results[0].outputHash });
  const firstEnd = start + terms.processingPeriod;
  const half = Math.floor(terms.processingPeriod / 2);
  const processing = (from: number): BlockStage =>
    at('processing', {
      endsAtSeconds: from + terms.processingPeriod,
      commitEndsAtSeconds: from + half,
      isExtension: from !== start,
    });
  if (facts.disputedAtSeconds !== undefined) {
    const end = facts.disputedAtSeconds + terms.disputeMax;
    if (now < end) return at('dispute', { endsAtSeconds: end });
    return at('final', { finalOutputHash: standing(terms, facts) });
  }
  if (now < firstEnd) return processing(start);
  const firstReveal = firstRevealAt(facts);
  if (firstReveal === undefined && now < firstEnd + terms.processingPeriod) return processing(firstEnd);
  if (firstReveal === undefined) return at('void');
  const end = firstReveal < firstEnd ? firstEnd : firstEnd + terms.processingPeriod;
  if (now < end) return processing(firstEnd);
  const challengeEnd = end + terms.challengePeriod;
  if (now < challengeEnd) return at('challenge', { endsAtSeconds: challengeEnd });
  return at('final', { finalOutputHash: facts.results[0].outputHash });
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
function standing(terms: ChannelTerms, facts: BlockFacts): Hex | undefined {
  const parts = (mask: number): number =>
    terms.participants.reduce((sum, _, index) => sum + ((mask >> index) & 1), 0);
  const ordered = [...facts.results].sort(
    (a, b) => parts(b.validParts) - parts(a.validParts) || (a.outputHash < b.outputHash ? -1 : 1),
  );
  return ordered[0]?.outputHash;
}
