/** Random acts and jumps in time on one channel; after each the contracts' stages are held against
 *  `stageOf`. */
import { expect } from '@jest/globals';
import fc from 'fast-check';
import {
  type BlockFacts,
  type BlockStage,
  processingPeriodAt,
  releaseVoidDue,
  type Stage,
  stageOf,
  stanceOf,
} from '#protocol';
import type { ChainOutcome } from '../chain.js';
import type { ExampleChannel, ExampleResult } from './example-channel.js';

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
  | 'settle'
  | 'release'
  | 'close';

/** What is worth trying in a stage; an eighth of the steps tries anything. */
const worthTrying: Readonly<Record<Stage, readonly Kind[]>> = {
  pending: ['border'],
  collection: ['border'],
  collation: ['post', 'post', 'all post', 'border'],
  processing: ['commit', 'all commit', 'reveal', 'all reveal', 'own', 'accept', 'border'],
  challenge: ['own', 'accept', 'jump', 'border'],
  dispute: ['own', 'accept', 'reveal', 'border'],
  final: ['settle', 'settle', 'accept', 'own', 'jump'],
  settled: ['settle', 'border'],
  void: ['release', 'settle', 'border'],
};
const anything: readonly Kind[] = [
  ...(['jump', 'border', 'post', 'commit', 'reveal', 'own', 'accept', 'settle', 'release'] as const),
  // Rare, so that most walks go on.
  'close',
];

const often = (weight: number): fc.Arbitrary<boolean> =>
  fc.oneof({ weight, arbitrary: fc.constant(true) }, { weight: 1, arbitrary: fc.constant(false) });

export const everyStep: fc.Arbitrary<Step> = fc.record({
  choice: fc.nat({ max: 99 }),
  isNextBlock: often(4).map((isOldest) => !isOldest),
  who: fc.nat({ max: 2 }),
  variant: often(8).map((isUsual) => (isUsual ? 1 : 2)),
  jump: fc.integer({ min: -1, max: 1 }),
  binding: often(4),
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

  constructor(channel: ExampleChannel) {
    this.#channel = channel;
  }

  async take(step: Step): Promise<void> {
    const { choice, who } = step;
    const at = await this.#block(step.isNextBlock);
    const { stage } = await this.#see(at);
    const kinds = choice % 8 === 7 ? anything : worthTrying[stage.stage];
    const kind = kinds[(choice >> 3) % kinds.length];
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
    else if (kind === 'accept') await this.#accept(at, who);
    else if (kind === 'settle') await this.#settle(at);
    else if (kind === 'release') await this.#release(at);
    else await this.#channel.participants[who].account.closeChannel(this.#channel.channelId);
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
    const [facts, channel, contracts] = await Promise.all([
      snapshot.blockFacts(channelId, blockNumber),
      snapshot.channel(channelId),
      snapshot.stage(channelId, blockNumber),
    ]);
    const now = snapshot.timestampSeconds;
    const stage = stageOf(terms, blockNumber, facts, now, channel?.closedAtSeconds);
    return { facts, now, stage, contracts };
  }

  /** Holds an answer against what `stageOf` allows. */
  #answered(act: string, outcome: ChainOutcome, isAllowed: boolean): void {
    if (outcome.ok === isAllowed) return;
    const found = outcome.ok ? 'done' : outcome.message;
    throw new Error(`${act}: ${found}, but stageOf ${isAllowed ? 'allows' : 'forbids'} it`);
  }

  async #jump(seconds: number): Promise<void> {
    const { chain } = this.#channel;
    await chain.advanceTo((await chain.time()).timestampSeconds + seconds);
  }

  /** To the end of the stage or of the half in which commits are taken, a second before or a second after. */
  async #jumpToBorder(at: number, jump: number): Promise<void> {
    const { stage, now } = await this.#see(at);
    const half = stage.stage === 'processing' ? stage.commitEndsAtSeconds : now;
    const border = half > now ? half : 'endsAtSeconds' in stage ? stage.endsAtSeconds : undefined;
    if (border === undefined) return this.#jump(10);
    await this.#channel.chain.advanceTo(Math.max(now, border + jump));
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

  async #commit(at: number, { variant, binding }: Step, who: number): Promise<void> {
    const { facts, stage, now } = await this.#see(at);
    const given = this.#channel.result(at, variant, maskOf(facts));
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
    const isRevealed = facts.seats.some((seat) => seat.participant === who && seat.outputHash !== undefined);
    const period = processingPeriodAt(terms, blockNumber, facts, now);
    const haveAllCommitted = facts.seats.length === terms.participants.length;
    const opens = haveAllCommitted ? period.fromSeconds : period.halfSeconds;
    this.#answered('reveal', outcome, now >= opens && now < period.untilSeconds && !isRevealed);
  }

  async #revealOwn(at: number, { who, variant }: Step): Promise<void> {
    const { facts, stage, now } = await this.#see(at);
    const { result, opening } = this.#channel.result(at, variant, maskOf(facts));
    const { channelId, participants, terms } = this.#channel;
    const outcome = await participants[who].account.revealOwnResult(channelId, at, result, opening);
    const { isExtension, halfSeconds, untilSeconds } = processingPeriodAt(terms, at, facts, now);
    const isTime =
      now >= (isExtension ? halfSeconds : untilSeconds) && now < untilSeconds + terms.challengePeriod;
    const isOpen = ['processing', 'challenge', 'dispute'].includes(stage.stage) && isTime;
    const hasOwn = facts.ownResults.some((own) => own.participant === who);
    this.#answered('own', outcome, isOpen && !hasOwn && stanceOf(facts, who) === undefined);
  }

  async #accept(blockNumber: number, who: number): Promise<void> {
    const { facts, stage } = await this.#see(blockNumber);
    const { channelId, participants } = this.#channel;
    const result = facts.results.at(0);
    if (result === undefined) return;
    const { outputHash, isGone } = result;
    const outcome = await participants[who].account.acceptResult(channelId, blockNumber, who, outputHash);
    const stance = stanceOf(facts, who);
    const isOpen = ['processing', 'challenge', 'dispute'].includes(stage.stage) && !isGone;
    this.#answered('accept', outcome, isOpen && (stance === undefined || stance === outputHash));
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

function maskOf(facts: BlockFacts): number {
  return facts.parts.reduce((mask, part) => mask | (1 << part.participant), 0);
}
