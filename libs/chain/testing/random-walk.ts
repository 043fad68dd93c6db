/** Random acts and jumps in time on one channel; after each the contracts' stages are held against
 *  `stageOf`. */
import { expect } from '@jest/globals';
import fc from 'fast-check';
import type { Digest } from '#encoding';
import {
  accusableUntil,
  areCountable,
  type BlockFacts,
  type BlockStage,
  decidedFacts,
  decisionAt,
  doPartsDiffer,
  lastRevealedAt,
  ownResultWindow,
  partsInDoubt,
  processingPeriodAt,
  questionEnd,
  releaseVoidDue,
  type Stage,
  stageOf,
  stanceOf,
} from '#protocol';
import type { ChainOutcome } from '../chain-outcome.js';
import type { ExampleChannel, ExampleResult } from './example-channel.js';
import { Seams } from './seams.js';

/** Chances from which the walk makes one act or one jump, so that it depends on where the block stands. */
export interface Step {
  /** 0 to 99: picks the act among those that the stage makes likely, or any at all. */
  readonly choice: number;
  /** Mostly the oldest block that is not over; sometimes the next. */
  readonly isNextBlock: boolean;
  readonly who: number;
  /** One of two results, mostly the same one, so that blocks often become final by agreement. */
  readonly variant: number;
  /** Second before a border, at it, or after it. */
  readonly jump: number;
  readonly binding: boolean;
  /** Another participant, a part, or a result by its place. */
  readonly pick: number;
  /** A result leaves that part out. */
  readonly isFewer: boolean;
}

type Kind =
  | 'jump'
  | 'border'
  | 'post'
  | 'all post'
  | 'commit'
  | 'all commit'
  | 'reveal'
  | 'all reveal'
  | 'own'
  | 'accept'
  | 'accuse'
  | 'fall'
  | 'question'
  | 'strike'
  | 'resolve'
  | 'settle'
  | 'release'
  | 'close';

/** What is worth trying in a stage; an eighth of the steps tries anything. */
const worthTrying: Readonly<Record<Stage, readonly Kind[]>> = {
  pending: ['border'],
  collection: ['border'],
  collation: ['post', 'post', 'all post', 'border'],
  processing: ['commit', 'all commit', 'reveal', 'all reveal', 'own', 'accept', 'border', 'border'],
  challenge: ['own', 'own', 'accept', 'jump', 'border'],
  dispute: [
    ...(['own', 'own', 'own', 'accept', 'reveal', 'question', 'strike'] as const),
    ...(['accuse', 'fall', 'resolve', 'resolve', 'border', 'border', 'border', 'border'] as const),
  ],
  final: ['settle', 'settle', 'accept', 'own', 'jump'],
  settled: ['settle', 'border'],
  void: ['release', 'settle', 'border'],
};
const anything: readonly Kind[] = [
  ...(['jump', 'border', 'post', 'commit', 'reveal', 'own', 'accept', 'settle', 'release'] as const),
  ...(['accuse', 'fall', 'question', 'strike', 'resolve'] as const),
  // Rare, so that most walks go on.
  'close',
];

const often = (weight: number): fc.Arbitrary<boolean> =>
  fc.oneof({ weight, arbitrary: fc.constant(true) }, { weight: 1, arbitrary: fc.constant(false) });

export const everyStep: fc.Arbitrary<Step> = fc.record({
  choice: fc.nat({ max: 99 }),
  isNextBlock: often(4).map((isOldest) => !isOldest),
  who: fc.nat({ max: 2 }),
  variant: often(4).map((isUsual) => (isUsual ? 1 : 2)),
  jump: fc.integer({ min: -1, max: 1 }),
  binding: fc.boolean(),
  pick: fc.nat({ max: 2 }),
  isFewer: often(2).map((isFull) => !isFull),
});

/** The blocks that a walk is about. */
const walkedBlocks = [0, 1, 2];

/** Throws where a stage, or the answer to an act, differs from what `stageOf` says. */
export async function walkThrough(channel: ExampleChannel, steps: readonly Step[]): Promise<void> {
  const walk = new Walk(channel);
  for (const step of steps) {
    await walk.take(step);
    if (await walk.compare(step)) return;
  }
}

