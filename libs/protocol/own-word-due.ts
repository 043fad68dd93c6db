/**
 * What a participant itself is to say of a block's results, where its validator does not say it: a result of
 * its own, or that it accepts one (protocol.md 8).
 */
import type { Digest, Hex } from '#encoding';
import type { BlockFacts } from './block-facts.js';
import {
  areCountable,
  decisionAt,
  doPartsDiffer,
  lastRevealedAt,
  ownResultWindow,
} from './dispute-windows.js';
import type { BlockSeen, Due } from './due.js';
import { processingPeriodAt } from './processing-period.js';
import { stanceOf, standingResults } from './stances.js';

/** What the participant's own computation of the block gives. */
export interface OwnComputation {
  readonly outputHash: Digest;
  readonly amountWords: readonly Hex[];
  /** The parts that it counts, as a bit for each. */
  readonly validParts: number;
  /** Other parts could not be had, which others may have seen: it is of those that were. */
  readonly isWithoutMissing?: boolean;
}

/** Own results come no later than so long before their time ends: an eighth of processing. */
function marginSeconds({ terms }: BlockSeen): number {
  return Math.max(1, Math.floor(terms.processingPeriod / 8));
}

/**
 * Whether the participant needs to know what the block gives: as soon as there is something to compare, or
 * nobody revealed in time, unless its own validator says it for the participant.
 */
export function computeOwnDue(block: BlockSeen, participant: number): Due<'compute'> {
  const { stage, facts } = block;
  const ended = spokenOrOver(block, participant);
  if (ended !== undefined) return ended;
  const times = ownResultTimes(block);
  if (times === undefined) return { waitsFor: 'processing', untilSeconds: endOf(block) };
  if (block.nowSeconds >= times.untilSeconds && stage.stage !== 'dispute') return { done: 'too-late' };
  const isExtension = stage.stage === 'processing' && stage.isExtension;
  // A seat that was silent once is not waited for.
  const seat = isExtension ? undefined : mayStillReveal(block, participant);
  if (seat !== undefined) return seat;
  if (facts.results.length === 0 && !isExtension) {
    return { waitsFor: 'first-result', untilSeconds: endOf(block) };
  }
  return {
    due: 'compute',
    untilSeconds: stage.stage === 'dispute' ? stage.endsAtSeconds : times.untilSeconds,
  };
}

/**
 * Due in the challenge period where nobody revealed what the own computation gives, or anything that pays the
 * same; just before the extension ends without any result, so that the block does not become void; and again
 * once it is decided which parts count, of these. Where others did, it is due later: only who stands for a
 * result accuses others, and those others may come to accept a lie. One without parts that could not be had
 * is due in the last moment: they may still come, and silence would leave the block to whoever withholds
 * them. `own`: computed of the parts that may count now.
 */
export function revealOwnDue(block: BlockSeen, participant: number, own: OwnComputation): Due<'reveal-own'> {
  const { facts, nowSeconds } = block;
  const ended = spokenOrOver(block, participant);
  if (ended !== undefined) return ended;
  const times = ownResultTimes(block);
  if (times === undefined) return { waitsFor: 'processing', untilSeconds: endOf(block) };
  if (nowSeconds >= times.untilSeconds) return partsWait(block) ?? { done: 'too-late' };
  if (hasRevealed(block, participant) || isSaidBySeat(facts, participant, own)) {
    return { done: 'is-revealed' };
  }
  if (hasFallen(facts, own)) return { done: 'has-fallen' };
  if (!areCountable(facts, own.validParts)) return { done: 'other-parts-count' };
  const seat = mayStillReveal(block, participant);
  if (seat !== undefined) return seat;
  const { fromSeconds, untilSeconds } = timesFor(block, own, times);
  return nowSeconds < fromSeconds
    ? { waitsFor: 'own-result-time', untilSeconds: fromSeconds }
    : { due: 'reveal-own', untilSeconds };
}

/**
 * In a dispute, which ends when all accept one result. What is accepted binds: only what was computed, and as
 * long as nothing was (undefined), computing it is due.
 */
export function acceptDue(
  block: BlockSeen,
  participant: number,
  own: OwnComputation | undefined,
): Due<'accept'> {
  const { stage, facts } = block;
  if (isOver(block)) return { done: 'too-late' };
  if (stanceOf(facts, participant) !== undefined) return { done: 'has-spoken' };
  if (stage.stage !== 'dispute') return { waitsFor: 'dispute', untilSeconds: endOf(block) };
  const untilSeconds = stage.endsAtSeconds;
  return own === undefined || isStanding(facts, own)
    ? { due: 'accept', untilSeconds }
    : { waitsFor: 'own-result', untilSeconds };
}

/** In a dispute over parts that is not decided yet; no clock ends it while a question is open. */
function partsWait({
  facts,
  stage,
}: BlockSeen): { readonly waitsFor: 'part-decision'; readonly untilSeconds?: number } | undefined {
  if (stage.stage !== 'dispute' || !doPartsDiffer(facts)) return undefined;
  if (facts.dispute?.counted !== undefined) return undefined;
  const untilSeconds = stage.partsDecidedAtSeconds;
  return { waitsFor: 'part-decision', ...(untilSeconds === undefined ? {} : { untilSeconds }) };
}

