/** Random acts and jumps in time on one channel; after each the contracts' stages are held against `stageOf`. */
import { expect } from '@jest/globals';
import fc from 'fast-check';
import { type BlockFacts, type BlockStage, stageOf } from '#protocol';
import type { ChainOutcome } from '../chain.js';
import type { ExampleChannel, ExampleResult } from './example-channel.js';

/** `at` picks the block among the first two, `who` the participant, `variant` one of two results. */
export interface Step {
  readonly kind: (typeof kinds)[number];
  readonly at: number;
  readonly who: number;
  readonly variant: number;
  readonly jump: number;
  readonly binding: boolean;
}

const kinds = [
  'jump',
  'jump to a border',
  'post part',
  'everybody posts',
  'commit',
  'everybody commits',
  'reveal',
  'reveal own',
  'accept',
  'settle',
  'close',
] as const;

/** Closing is rare, so that most walks go on. */
const weights = [2, 7, 4, 2, 5, 3, 7, 2, 2, 4, 0.2];

export const everyStep: fc.Arbitrary<Step> = fc.record({
  kind: fc.oneof(
    ...kinds.map((kind, index) => ({
      weight: Math.round(weights[index] * 10),
      arbitrary: fc.constant(kind),
    })),
  ),
  at: fc.nat({ max: 1 }),
  who: fc.nat({ max: 2 }),
  // Mostly one result, so that blocks often become final by agreement.
  variant: fc.oneof({ weight: 6, arbitrary: fc.constant(1) }, { weight: 1, arbitrary: fc.constant(2) }),
  jump: fc.integer({ min: -1, max: 1 }),
  binding: fc.oneof(
    { weight: 3, arbitrary: fc.constant(true) },
    { weight: 1, arbitrary: fc.constant(false) },
  ),
});

/** Throws where a stage, or the answer to an act, differs from what `stageOf` says. */
export async function walkThrough(channel: ExampleChannel, steps: readonly Step[]): Promise<void> {
  const walk = new Walk(channel);
  for (const step of steps) {
    await walk.take(step);
    await walk.compare(step);
  }
}

interface Seen {
  readonly facts: BlockFacts;
  readonly stage: BlockStage;
  readonly now: number;
}

class Walk {
  readonly #channel: ExampleChannel;
  /** What each seat committed, by block and participant. */
  readonly #committed = new Map<string, ExampleResult>();

  constructor(channel: ExampleChannel) {
    this.#channel = channel;
  }

  async take(step: Step): Promise<void> {
    const { kind, at, who } = step;
    const everybody = this.#channel.participants.keys();
    if (kind === 'jump') await this.#jump(17 + 10 * step.jump);
    else if (kind === 'jump to a border') await this.#jumpToBorder(step);
    else if (kind === 'post part') await this.#post(at, who);
    else if (kind === 'everybody posts') for (const one of everybody) await this.#post(at, one);
    else if (kind === 'commit') await this.#commit(step, who);
    else if (kind === 'everybody commits') for (const one of everybody) await this.#commit(step, one);
    else if (kind === 'reveal') await this.#reveal(at, who);
    else if (kind === 'reveal own') await this.#revealOwn(step);
    else if (kind === 'accept') await this.#accept(at, who);
    else if (kind === 'settle') await this.#settle(at);
    else await this.#channel.participants[who].account.closeChannel(this.#channel.channelId);
  }

  async compare(step: Step): Promise<void> {
    const { chain, channelId } = this.#channel;
    for (const blockNumber of [0, 1, 2]) {
      const { stage } = await this.#see(blockNumber);
      const found = { step, blockNumber, stage: await chain.stage(channelId, blockNumber) };
      expect(found).toEqual({ step, blockNumber, stage: stage.stage });
    }
  }