interface Seen {
  /** With what is decided by now. */
  readonly facts: BlockFacts;
  readonly stage: BlockStage;
  readonly now: number;
  /** What the contracts say. */
  readonly contracts: Stage;
}

class Walk {
  readonly #channel: ExampleChannel;
  /** What each seat committed, by block and participant. */
  readonly #committed = new Map<string, ExampleResult>();
  /** The last result of its own that a participant revealed, by block and participant. */
  readonly #own = new Map<string, Digest>();
  readonly #seams: Seams;

  constructor(channel: ExampleChannel) {
    this.#channel = channel;
    this.#seams = new Seams(channel);
  }

  async take(drawn: Step): Promise<void> {
    const { choice } = drawn;
    const at = await this.#block(drawn.isNextBlock);
    const { stage, facts } = await this.#see(at);
    const isAimed = choice % 8 !== 7;
    const kinds = isAimed ? worthTrying[stage.stage] : anything;
    const kind = kinds[(choice >> 3) % kinds.length];
    const step = isAimed ? this.#aim(kind, at, drawn, facts) : drawn;
    const { who } = step;
    const everybody = this.#channel.participants.keys();
    if (kind === 'jump') await this.#jump(17 + 10 * step.jump);
    else if (kind === 'border') await this.#jumpToBorder(at, step.jump);
    else if (kind === 'post') await this.#post(at, who);
    else if (kind === 'all post') for (const one of everybody) await this.#post(at, one);
    else if (kind === 'commit') await this.#commit(at, step, who);
    else if (kind === 'all commit') for (const one of everybody) await this.#commit(at, step, one);
    else if (kind === 'reveal') await this.#reveal(at, who);
    else if (kind === 'all reveal') for (const one of everybody) await this.#reveal(at, one);
    else if (kind === 'own') await this.#revealOwn(at, step);
    else if (kind === 'accept') await this.#accept(at, step);
    else if (kind === 'accuse') await this.#accuse(at, step);
    else if (kind === 'fall') await this.#fall(at, step);
    else if (kind === 'question') await this.#question(at, step);
    else if (kind === 'strike') await this.#strike(at, step);
    else if (kind === 'resolve') await this.#resolve(at);
    else if (kind === 'settle') await this.#settle(at);
    else if (kind === 'release') await this.#release(at);
    else await this.#channel.participants[who].account.closeChannel(this.#channel.channelId);
  }

