/**
 * What may be said in a dispute until when, and which parts count in it (protocol.md 8): computed from facts
 * and chain time, as the contracts do. Seconds, half-open.
 */
import type { BlockFacts, KnownResult } from './block-facts.js';
import type { ChannelTerms } from './channel-terms.js';
import { processingPeriodAt } from './processing-period.js';
import { agreedIn, standingResults } from './stances.js';

/** What is open in a dispute; absent where nothing may be said any more, or not yet. */
export interface DisputeWindows {
  /** Results of participants' own; `parts`: only for exactly these, as a bit for each. */
  readonly ownResults?: { readonly untilSeconds: number; readonly parts?: number };
  /** Questions about parts that one standing result counts and another leaves out. */
  readonly questions?: { readonly untilSeconds: number };
  /** Accusations of the result that can be accused longest. */
  readonly accusations?: { readonly untilSeconds: number };
  /**
   * When it is decided which parts count, unless a question is asked; absent where it is decided, all results
   * count the same parts, or a question is open.
   */
  readonly partsDecidedAtSeconds?: number;
}

/** Which parts count. */
export interface PartDecision {
  /** A bit for each. */
  readonly counted: number;
  /** The contracts have written it, and the results that fell by it. */
  readonly isWritten: boolean;
}

/** Results were revealed in this dispute that count other parts. */
export function doPartsDiffer({ disputedAtSeconds, results }: BlockFacts): boolean {
  if (disputedAtSeconds === undefined) return false;
  return results.some(({ validParts }) => validParts !== results[0].validParts);
}

/** A bit for each part that a result may count: of those posted, or once it is decided, those that count. */
export function countableParts({ parts, dispute }: BlockFacts): number {
  if (dispute?.counted !== undefined) return dispute.counted;
  return parts.reduce((mask, { participant, isStruck }) => (isStruck ? mask : mask | (1 << participant)), 0);
}

/** Whether a result for these parts may still stand. */
export function areCountable(facts: BlockFacts, validParts: number): boolean {
  const countable = countableParts(facts);
  return facts.dispute?.counted === undefined ? (validParts & ~countable) === 0 : validParts === countable;
}

/** Until when parts may be questioned. */
export function questionEnd(terms: ChannelTerms, blockNumber: number, facts: BlockFacts): number {
  return processedAt(terms, blockNumber, facts) + 2 * terms.challengePeriod;
}

/** From when on it is decided which parts count, once no question is open. */
export function decisionAt(terms: ChannelTerms, blockNumber: number, facts: BlockFacts): number {
  return Math.max(questionEnd(terms, blockNumber, facts), facts.dispute?.resolvedAtSeconds ?? 0);
}

/** Until when own results for the parts that count are taken. */
export function windowEnd(terms: ChannelTerms, blockNumber: number, facts: BlockFacts): number {
  return decisionAt(terms, blockNumber, facts) + Math.floor(terms.processingPeriod / 2);
}

/** Seconds: its first reveal, or a later one after it had been taken back. */
export function lastRevealedAt({ firstRevealedAtSeconds, revealedAgainAtSeconds }: KnownResult): number {
  return revealedAgainAtSeconds ?? firstRevealedAtSeconds;
}

/** Until when a result may be accused that was revealed then: not before those who speak last could do so. */
export function accusableUntil(
  terms: ChannelTerms,
  blockNumber: number,
  facts: BlockFacts,
  revealedAtSeconds: number,
): number {
  const decided = doPartsDiffer(facts) ? windowEnd(terms, blockNumber, facts) : 0;
  const processed = processedAt(terms, blockNumber, facts);
  const from = Math.max(processed, facts.disputedAtSeconds ?? 0, revealedAtSeconds, decided);
  return from + terms.challengePeriod;
}

/** As `accusableUntil` of the result that was revealed last. */
export function accusationsEnd(terms: ChannelTerms, blockNumber: number, facts: BlockFacts): number {
  return accusableUntil(terms, blockNumber, facts, Math.max(0, ...facts.results.map(lastRevealedAt)));
}

/**
 * Which parts count: those that a standing result counts and that are not struck. It follows from the facts
 * as soon as no question may come any more; undefined before, and where nobody needs to know it.
 */
