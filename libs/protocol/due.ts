/**
 * What is due in a block, and what it waits for otherwise: pure functions of chain facts, stage and chain
 * time, for the services that act and for whoever asks why nothing happens.
 */
import type { BlockFacts, Seat } from './block-facts.js';
import type { ChannelTerms } from './channel-terms.js';
import { processingPeriodAt, processingStartOf } from './processing-period.js';
import type { BlockStage } from './stage.js';

/** A block at `nowSeconds`, chain time, with its stage and with what is decided by then (`decidedFacts`). */
export interface BlockSeen {
  readonly terms: ChannelTerms;
  readonly blockNumber: number;
  readonly facts: BlockFacts;
  readonly stage: BlockStage;
  readonly nowSeconds: number;
}

export type DueAct =
  | 'collate'
  | 'delegate'
  | 'commit'
  | 'reveal'
  | 'compute'
  | 'reveal-own'
  | 'accept'
  | 'dispute'
  | 'panel'
  | 'settle'
  | 'release-void';

export type DueWait =
  /** The stage before must end. */
  | 'block-start'
  | 'collection-end'
  | 'processing'
  /** The channel node has not cut the block off. */
  | 'cut-mark'
  /** The validator has the delegation; it has not committed. */
  | 'commit-of-validator'
  /** The validator refused the delegation; another is made when this time has passed. */
  | 'after-refusal'
  /** Nobody revealed yet: if it stays so, everything is tried once more. */
  | 'extension'
  /** Other seats may still commit. */
  | 'reveal-time'
  /** Every seat has committed, in a height that may still be rolled back. */
  | 'final-commits'
  /** Nothing was revealed that could be compared with an own computation. */
  | 'first-result'
  /** The validator of the own seat has committed and may still reveal. */
  | 'own-seat'
  /** Participants' own results are not taken yet. */
  | 'own-result-time'
  /** It is not decided yet which parts count. */
  | 'part-decision'
  /** No results differ. */
  | 'dispute'
  /** What the own computation gives is not revealed. */
  | 'own-result'
  /** Whose result or part it is has its turn first. */
  | 'answer-of-others'
  /** The part may still be served. */
  | 'part-served'
  /** Words of a panel are not shown yet. */
  | 'panel-time'
  /** No result stands yet for good. */
  | 'finality';

/** Why nothing will ever be due of this act in this block. */
export type DueEnd =
  | 'part-posted'
  | 'seat-taken'
  | 'nothing-to-reveal'
  /** The participant stands for a result: its binding seat revealed it, or it accepted it. */
  | 'has-spoken'
  /** The participant revealed its own result, or a seat that does not bind revealed what it would. */
  | 'is-revealed'
  /** What the own computation gives fell in a dispute. */
  | 'has-fallen'
  /** What the own computation gives is not for the parts that count. */
  | 'other-parts-count'
  | 'delegation-expired'
  | 'settled'
  | 'void'
  | 'not-void'
  | 'no-bonds'
  | 'released'
  | 'too-late';

/** `untilSeconds`: when this ends by the clock, exclusive; absent where no clock ends it. */
export type Due<Act extends DueAct = DueAct> =
  | { readonly due: Act; readonly untilSeconds?: number }
  | { readonly waitsFor: DueWait; readonly untilSeconds?: number }
  | { readonly done: DueEnd };

export function isDue<Act extends DueAct>(
  due: Due<Act>,
): due is { readonly due: Act; readonly untilSeconds?: number } {
  return 'due' in due;
}

/** `isCut`: the channel node has said where the block ends in its log. */
export function collateDue(block: BlockSeen, participant: number, isCut: boolean): Due<'collate'> {
  const { stage } = block;
  if (block.facts.parts.some((part) => part.participant === participant)) return { done: 'part-posted' };
  const early = beforeCollation(block);
  if (early !== undefined) return early;
  if (stage.stage !== 'collation') return { done: stage.stage === 'void' ? 'void' : 'too-late' };
  const untilSeconds = stage.endsAtSeconds;
  return isCut ? { due: 'collate', untilSeconds } : { waitsFor: 'cut-mark', untilSeconds };
}

/** The last delegation of a seat, as its participant sent it. */
export interface SentDelegation {
  readonly validator: string;
  /** Seconds, chain time; it counts in this second too. */
  readonly notAfter: bigint;
  readonly sentAtSeconds: number;
  /** The validator's last word, undefined while it gave none. */
  readonly answer: 'accepted' | 'refused' | undefined;
}