  /** For whom and for what the act is possible, if there is anybody. */
  #aim(kind: Kind, at: number, step: Step, facts: BlockFacts): Step {
    const turned = (from: number): readonly number[] => [from, (from + 1) % 3, (from + 2) % 3];
    const isFree = (who: number): boolean => stanceOf(facts, who) === undefined;
    const aims = turned(step.who).flatMap((who) => turned(step.pick).map((pick) => ({ who, pick })));
    const isPossible = ({ who, pick }: { readonly who: number; readonly pick: number }): boolean => {
      const named = facts.results.at(pick);
      const isThere = named?.isGone === false;
      if (kind === 'own') return isFree(who) && this.#mayRevealOwn(at, who, facts);
      if (kind === 'accept') return isThere && isFree(who);
      if (kind === 'question' || kind === 'strike') return ((partsInDoubt(facts) >> pick) & 1) === 1;
      if (kind !== 'accuse') return true;
      return isThere && rivalsOf(facts, who, step.binding).some((one) => one !== named.outputHash);
    };
    return { ...step, ...(aims.find(isPossible) ?? {}) };
  }

  /** True when the last block is over: nothing can happen any more. */
  async compare(step: Step): Promise<boolean> {
    const compared = walkedBlocks.map(async (blockNumber) => {
      const { stage, facts, contracts } = await this.#see(blockNumber);
      expect({ step, blockNumber, stage: contracts }).toEqual({ step, blockNumber, stage: stage.stage });
      const hasNoBonds = 'done' in releaseVoidDue({ stage, facts });
      return stage.stage === 'settled' || (stage.stage === 'void' && hasNoBonds);
    });
    return (await Promise.all(compared)).at(-1) === true;
  }

  /** The oldest block that is not over, or the one behind it. */
  async #block(isNext: boolean): Promise<number> {
    const seen = await Promise.all(walkedBlocks.map((at) => this.#see(at)));
    const oldest = seen.findIndex(({ stage }) => stage.stage !== 'settled' && stage.stage !== 'void');
    const last = walkedBlocks.length - 1;
    return oldest < 0 ? last : Math.min(last, oldest + (isNext ? 1 : 0));
  }

  async #see(blockNumber: number): Promise<Seen> {
    const { chain, channelId, terms } = this.#channel;
    const snapshot = await chain.snapshot({ finality: 'latest' });
    const [found, channel, contracts] = await Promise.all([
      snapshot.blockFacts(channelId, blockNumber),
      snapshot.channel(channelId),
      snapshot.stage(channelId, blockNumber),
    ]);
    const now = snapshot.timestampSeconds;
    const stage = stageOf(terms, blockNumber, found, now, channel?.closedAtSeconds);
    return { facts: decidedFacts(terms, blockNumber, found, now), now, stage, contracts };
  }

  /** Holds an answer against what `stageOf` allows. */
  #answered(act: string, outcome: ChainOutcome | boolean, isAllowed: boolean): void {
    const isDone = typeof outcome === 'boolean' ? outcome : outcome.ok;
    if (isDone === isAllowed) return;
    const found = typeof outcome === 'boolean' || outcome.ok ? String(isDone) : outcome.message;
    throw new Error(`${act}: ${found}, but stageOf ${isAllowed ? 'allows' : 'forbids'} it`);
  }

  async #jump(seconds: number): Promise<void> {
    const { chain } = this.#channel;
    await chain.advanceTo((await chain.time()).timestampSeconds + seconds);
  }

  /** To the next end of what is open now, a second before or a second after. */
  async #jumpToBorder(at: number, jump: number): Promise<void> {
    const { stage, now } = await this.#see(at);
    const borders = bordersOf(stage).filter((border) => border + jump > now);
    if (borders.length === 0) return this.#jump(10);
    await this.#channel.chain.advanceTo(Math.min(...borders) + jump);
  }

  async #post(blockNumber: number, who: number): Promise<void> {
    const { facts, stage } = await this.#see(blockNumber);
    const { channelId, participants } = this.#channel;
    const outcome = await participants[who].operator.postPart(
      channelId,
      blockNumber,
      this.#channel.part(who),
    );
    const isThere = facts.parts.some((part) => part.participant === who);
    this.#answered('post', outcome, isThere || stage.stage === 'collation');
  }

  async #commit(at: number, step: Step, who: number): Promise<void> {
    const { binding } = step;
    const { facts, stage, now } = await this.#see(at);
    const given = this.#channel.result(at, variantOf(step, who), maskOf(facts, step, who));
    const outcome = await this.#channel.commit(at, who, given, binding);
    const isEmpty = !facts.seats.some((seat) => seat.participant === who);
    const isOpen = stage.stage === 'processing' && now < stage.commitEndsAtSeconds;
    this.#answered('commit', outcome, isEmpty && isOpen && facts.results.length === 0);
    if (outcome.ok) this.#committed.set(`${at} ${who}`, given);
  }

  async #reveal(blockNumber: number, who: number): Promise<void> {
    const given = this.#committed.get(`${blockNumber} ${who}`);
    if (given === undefined) return;
    const { facts, now } = await this.#see(blockNumber);
    const { terms } = this.#channel;
    const outcome = await this.#channel.reveal(blockNumber, who, given);
    const seat = facts.seats.find((one) => one.participant === who);
    const period = processingPeriodAt(terms, blockNumber, facts, now);
    const haveAllCommitted = facts.seats.length === terms.participants.length;
    const opens = haveAllCommitted ? period.fromSeconds : period.halfSeconds;
    const isTime = now >= opens && now < period.untilSeconds;
    const stance = seat?.binding ? stanceOf(facts, who) : undefined;
    const isFree = stance === undefined || stance === given.result.outputHash;
    const isAllowed = isTime && seat?.outputHash === undefined && isFree && mayStand(facts, given);
    this.#answered('reveal', outcome, isAllowed);
  }

  async #revealOwn(at: number, step: Step): Promise<void> {
    const { who } = step;
    const { facts, stage, now } = await this.#see(at);
    const given = this.#channel.result(at, variantOf(step, who), maskOf(facts, step, who));
    const { channelId, participants, terms } = this.#channel;
    const { account } = participants[who];
    const outcome = await account.revealOwnResult(channelId, at, given.result, given.opening);
    const { fromSeconds, untilSeconds } = ownResultWindow(terms, at, facts, now);
    const isOpen = isUnderWay(stage) && now >= fromSeconds && now < untilSeconds;
    const isFree = this.#mayRevealOwn(at, who, facts) && stanceOf(facts, who) === undefined;
    this.#answered('own', outcome, isOpen && isFree && mayStand(facts, given));
    if (outcome.ok) this.#own.set(`${at} ${who}`, given.result.outputHash);
  }

  /** One result, and another once it is decided which parts count, where the first is gone. */
  #mayRevealOwn(at: number, who: number, facts: BlockFacts): boolean {
    const before = facts.results.find(({ outputHash }) => outputHash === this.#own.get(`${at} ${who}`));
    if (before === undefined || facts.dispute?.counted === undefined) return before === undefined;
    return before.isGone && lastRevealedAt(before) < decisionAt(this.#channel.terms, at, facts);
  }

  async #accept(blockNumber: number, { who, pick }: Step): Promise<void> {
    const { facts, stage } = await this.#see(blockNumber);
    const { channelId, participants } = this.#channel;
    const result = facts.results.at(pick) ?? facts.results.at(0);
    if (result === undefined) return;
    const { outputHash, isGone } = result;
    const outcome = await participants[who].account.acceptResult(channelId, blockNumber, who, outputHash);
    const stance = stanceOf(facts, who);
    const isOpen = isUnderWay(stage) && !isGone;
    this.#answered('accept', outcome, isOpen && (stance === undefined || stance === outputHash));
  }

  async #accuse(at: number, { who, pick, binding }: Step): Promise<void> {
    const { facts, stage, now } = await this.#see(at);
    const result = facts.results.at(pick);
    if (result === undefined) return;
    const isHeld = await this.#seams.holdAccusation(at, pick, who, binding ? 'account' : 'validator');
    const { terms } = this.#channel;
    const isDecided = !doPartsDiffer(facts) || facts.dispute?.counted !== undefined;
    const isTime = now < accusableUntil(terms, at, facts, lastRevealedAt(result));
    const isAccusable = stage.stage === 'dispute' && !result.isGone && isDecided && isTime;
    const isRival = rivalsOf(facts, who, binding).some((one) => one !== result.outputHash);
    this.#answered('accuse', isHeld, isAccusable && isRival);
  }

  async #fall(at: number, { pick }: Step): Promise<void> {
    const { facts, stage } = await this.#see(at);
    const hasFallen = await this.#seams.fall(at, pick);
    this.#answered('fall', hasFallen, stage.stage === 'dispute' && pick < facts.results.length);
  }

  async #question(at: number, { who, pick }: Step): Promise<void> {
    const { facts, stage, now } = await this.#see(at);
    const isHeld = await this.#seams.holdQuestion(at, pick, who);
    const isTime = stage.stage === 'dispute' && now < questionEnd(this.#channel.terms, at, facts);
    this.#answered('question', isHeld, isTime && ((partsInDoubt(facts) >> pick) & 1) === 1);
  }

  async #strike(at: number, { pick }: Step): Promise<void> {
    const { facts, stage } = await this.#see(at);
    const isTaken = await this.#seams.strikePart(at, pick);
    const isUndecided = stage.stage === 'dispute' && facts.dispute?.counted === undefined;
    this.#answered('strike', isTaken, isUndecided && facts.parts.some((one) => one.participant === pick));
  }

  /** One accusation and one question are over. */
  async #resolve(at: number): Promise<void> {
    const { facts } = await this.#see(at);
    const { openAccusations = 0, openQuestions = 0 } = facts.dispute ?? {};
    if (openAccusations > 0) this.#answered('free', await this.#seams.freeAccusations(at, 1), true);
    if (openQuestions > 0) this.#answered('free', await this.#seams.freeQuestions(at, 1), true);
  }

  async #settle(blockNumber: number): Promise<void> {
    const { facts, stage } = await this.#see(blockNumber);
    const { channelId, participants } = this.#channel;
    const standing = 'standing' in stage ? stage.standing : [];
    const results = facts.results.filter((one) => standing.includes(one.outputHash));
    const outcome = await participants[1].account.settle(channelId, blockNumber, results);
    this.#answered('settle', outcome, stage.stage === 'final');
  }

  async #release(blockNumber: number): Promise<void> {
    const { stage, facts } = await this.#see(blockNumber);
    const { channelId, participants } = this.#channel;
    const outcome = await participants[2].account.releaseVoid(channelId, blockNumber);
    const isOpen = facts.parts.length > 0 && facts.releasedAtSeconds === undefined;
    this.#answered('release', outcome, stage.stage === 'void' && isOpen);
  }
}