  async #see(blockNumber: number): Promise<Seen> {
    const { chain, channelId, terms } = this.#channel;
    const facts = await chain.blockFacts(channelId, blockNumber);
    const now = (await chain.time()).timestampSeconds;
    const closedAt = (await chain.channel(channelId))?.closedAtSeconds;
    return { facts, now, stage: stageOf(terms, blockNumber, facts, now, closedAt) };
  }

  async #jump(seconds: number): Promise<void> {
    const { chain } = this.#channel;
    await chain.advanceTo((await chain.time()).timestampSeconds + seconds);
  }

  /** To the end of the stage or of the half in which commits are taken, a second before or a second after. */
  async #jumpToBorder({ at, jump }: Step): Promise<void> {
    const { stage, now } = await this.#see(at);
    const { commitEndsAtSeconds: half, endsAtSeconds: end } = stage;
    const border = half !== undefined && half > now ? half : end;
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
    answered(outcome, isThere || stage.stage === 'collation');
  }

  async #commit({ at, variant, binding }: Step, who: number): Promise<void> {
    const { facts, stage, now } = await this.#see(at);
    const given = this.#channel.result(at, variant, maskOf(facts));
    const outcome = await this.#channel.commit(at, who, given, binding);
    const isEmpty = !facts.seats.some((seat) => seat.participant === who);
    const isOpen = stage.stage === 'processing' && now < Number(stage.commitEndsAtSeconds);
    answered(outcome, isEmpty && isOpen);
    if (outcome.ok) this.#committed.set(`${at} ${who}`, given);
  }

  async #reveal(blockNumber: number, who: number): Promise<void> {
    const given = this.#committed.get(`${blockNumber} ${who}`);
    if (given === undefined) return;
    const { facts, stage, now } = await this.#see(blockNumber);
    const outcome = await this.#channel.reveal(blockNumber, who, given);
    const isRevealed = facts.seats.some((seat) => seat.participant === who && seat.outputHash !== undefined);
    // What stageOf says of a dispute is not enough to know whether its processing period goes on.
    if (stage.stage === 'dispute') return;
    const isOpen = stage.haveAllCommitted || now >= Number(stage.commitEndsAtSeconds);
    answered(outcome, stage.stage === 'processing' && isOpen && !isRevealed);
  }

  async #revealOwn({ at, who, variant }: Step): Promise<void> {
    const { facts, stage } = await this.#see(at);
    const { result, opening } = this.#channel.result(at, variant, maskOf(facts));
    const { channelId, participants } = this.#channel;
    const outcome = await participants[who].account.revealOwnResult(channelId, at, result, opening);
    if (stage.stage === 'dispute') return;
    const isOpen = stage.isExtension || stage.stage === 'challenge';
    answered(outcome, isOpen && !facts.ownResults.some((own) => own.participant === who));
  }

  async #accept(blockNumber: number, who: number): Promise<void> {
    const { facts, stage } = await this.#see(blockNumber);
    const { channelId, participants } = this.#channel;
    const result = facts.results.at(0);
    if (result === undefined) return;
    const outcome = await participants[who].operator.acceptResult(channelId, blockNumber, result.outputHash);
    const before = facts.acceptances.find((one) => one.participant === who);
    const isOpen = ['processing', 'challenge', 'dispute'].includes(stage.stage);
    answered(outcome, before === undefined ? isOpen : before.outputHash === result.outputHash);
  }

  async #settle(blockNumber: number): Promise<void> {
    const { facts, stage } = await this.#see(blockNumber);
    const { channelId, participants } = this.#channel;
    const standing =
      facts.results.find((one) => one.outputHash === stage.finalOutputHash) ?? facts.results.at(0);
    if (standing === undefined) return;
    const outcome = await participants[1].validator.settle(channelId, blockNumber, standing);
    answered(outcome, stage.stage === 'final');
  }
}

function answered(outcome: ChainOutcome, isAllowed: boolean): void {
  const found = outcome.ok ? 'done' : outcome.message;
  if (outcome.ok !== isAllowed)
    throw new Error(`${found}, but stageOf ${isAllowed ? 'allows' : 'forbids'} it`);
}

function maskOf(facts: BlockFacts): number {
  return facts.parts.reduce((mask, part) => mask | (1 << part.participant), 0);
}