export interface DelegationRules {
  readonly participant: number;
  /** Accounts of validators, each the replacement of the one before, and the first that of the last. */
  readonly order: readonly string[];
  /** After so long without a commit a delegation is replaced. */
  readonly silenceSeconds: number;
}

/**
 * What is due is the last request again while it is of use and was not answered, otherwise a new one. Who is
 * silent is replaced, who refused is replaced at once, but the last of the order only after the silence.
 */
export function delegateDue(
  block: BlockSeen,
  rules: DelegationRules,
  last: SentDelegation | undefined,
): Due<'delegate'> {
  if (seatOf(block, rules.participant) !== undefined) return { done: 'seat-taken' };
  const commits = commitTime(block);
  if (!('endSeconds' in commits)) return commits;
  const untilSeconds = commits.endSeconds;
  if (last === undefined || !isOfUse(last, rules, block.nowSeconds)) return { due: 'delegate', untilSeconds };
  if (last.answer === undefined || isSilent(block, rules, last)) return { due: 'delegate', untilSeconds };
  if (last.answer === 'refused' && behind(rules, last).length > 0) return { due: 'delegate', untilSeconds };
  const waitsFor = last.answer === 'accepted' ? 'commit-of-validator' : 'after-refusal';
  return { waitsFor, untilSeconds: last.sentAtSeconds + rules.silenceSeconds };
}

/** Whether the last delegation is sent again as it is: to a silent one only if nobody replaces it. */
export function isSentAgain(block: BlockSeen, rules: DelegationRules, last: SentDelegation): boolean {
  if (last.answer !== undefined || !isOfUse(last, rules, block.nowSeconds)) return false;
  return rules.order.length === 1 || !isSilent(block, rules, last);
}

/** Who may be asked next, in their order: those that were asked before come again only after a silence. */
export function askedNext(
  block: BlockSeen,
  rules: DelegationRules,
  last: SentDelegation | undefined,
): readonly string[] {
  if (last === undefined) return rules.order;
  const others = behind(rules, last);
  const isEarly = isOfUse(last, rules, block.nowSeconds) && !isSilent(block, rules, last);
  return isEarly ? others : [...others, ...rules.order.slice(0, rules.order.length - others.length)];
}

/**
 * By default a validator may be silent for half of the time in which it can commit; where another can replace
 * it, for a quarter, so that three have their turn.
 */
export function defaultSilenceSeconds(terms: ChannelTerms, validators: number): number {
  return Math.max(1, Math.floor(terms.processingPeriod / (validators > 1 ? 8 : 4)));
}

/** Of one seat, for the validator that its delegation names; a higher nonce displaces who sits there. */
export function commitDue(
  block: BlockSeen,
  delegation: { readonly participant: number; readonly nonce: bigint; readonly notAfter: bigint },
): Due<'commit'> {
  const seat = seatOf(block, delegation.participant);
  if (seat !== undefined && seat.nonce >= delegation.nonce) return { done: 'seat-taken' };
  if (isExpired(delegation, block.nowSeconds)) return { done: 'delegation-expired' };
  const commits = commitTime(block);
  if (!('endSeconds' in commits)) return commits;
  const ends = commits.endSeconds;
  const expires = delegation.notAfter + 1n;
  return { due: 'commit', untilSeconds: expires < BigInt(ends) ? Number(expires) : ends };
}

/** `notAfter` is the last second in which a delegation counts. */
export function isExpired({ notAfter }: { readonly notAfter: bigint }, nowSeconds: number): boolean {
  return notAfter < BigInt(nowSeconds);
}

/** The seats of this validator that have committed and have not revealed. */
export function unrevealedSeats(block: BlockSeen, validator: string): readonly Seat[] {
  const isOwn = (seat: Seat): boolean => seat.validator.toLowerCase() === validator.toLowerCase();
  return block.facts.seats.filter((seat) => isOwn(seat) && seat.outputHash === undefined);
}

/** Every seat is taken by a commit, so that reveals may begin before the second half. */
export function haveAllCommitted({ terms, facts }: Pick<BlockSeen, 'terms' | 'facts'>): boolean {
  return facts.seats.length === terms.participants.length;
}

/**
 * In processing, and while a dispute runs until processing would have ended: the second half, or all have
 * committed. `areCommitsFinal`: no rollback can take one of these commits back; whoever reveals before could
 * be copied.
 */