/** Of two results, mostly the same one for all; more often different ones where they leave parts out. */
function variantOf({ variant, isFewer }: Step, who: number): number {
  return isFewer ? 1 + ((variant + who) % 2) : variant;
}

/** The parts that count once that is decided, otherwise those posted, sometimes without one of them. */
function maskOf(facts: BlockFacts, { isFewer, pick, choice }: Step, who: number): number {
  const { counted } = facts.dispute ?? {};
  if (counted !== undefined && choice % 5 > 0) return counted;
  const all = facts.parts.reduce((mask, part) => mask | (1 << part.participant), 0);
  return isFewer && who !== 1 ? all & ~(1 << pick) : all;
}

/** Results can be revealed or accepted. */
function isUnderWay({ stage }: BlockStage): boolean {
  return stage === 'processing' || stage === 'challenge' || stage === 'dispute';
}

/** The chain takes a reveal of it: its parts may count, and it did not fall. */
function mayStand(facts: BlockFacts, { result: { outputHash, validParts } }: ExampleResult): boolean {
  const hasFallen = facts.results.some((one) => one.outputHash === outputHash && one.isFallen);
  return !hasFallen && areCountable(facts, validParts);
}

function isStanding(facts: BlockFacts, outputHash: Digest): boolean {
  return facts.results.some((one) => one.outputHash === outputHash && !one.isGone);
}

