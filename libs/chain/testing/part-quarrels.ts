/** Disputes between results that count other parts, as tests of what every chain promises. */
import { expect, it } from '@jest/globals';
import { bondWei, collectionEnd, decidedFacts, stageOf } from '#protocol';
import type { DrivenChain } from '../chain.js';
import { done, eventsAfter, latest, refused } from './answers.js';
import { ExampleChannel, periods } from './example-channel.js';
import { Seams } from './seams.js';

const { processingPeriod, challengePeriod, disputeMax } = periods;
const window = processingPeriod / 2;
const every = 0b111;
/** Without the auditor's part, which is participant 2's. */
const fewer = 0b011;

export function quarrelsOverParts(chain: () => DrivenChain): void {
  it('tells what is open until when while results count other parts, and after that is decided', async () => {
    const quarrel = await Quarrel.begin(chain(), 'windows');
    const { V, Q, seams, disputedAt } = quarrel;
    const ownResults = { untilSeconds: V + challengePeriod };
    const questions = { untilSeconds: Q };
    const dispute = { stage: 'dispute', haveAllCommitted: false };
    // One result counts all parts that any counts: if it stays so, nobody is left who could accuse it.
    const calm = { ...dispute, partsDecidedAtSeconds: Q, endsAtSeconds: Q + window };
    expect(await quarrel.stageAt(V)).toEqual({ ...calm, ownResults, questions });
    expect(await quarrel.stageAt(V + challengePeriod)).toEqual({ ...calm, questions });
    expect(await seams.holdQuestion(0, 2, 1)).toBe(true);
    const asked = { ...dispute, endsAtSeconds: disputedAt + disputeMax };
    expect(await quarrel.stageAt(Q - 1)).toEqual({ ...asked, questions });
    expect(await quarrel.stageAt(Q)).toEqual(asked);
    expect(await seams.holdQuestion(0, 2, 0)).toBe(false);
    expect(await seams.holdAccusation(0, 0, 1, 'account')).toBe(false);
    const D = Q + 50;
    await quarrel.stageAt(D);
    expect(await seams.freeQuestions(0, 1)).toBe(true);
    const again = { untilSeconds: D + window, parts: every };
    const decided = { ...dispute, endsAtSeconds: D + window };
    expect(await quarrel.stageAt(D)).toEqual({ ...decided, ownResults: again });
    const { result, opening } = quarrel.channel.result(0, 2, every);
    const [, seller] = quarrel.channel.participants;
    done(await seller.account.revealOwnResult(quarrel.channel.channelId, 0, result, opening));
    const accusations = { untilSeconds: D + window + challengePeriod };
    const endsAtSeconds = accusations.untilSeconds;
    expect(await quarrel.stageAt(D + window)).toEqual({ ...dispute, accusations, endsAtSeconds });
    expect(await seams.holdAccusation(0, 2, 0, 'validator')).toBe(true);
    expect(await quarrel.stageAt(endsAtSeconds)).toEqual({ ...asked });
    expect([await seams.fall(0, 0), await seams.freeAccusations(0, 1)]).toEqual([true, true]);
    expect(await quarrel.stageAt(endsAtSeconds)).toEqual({ stage: 'final', standing: [result.outputHash] });
  });

  it('carries over the bond of a result that fell for its parts, unless it ignored one that nobody questioned', async () => {
    for (const isQuestioned of [true, false]) {
      const quarrel = await Quarrel.begin(chain(), `carried ${isQuestioned}`);
      const { Q, seams, channel } = quarrel;
      const { channelId, participants } = channel;
      const { account } = participants[1];
      if (isQuestioned) {
        expect([await seams.holdQuestion(0, 2, 1), await seams.freeQuestions(0, 1)]).toEqual([true, true]);
      }
      const before = await quarrel.weiOf(1);
      await quarrel.stageAt(Q);
      const stale = channel.result(0, 1, fewer);
      const code = refused(await account.revealOwnResult(channelId, 0, stale.result, stale.opening));
      expect(code).toBe('other-parts-count');
      const { result, opening } = channel.result(0, 2, every);
      done(await account.revealOwnResult(channelId, 0, result, opening));
      const burnt = isQuestioned ? 0n : bondWei.ownResult;
      expect(await quarrel.weiOf(1)).toEqual({ ...before, freeWei: before.freeWei - burnt });
      const facts = await (await latest(chain())).blockFacts(channelId, 0);
      expect(facts.dispute?.counted).toBe(every);
      expect(facts.results.map(({ isGone, isFallen }) => [isGone, isFallen])).toEqual([
        ...[
          [false, undefined],
          [true, true],
        ],
        [false, undefined],
      ]);
      expect(refused(await account.revealOwnResult(channelId, 0, result, opening))).toBe('already-revealed');
      const filter = { kinds: ['parts-decided'], channelIds: [channelId] } as const;
      const { events } = await eventsAfter(chain(), undefined, filter);
      expect(events).toMatchObject([{ kind: 'parts-decided', channelId, blockNumber: 0 }]);
    }
  });

  it('counts no part that was struck', async () => {
    const quarrel = await Quarrel.begin(chain(), 'struck');
    const { Q, seams, channel } = quarrel;
    expect([await seams.holdQuestion(0, 2, 1), await seams.strikePart(0, 2)]).toEqual([true, true]);
    expect(await seams.freeQuestions(0, 1)).toBe(true);
    const { account } = channel.participants[2];
    const both = channel.result(0, 3, every);
    const given = await account.revealOwnResult(channel.channelId, 0, both.result, both.opening);
    expect(refused(given)).toBe('valid-parts-not-posted');
    const counted = channel.result(0, 2, fewer).result.outputHash;
    expect(await quarrel.stageAt(Q)).toMatchObject({
      ownResults: { untilSeconds: Q + window, parts: fewer },
    });
    expect(await quarrel.stageAt(Q + window)).toEqual({ stage: 'final', standing: [counted] });
    const parts = (await (await latest(chain())).blockFacts(channel.channelId, 0)).parts;
    expect(parts.map(({ isStruck }) => isStruck)).toEqual([undefined, undefined, true]);
  });

  it('decides nothing where all agreed, however late it is settled, and gives all bonds back', async () => {
    const quarrel = await Quarrel.begin(chain(), 'agreed');
    const { Q, channel } = quarrel;
    const { channelId, participants } = channel;
    const [standing] = [channel.result(0, 2, fewer).result];
    for (const [at, { account }] of participants.entries()) {
      done(await account.acceptResult(channelId, 0, at, standing.outputHash));
    }
    const agreed = { stage: 'final', standing: [standing.outputHash] };
    expect(await quarrel.stageAt(Q + 1_000)).toEqual(agreed);
    done(await participants[0].account.settle(channelId, 0, [standing]));
    expect(await quarrel.stageAt(Q + 1_000)).toEqual({ ...agreed, stage: 'settled' });
    expect(await quarrel.weiOf(1)).toEqual({ freeWei: 5n * 10n ** 17n, stakeWei: 0n, lockedWei: 0n });
  });
}

