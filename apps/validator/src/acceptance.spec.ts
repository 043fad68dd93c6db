import { describe, expect, it } from '@jest/globals';
import { blockSeconds } from '#block-watch/testing/rehearsal';
import { facts, inProcessing, requestOf } from './testing/validator-stage.js';

type Stage = Awaited<ReturnType<typeof inProcessing>>;

/** Participant 2's validator lacks a part of the store, so that it reveals another result than those of 0 and 1. */
async function inDispute(
  named: number | undefined,
): Promise<{ stage: Stage; sweep: (at: number) => Promise<number> }> {
  const stage = await inProcessing();
  const { chain, parts } = stage.rehearsal;
  chain.namedAtSeconds = named;
  const validators = [0, 1, 2].map((at) => stage.validator(at));
  for (const at of [0, 1, 2]) {
    const delegation = { binding: false };
    await validators[at].accept(await requestOf(stage, at, at, { delegation }));
  }
  await validators[0].sweep();
  await validators[1].sweep();
  const kept = new Map(parts.blocks);
  for (const key of kept.keys()) parts.blocks.delete(key);
  await validators[2].sweep();
  for (const [key, bytes] of kept) parts.blocks.set(key, bytes);
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

  it.each([
    ['nobody named it', undefined],
    ['the account named it only when the block had begun', 10_000],
  ])('accepts nothing where %s', async (_, named) => {
    const { stage, sweep } = await inDispute(named);
    await sweep(0);
    expect(facts(stage).acceptances).toEqual([]);
  });

  it('computes first what it had no time to compute before, and accepts only what it finds', async () => {
    const stage = await inProcessing();
    const { chain, channelId } = stage.rehearsal;
    const late = stage.validator(0);
    await late.accept(await requestOf(stage, 0, 0));
    const others = [1, 2].map((at) => stage.validator(at));
    await others[0].accept(await requestOf(stage, 1, 1));
    await others[0].sweep();
    chain.advanceTo(stage.rehearsal.collected(0) + blockSeconds.processing / 2);
    await others[0].sweep();
    const [result] = facts(stage).results;
    const wrong = {
      ...result,
      outputHash: stage.rehearsal.terms.salt,
      amountWords: [stage.rehearsal.terms.salt],
    };
    const disputedAtSeconds = chain.nowSeconds;
    chain.put(channelId, 0, { results: [{ ...wrong, amountWords: [] }, result], disputedAtSeconds });
    expect(stage.reductions()).toBe(1);
    await late.sweep();
    expect(stage.reductions()).toBe(2);
    expect(facts(stage).acceptances).toEqual([{ participant: 0, outputHash: result.outputHash }]);
  });
});