export function partDecisionOf(
  terms: ChannelTerms,
  blockNumber: number,
  facts: BlockFacts,
  nowSeconds: number,
): PartDecision | undefined {
  const { dispute } = facts;
  if (dispute?.counted !== undefined) return { counted: dispute.counted, isWritten: true };
  if (!doPartsDiffer(facts) || (dispute?.openQuestions ?? 0) > 0) return undefined;
  if (nowSeconds < decisionAt(terms, blockNumber, facts)) return undefined;
  // Nothing overrules what all agreed on.
  if (agreedIn(terms, facts) !== undefined) return undefined;
  const standing = standingResults(facts).reduce((mask, { validParts }) => mask | validParts, 0);
  return { counted: standing & countableParts(facts), isWritten: false };
}

/** The facts with what follows of them at that time: which parts count, and that results with others fell. */
export function decidedFacts(
  terms: ChannelTerms,
  blockNumber: number,
  facts: BlockFacts,
  nowSeconds: number,
): BlockFacts {
  const decision = partDecisionOf(terms, blockNumber, facts, nowSeconds);
  if (decision === undefined || decision.isWritten) return facts;
  const { counted } = decision;
  const results = facts.results.map(
    (one): KnownResult => (one.validParts === counted ? one : { ...one, isGone: true, isFallen: true }),
  );
  const { openAccusations = 0, openQuestions = 0, ...rest } = facts.dispute ?? {};
  return { ...facts, results, dispute: { openAccusations, openQuestions, ...rest, counted } };
}

/** When own results are taken; `parts`: only for exactly these. */
export function ownResultWindow(
  terms: ChannelTerms,
  blockNumber: number,
  facts: BlockFacts,
  nowSeconds: number,
): { readonly fromSeconds: number; readonly untilSeconds: number; readonly parts?: number } {
  const parts = facts.dispute?.counted;
  if (parts !== undefined) {
    const fromSeconds = decisionAt(terms, blockNumber, facts);
    return { fromSeconds, untilSeconds: windowEnd(terms, blockNumber, facts), parts };
  }
  const period = processingPeriodAt(terms, blockNumber, facts, nowSeconds);
  return {
    fromSeconds: period.isExtension ? period.halfSeconds : period.untilSeconds,
    untilSeconds: period.untilSeconds + terms.challengePeriod,
  };
}

/** Of a block in dispute; `facts` with what is decided. */
export function windowsAt(
  terms: ChannelTerms,
  blockNumber: number,
  facts: BlockFacts,
  nowSeconds: number,
): DisputeWindows {
  const { fromSeconds, ...own } = ownResultWindow(terms, blockNumber, facts, nowSeconds);
  const isOwnOpen = nowSeconds >= fromSeconds && nowSeconds < own.untilSeconds;
  const questioned = { untilSeconds: questionEnd(terms, blockNumber, facts) };
  const areQuestionsOpen = nowSeconds < questioned.untilSeconds && partsInDoubt(facts) !== 0;
  const isUndecided = doPartsDiffer(facts) && facts.dispute?.counted === undefined;
  const accused = { untilSeconds: lastAccusable(terms, blockNumber, facts) };
  const areAccusationsOpen = !isUndecided && nowSeconds < accused.untilSeconds;
  return {
    ...(isOwnOpen ? { ownResults: own } : {}),
    ...(areQuestionsOpen ? { questions: questioned } : {}),
    ...(areAccusationsOpen ? { accusations: accused } : {}),
    ...(isUndecided && (facts.dispute?.openQuestions ?? 0) === 0
      ? { partsDecidedAtSeconds: decisionAt(terms, blockNumber, facts) }
      : {}),
  };
}

/** A bit for each part that a standing result counts, another leaves out, and that is not struck. */
export function partsInDoubt(facts: BlockFacts): number {
  return differingParts(facts) & countableParts(facts);
}

/** The same, whether they are struck or not. */
export function differingParts(facts: BlockFacts): number {
  const masks = standingResults(facts).map(({ validParts }) => validParts);
  const counted = masks.reduce((mask, one) => mask | one, 0);
  const byAll = masks.reduce((mask, one) => mask & one, counted);
  return counted & ~byAll;
}

/** Only who stands for another result accuses one. */
function lastAccusable(terms: ChannelTerms, blockNumber: number, facts: BlockFacts): number {
  const standing = standingResults(facts);
  if (standing.length < 2) return 0;
  const ends = standing.map((one) => accusableUntil(terms, blockNumber, facts, lastRevealedAt(one)));
  return Math.max(...ends);
}

/** V: the end of the processing period of the first reveal. */
function processedAt(terms: ChannelTerms, blockNumber: number, facts: BlockFacts): number {
  return processingPeriodAt(terms, blockNumber, facts, 0).untilSeconds;
}
