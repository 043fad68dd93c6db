import { describe, expect, it } from '@jest/globals';
import { LateJobs } from '#block-watch/testing/late-jobs';
import { blockSeconds } from '#block-watch/testing/rehearsal';
import { facts, inProcessing, requestOf } from './testing/validator-stage.js';

type Stage = Awaited<ReturnType<typeof inProcessing>>;

/** Participant 2's validator counts no part, so that it reveals another result than those of 0 and 1. */
async function inDispute(
  named: number | undefined,
): Promise<{ stage: Stage; sweep: (at: number) => Promise<number> }> {
  const stage = await inProcessing();
  const { chain } = stage.rehearsal;
  chain.namedAtSeconds = named;
  const validators = [stage.validator(0), stage.validator(1), stage.validator(2, {}, stage.reduceNothing)];
  for (const at of [0, 1, 2]) {
    const delegation = { binding: false };
    await validators[at].accept(await requestOf(stage, at, at, { delegation }));
  }
  await validators[0].sweep();
  await validators[1].sweep();
  await validators[2].sweep();
  chain.advanceTo(stage.rehearsal.collected(0) + blockSeconds.processing / 2);
  for (const one of validators) await one.sweep();
  expect(chain.stage(stage.rehearsal.channelId, 0).stage).toBe('dispute');
  return { stage, sweep: (at) => stage.validator(at).sweep() };
}

describe('in a dispute, a validator', () => {
  it('accepts the result that it found for the participant whose own it is, once', async () => {
    const { stage, sweep } = await inDispute(0);
    expect(facts(stage).acceptances).toEqual([]);
    const found = facts(stage).seats.find((seat) => seat.participant === 0)?.outputHash;
    await sweep(0);
    await sweep(0);
    expect(facts(stage).acceptances).toEqual([{ participant: 0, outputHash: found }]);
    expect(stage.rehearsal.chain.accepted.acceptResult).toBe(1);
  });

  it('ends it where all find the same in the end', async () => {
    const { stage, sweep } = await inDispute(0);
    const { chain, channelId } = stage.rehearsal;
    const { results } = facts(stage);
    for (const at of [0, 1]) await sweep(at);
    // The third stands for what it found; its participant gives in.
    const acceptances = facts(stage).acceptances.filter((one) => one.participant !== 2);
    chain.put(channelId, 0, {
      acceptances: [...acceptances, { participant: 2, outputHash: results[0].outputHash }],
    });
    chain.advanceTo(stage.rehearsal.collected(0) + blockSeconds.processing);
    expect(chain.stage(channelId, 0)).toEqual({ stage: 'final', standing: [results[0].outputHash] });
  });

  it('computes another time what the parts give that count in the end, and accepts that', async () => {
    const { stage, sweep } = await inDispute(0);
    const { chain, channelId, collected } = { ...stage.rehearsal, collected: stage.rehearsal.collected(0) };
    const [honest, other] = facts(stage).results;
    expect([honest.validParts, other.validParts]).toEqual([7, 0]);
    const decidedAt = collected + blockSeconds.processing + 2 * blockSeconds.challenge;
    chain.advanceTo(decidedAt - 1);
    const before = stage.reductions();
    await sweep(2);
    // It stands for what it revealed, or accepted, until that falls.
    expect(facts(stage).acceptances).toEqual([{ participant: 2, outputHash: other.outputHash }]);
    expect(stage.reductions()).toBe(before);
    chain.advanceTo(decidedAt);
    await sweep(2);
    expect(stage.reductions()).toBe(before + 1);
    expect(facts(stage).acceptances).toEqual([{ participant: 2, outputHash: honest.outputHash }]);
    expect(chain.stage(channelId, 0).stage).toBe('dispute');
  });

  it.each([
    ['nobody named it', undefined],
    ['the account named it only when the block had begun', 10_000],
  ])('accepts nothing where %s', async (_, named) => {
    const { stage, sweep } = await inDispute(named);
    await sweep(0);
    expect(facts(stage).acceptances).toEqual([]);
  });

  it('accepts nothing for a job that comes though it is nobody’s own', async () => {
    const { stage } = await inDispute(undefined);
    const jobs = new LateJobs();
    const validator = stage.validator(0, {}, undefined, jobs);
    validator.start();
    await jobs.run({ kind: 'accept', channelId: stage.rehearsal.channelId, blockNumber: 0 });
    await validator.stop();
    expect(facts(stage).acceptances).toEqual([]);
  });

  it.each([
    ['accepts it where it is among the results', true],
    ['accepts none where it is not', false],
  ])('computes first what it had no time to compute before, and %s', async (_, isThere) => {
    const stage = await inProcessing();
    const { chain, channelId, terms } = stage.rehearsal;
    const [late, other] = [0, 1].map((at) => stage.validator(at));
    await late.accept(await requestOf(stage, 0, 0));
    await other.accept(await requestOf(stage, 1, 1));
    await other.sweep();
    chain.advanceTo(stage.rehearsal.collected(0) + blockSeconds.processing / 2);
    await other.sweep();
    const [result] = facts(stage).results;
    const wrong = { ...result, outputHash: terms.salt, amountWords: [terms.salt] };
    const results = isThere ? [wrong, result] : [wrong, { ...wrong, outputHash: terms.keysRoot }];
    chain.put(channelId, 0, { results, disputedAtSeconds: chain.nowSeconds });
    expect(stage.reductions()).toBe(1);
    await late.sweep();
    await late.sweep();
    expect(stage.reductions()).toBe(2);
    const accepted = { participant: 0, outputHash: result.outputHash };
    expect(facts(stage).acceptances).toEqual(isThere ? [accepted] : []);
  });
});