/** One result a participant; once it is decided which parts count, another where the first is gone. */
function hasRevealed({ terms, blockNumber, facts }: BlockSeen, participant: number): boolean {
  const own = facts.ownResults.find((one) => one.participant === participant);
  if (own === undefined || facts.dispute?.counted === undefined) return own !== undefined;
  const result = facts.results.find((one) => one.outputHash === own.outputHash);
  if (result === undefined || !result.isGone) return true;
  return lastRevealedAt(result) >= decisionAt(terms, blockNumber, facts);
}

function spokenOrOver(
  block: BlockSeen,
  participant: number,
): { readonly done: 'too-late' | 'has-spoken' } | undefined {
  if (isOver(block)) return { done: 'too-late' };
  return stanceOf(block.facts, participant) === undefined ? undefined : { done: 'has-spoken' };
}

function isOver({ stage }: BlockSeen): boolean {
  return stage.stage === 'final' || stage.stage === 'settled' || stage.stage === 'void';
}

function endOf({ stage }: BlockSeen): number | undefined {
  return 'endsAtSeconds' in stage ? stage.endsAtSeconds : undefined;
}

interface OwnResultTimes {
  readonly fromSeconds: number;
  readonly untilSeconds: number;
}

/**
 * When an own result is due at the earliest, and until when it is taken: from V to the end of the challenge
 * period; once it is decided which parts count, in the window for these. Where nobody revealed until short
 * before the extension ends, from then on. Undefined before processing.
 */
function ownResultTimes(block: BlockSeen): OwnResultTimes | undefined {
  const { terms, blockNumber, facts, nowSeconds, stage } = block;
  if (stage.stage === 'pending' || stage.stage === 'collection' || stage.stage === 'collation')
    return undefined;
  if (facts.dispute?.counted !== undefined) return ownResultWindow(terms, blockNumber, facts, nowSeconds);
  const period = processingPeriodAt(terms, blockNumber, facts, nowSeconds);
  const isUnheard = period.isExtension && facts.results.length === 0;
  return {
    fromSeconds: isUnheard
      ? Math.max(period.halfSeconds, period.untilSeconds - marginSeconds(block))
      : period.untilSeconds,
    untilSeconds: period.untilSeconds + terms.challengePeriod,
  };
}

/**
 * When to say what others said before: so late that it need not be said where all accept it, early enough to
 * accuse what differs. Without a dispute a lie may still begin one until own results are taken no more.
 */
function timesFor(block: BlockSeen, own: OwnComputation, times: OwnResultTimes): OwnResultTimes {
  const { facts } = block;
  if (own.isWithoutMissing === true) {
    // Where nobody revealed it is the last moment already.
    return facts.results.length === 0 ? times : inLastMoment(block, times);
  }
  if (!isSaidByOthers(facts, own)) return times;
  if (facts.disputedAtSeconds === undefined) return inLastMoment(block, times);
  return { ...times, fromSeconds: Math.floor((times.fromSeconds + times.untilSeconds) / 2) };
}

function inLastMoment(block: BlockSeen, times: OwnResultTimes): OwnResultTimes {
  const lastSeconds = times.untilSeconds - marginSeconds(block);
  return { ...times, fromSeconds: Math.max(times.fromSeconds, lastSeconds) };
}

/** A wait while the validator of the own seat has time to reveal; then the participant speaks itself. */
function mayStillReveal(
  block: BlockSeen,
  participant: number,
): { readonly waitsFor: 'own-seat'; readonly untilSeconds: number } | undefined {
  const { terms, blockNumber, facts, nowSeconds } = block;
  const seat = facts.seats.find((one) => one.participant === participant);
  if (seat === undefined || seat.outputHash !== undefined) return undefined;
  const period = processingPeriodAt(terms, blockNumber, facts, nowSeconds);
  const untilSeconds = period.untilSeconds - marginSeconds(block);
  return nowSeconds < untilSeconds ? { waitsFor: 'own-seat', untilSeconds } : undefined;
}

function isStanding({ results }: BlockFacts, { outputHash }: OwnComputation): boolean {
  return results.some((one) => one.outputHash === outputHash && !one.isGone);
}

function hasFallen({ results }: BlockFacts, { outputHash }: OwnComputation): boolean {
  return results.some((one) => one.outputHash === outputHash && one.isFallen === true);
}

/** By a seat that does not bind: it stands for the participant all the same. */
function isSaidBySeat(facts: BlockFacts, participant: number, own: OwnComputation): boolean {
  const seat = facts.seats.find((one) => one.participant === participant);
  return seat?.outputHash === own.outputHash && isStanding(facts, own);
}

/** What stands says the same, or pays the same. */
function isSaidByOthers(facts: BlockFacts, own: OwnComputation): boolean {
  return standingResults(facts).some(
    (one) => one.outputHash === own.outputHash || one.amountWords.join() === own.amountWords.join(),
  );
}