function seatResultOf(facts: BlockFacts, who: number): Digest[] {
  const found = facts.seats.find((seat) => seat.participant === who)?.outputHash;
  return found === undefined ? [] : [found];
}

/** The standing results that a participant stands for, or its seat's validator alone does. */
function rivalsOf(facts: BlockFacts, who: number, isParticipant: boolean): readonly Digest[] {
  const said = isParticipant ? [...facts.ownResults, ...facts.acceptances] : [];
  const own = said.filter(({ participant }) => participant === who).map(({ outputHash }) => outputHash);
  return [...own, ...seatResultOf(facts, who)].filter((one) => isStanding(facts, one));
}

/** Times at which what is open now ends. */
function bordersOf(stage: BlockStage): readonly number[] {
  if (!('endsAtSeconds' in stage)) return [];
  if (stage.stage === 'processing') return [stage.commitEndsAtSeconds, stage.endsAtSeconds];
  if (stage.stage !== 'dispute') return [stage.endsAtSeconds];
  const { ownResults, questions, accusations, partsDecidedAtSeconds, endsAtSeconds } = stage;
  const windows = [ownResults, questions, accusations].map((one) => one?.untilSeconds ?? endsAtSeconds);
  return [...windows, partsDecidedAtSeconds ?? endsAtSeconds, endsAtSeconds];
}