/**
 * The payer's seat, which does not bind, revealed a result for all parts, and the seller its own for fewer: the
 * challenge period has begun.
 */
class Quarrel {
  readonly channel: ExampleChannel;
  readonly seams: Seams;
  readonly disputedAt: number;
  /** The end of processing, and of questions. */
  readonly V: number;
  readonly Q: number;

  private constructor(channel: ExampleChannel, V: number) {
    this.channel = channel;
    this.seams = new Seams(channel);
    this.disputedAt = V;
    this.V = V;
    this.Q = V + 2 * challengePeriod;
  }

  static async begin(chain: DrivenChain, name: string): Promise<Quarrel> {
    const channel = await ExampleChannel.open(chain, name);
    const { channelId, participants, terms } = channel;
    const start = collectionEnd(terms, 0);
    await chain.advanceTo(start);
    for (const [at, { operator }] of participants.entries()) {
      done(await operator.postPart(channelId, 0, channel.part(at)));
    }
    const given = channel.result(0, 1, every);
    done(await channel.commit(0, 0, given, false));
    await chain.advanceTo(start + processingPeriod / 2);
    done(await channel.reveal(0, 0, given));
    const V = start + processingPeriod;
    await chain.advanceTo(V);
    const { result, opening } = channel.result(0, 2, fewer);
    done(await participants[1].account.revealOwnResult(channelId, 0, result, opening));
    return new Quarrel(channel, V);
  }

  /** What `stageOf` says then, which is what the contracts say. */
  async stageAt(seconds: number) {
    const { chain, terms, channelId } = this.channel;
    await chain.advanceTo(seconds);
    const now = await latest(chain);
    const found = await now.blockFacts(channelId, 0);
    const stage = stageOf(terms, 0, found, seconds);
    expect(await now.stage(channelId, 0)).toBe(stage.stage);
    // What is decided changes no stage by being said.
    expect(stageOf(terms, 0, decidedFacts(terms, 0, found, seconds), seconds)).toEqual(stage);
    return stage;
  }

  async weiOf(participant: number) {
    const { chain, participants } = this.channel;
    return (await latest(chain)).weiAccount(participants[participant].account.address);
  }
}