export function revealDue(block: BlockSeen, validator: string, areCommitsFinal: boolean): Due<'reveal'> {
  const { stage, terms, blockNumber, facts, nowSeconds } = block;
  if (unrevealedSeats(block, validator).length === 0) return { done: 'nothing-to-reveal' };
  if (stage.stage !== 'processing' && stage.stage !== 'dispute') return { done: 'too-late' };
  const period = processingPeriodAt(terms, blockNumber, facts, nowSeconds);
  const ends = period.untilSeconds;
  if (nowSeconds >= ends) return { done: 'too-late' };
  const opens = period.halfSeconds;
  const isEarly = haveAllCommitted(block) && areCommitsFinal;
  if (isEarly || nowSeconds >= opens) return { due: 'reveal', untilSeconds: ends };
  return { waitsFor: haveAllCommitted(block) ? 'final-commits' : 'reveal-time', untilSeconds: opens };
}

export function settleDue({ stage }: Pick<BlockSeen, 'stage'>): Due<'settle'> {
  switch (stage.stage) {
    case 'settled':
    case 'void':
      return { done: stage.stage };
    case 'final':
      return { due: 'settle' };
    default:
      return { waitsFor: 'finality', untilSeconds: stage.endsAtSeconds };
  }
}

/** `settle` frees the bonds of a settled block; those of a void one with parts lie until somebody asks. */
export function releaseVoidDue({ stage, facts }: Pick<BlockSeen, 'stage' | 'facts'>): Due<'release-void'> {
  switch (stage.stage) {
    case 'settled':
    case 'final':
      return { done: 'not-void' };
    case 'void':
      if (facts.releasedAtSeconds !== undefined) return { done: 'released' };
      return facts.parts.length > 0 ? { due: 'release-void' } : { done: 'no-bonds' };
    default:
      return { waitsFor: 'finality', untilSeconds: stage.endsAtSeconds };
  }
}

const marginSecondsMax = 60;

/**
 * Until when a validator waits for parts that the store lacks: as long as it was told from the start of
 * processing, but it keeps a quarter of the time for commits, a minute at most, to commit in.
 */
export function partsWaitEnd(block: BlockSeen, waitSeconds: number): number {
  const { terms, blockNumber, facts, stage } = block;
  const told = processingStartOf(terms, blockNumber, facts) + waitSeconds;
  const quarter = Math.floor(Math.floor(terms.processingPeriod / 2) / 4);
  const margin = Math.min(marginSecondsMax, Math.max(1, quarter));
  return stage.stage === 'processing' ? Math.min(told, stage.commitEndsAtSeconds - margin) : told;
}

interface Waits {
  readonly waitsFor: DueWait;
  readonly untilSeconds?: number;
}

function beforeCollation({ stage }: BlockSeen): Waits | undefined {
  if (stage.stage === 'pending') return { waitsFor: 'block-start', untilSeconds: stage.endsAtSeconds };
  if (stage.stage === 'collection') return { waitsFor: 'collection-end', untilSeconds: stage.endsAtSeconds };
  return undefined;
}

/** When the commits that are taken now end: [P, P + half) and its repetition; or what stands in the way. */
function commitTime(block: BlockSeen): { readonly endSeconds: number } | Waits | { readonly done: DueEnd } {
  const { stage, facts, nowSeconds } = block;
  const early = beforeCollation(block);
  if (early !== undefined) return early;
  if (stage.stage === 'collation') return { waitsFor: 'processing', untilSeconds: stage.endsAtSeconds };
  if (stage.stage === 'void') return { done: 'void' };
  if (stage.stage !== 'processing') return { done: 'too-late' };
  // From the first reveal on nobody commits: what was revealed could be copied.
  if (facts.results.length > 0) return { done: 'too-late' };
  if (nowSeconds < stage.commitEndsAtSeconds) return { endSeconds: stage.commitEndsAtSeconds };
  return stage.isExtension
    ? { done: 'too-late' }
    : { waitsFor: 'extension', untilSeconds: stage.endsAtSeconds };
}

function seatOf({ facts }: BlockSeen, participant: number): Seat | undefined {
  return facts.seats.find((seat) => seat.participant === participant);
}

function isOfUse(last: SentDelegation, rules: DelegationRules, nowSeconds: number): boolean {
  return !isExpired(last, nowSeconds) && rules.order.includes(last.validator);
}

function isSilent({ nowSeconds }: BlockSeen, rules: DelegationRules, last: SentDelegation): boolean {
  return nowSeconds >= last.sentAtSeconds + rules.silenceSeconds;
}

/** Those that come after the one that was asked last; all where it is none of them. */
function behind({ order }: DelegationRules, last: SentDelegation): readonly string[] {
  return order.slice(order.indexOf(last.validator) + 1);
}
