import { describe, expect, it } from '@jest/globals';
import type { ReduceBlock } from '#block-reduction';
import { ChannelKeys } from '#block-watch';
import { blockSeconds, Rehearsal } from '#block-watch/testing/rehearsal';
import { Fault, type Log, silentLog } from '#environment';
import { openInProcessJobQueue } from '#job-queue/in-process-job-queue';
import { bondWei } from '#protocol';
import type { OwnComputing } from './own-results.js';
import { Settlement } from './settlement.js';
import { me, reduced, Stage } from './testing/own-results-stage.js';

const { processing, challenge } = blockSeconds;

describe('a participant whose own computation differs from what was revealed', () => {
  it('reveals its own result as soon as the challenge period begins, once, and says so', async () => {
    const stage = await Stage.open();
    expect(await stage.at(0)).toBe(0);
    await stage.at(processing / 2);
    stage.others(10n);
    await stage.at(processing - 1);
    expect([stage.computed, stage.facts.ownResults]).toEqual([1, []]);
    await stage.at(processing);
    await stage.at(processing + 1);
    expect(stage.facts.ownResults).toMatchObject([{ participant: me }]);
    expect(stage.rehearsal.chain.stage(stage.rehearsal.channelId, 0).stage).toBe('dispute');
    expect(stage.computed).toBe(1);
    expect(stage.notices.filter((one) => one === 'result-differs')).toHaveLength(1);
    // It is for the account, or its own validator, to accept it.
    expect(stage.notices).toContain('acceptance-due');
  });

  it('does so after a restart, and against the validator that was drawn for it', async () => {
    const stage = await Stage.open();
    await stage.at(processing / 2);
    stage.others(10n, me, false);
    await stage.at(processing - 1);
    stage.restart();
    await stage.at(processing + challenge - 1);
    expect(stage.facts.ownResults).toHaveLength(1);
    expect(stage.computed).toBe(2);
  });

  it('does not where what it found is there or pays the same', async () => {
    for (const validParts of [1, 3]) {
      const stage = await Stage.open();
      await stage.at(processing / 2);
      stage.others(50n, 2, true, validParts);
      await stage.at(processing);
      await stage.at(processing + 1);
      expect([stage.computed, stage.facts.ownResults]).toEqual([1, []]);
      expect(stage.notices).toEqual(validParts === 1 ? [] : ['result-differs']);
    }
  });

  it('does nothing for a job that comes when nothing is due', async () => {
    const stage = await Stage.open();
    await stage.late(processing / 2 - 1);
    stage.others(10n);
    await stage.late(processing + challenge);
    expect([stage.computed, stage.facts.ownResults]).toEqual([0, []]);
    const inTime = await Stage.open();
    inTime.others(10n);
    await inTime.late(processing);
    expect([inTime.computed, inTime.facts.ownResults.length]).toEqual([1, 1]);
  });

  it('asks nothing of a computation where its own validator spoke for it', async () => {
    const stage = await Stage.open();
    await stage.at(processing / 2);
    stage.others(10n, me);
    await stage.at(processing);
    expect([stage.computed, stage.facts.ownResults]).toEqual([0, []]);
  });

  it('says nothing against others while it cannot have all parts', async () => {
    const stage = await Stage.open();
    await stage.at(processing / 2);
    stage.others(10n);
    for (const answer of [reduced(50n, [0]), reduced(50n, [], 1)]) {
      stage.answer = () => answer;
      await stage.at(processing);
      expect(stage.facts.ownResults).toEqual([]);
    }
    expect(stage.notices).toEqual(['own-store-incomplete', 'own-result-incomplete']);
    stage.answer = () => reduced(50n);
    await stage.at(processing + 1);
    expect(stage.facts.ownResults).toHaveLength(1);
  });

  it('says nothing at all where its own store lacks what it was given', async () => {
    const stage = await Stage.open();
    stage.others(10n);
    stage.answer = () => reduced(50n, [0]);
    await stage.at(processing + challenge - 1);
    expect([stage.facts.ownResults, stage.notices]).toEqual([[], ['own-store-incomplete']]);
  });

  it('says loudly that it cannot compute the block, and speaks once it can', async () => {
    const stage = await Stage.open();
    await stage.at(processing / 2);
    stage.others(10n);
    stage.answer = () => {
      throw new Fault('part-store-unavailable', 'the store is away', { retriable: true });
    };
    await expect(stage.at(processing)).rejects.toThrow('away');
    await expect(stage.at(processing + 1)).rejects.toThrow('away');
    expect(stage.notices).toEqual(['own-result-not-computed']);
    stage.answer = () => reduced(50n);
    await stage.at(processing + 2);
    expect(stage.facts.ownResults).toHaveLength(1);
  });

  it('says loudly that the account has no wei for the bond, and tries again', async () => {
    const stage = await Stage.open();
    await stage.at(processing / 2);
    stage.others(10n);
    stage.rehearsal.chain.freeWei = bondWei.ownResult - 1n;
    await stage.at(processing);
    await stage.at(processing + 1);
    expect(stage.facts.ownResults).toEqual([]);
    expect(stage.notices.filter((one) => one === 'own-result-without-bond')).toHaveLength(1);
    stage.rehearsal.chain.freeWei = bondWei.ownResult;
    await stage.at(processing + 2);
    expect(stage.facts.ownResults).toHaveLength(1);
  });
});

describe('a participant whose own result counts other parts than those that count in the end', () => {
  const decidedAt = processing + 2 * challenge;

  /** It counted parts 0 and 1, of which the other result left out the second; that one is struck. */
  async function fallen(): Promise<Stage> {
    const stage = await Stage.open();
    const { chain, channelId } = stage.rehearsal;
    const [part] = stage.facts.parts;
    chain.put(channelId, 0, { parts: [part, { ...part, participant: 1 }] });
    stage.answer = () => reduced(50n, [], 0, 3);
    await stage.at(processing / 2);
    stage.others(10n);
    await stage.at(processing);
    expect(stage.facts.ownResults).toHaveLength(1);
    const resolvedAtSeconds = chain.nowSeconds;
    chain.put(channelId, 0, {
      parts: [part, { ...part, participant: 1, isStruck: true }],
      dispute: { openAccusations: 0, openQuestions: 0, resolvedAtSeconds },
    });
    return stage;
  }

  it('computes the block of these alone, and reveals that on the bond that it has there', async () => {
    const stage = await fallen();
    stage.answer = () => reduced(40n);
    stage.rehearsal.chain.freeWei = 0n;
    await stage.at(decidedAt - 1);
    const before = stage.facts.ownResults;
    expect(stage.facts.dispute?.counted).toBeUndefined();
    await stage.at(decidedAt);
    await stage.at(decidedAt + 1);
    expect(stage.computedOf).toEqual([[0, 1], [0]]);
    expect(stage.facts.dispute?.counted).toBe(1);
    expect(stage.facts.ownResults).toHaveLength(1);
    expect(stage.facts.ownResults).not.toEqual(before);
    const standing = stage.facts.results.filter((one) => !one.isGone);
    expect(standing.map(({ validParts }) => validParts)).toEqual([1, 1]);
  });

  it('reveals nothing where it finds that others of these are invalid, or pays the same', async () => {
    for (const answer of [reduced(40n, [], 0, 0), reduced(10n)]) {
      const stage = await fallen();
      stage.answer = () => answer;
      const before = stage.facts.ownResults;
      await stage.at(decidedAt);
      await stage.at(decidedAt + 1);
      expect([stage.computed, stage.facts.ownResults]).toEqual([2, before]);
    }
  });
});

describe('a block of which nobody revealed anything', () => {
  it('gets an own result just before its extension would end, and is not void', async () => {
    const stage = await Stage.open();
    const margin = processing / 8;
    await stage.at(2 * processing - margin - 1);
    expect([stage.computed, stage.facts.ownResults]).toEqual([1, []]);
    await stage.at(2 * processing - margin);
    expect(stage.facts.ownResults).toHaveLength(1);
    expect(await stage.at(2 * processing + challenge)).toBe(1);
    expect(stage.rehearsal.chain.stage(stage.rehearsal.channelId, 0).stage).toBe('settled');
  });
});

it('erases the keys of blocks that are over', async () => {
  const stage = await Stage.open();
  const { rehearsal } = stage;
  const keysLeft = async () => {
    const ports = { chain: rehearsal.chain.port(), keyValue: rehearsal.keyValue(me) };
    const opened = await new ChannelKeys(rehearsal.participants[me], ports).of(rehearsal.channelId);
    return [0, 1, 2].map((block) => opened.ok && opened.keys.blockKey(block) !== undefined);
  };
  await stage.at(2 * processing - 1);
  expect(await keysLeft()).toEqual([true, true, true]);
  await stage.at(2 * processing + challenge);
  await stage.at(2 * processing + challenge + 1);
  // Nobody posted a part of block 1: it is void.
  expect(await keysLeft()).toEqual([false, false, true]);
});

it('says in log and readiness what the registry has against the keys that an own result takes, and no others', async () => {
  const rehearsal = new Rehearsal();
  const { chain, participants } = rehearsal;
  const told: unknown[] = [];
  const { encryptionSecret, operatorKey } = participants[2];
  const opened = (ownComputing?: OwnComputing): Settlement =>
    new Settlement(
      { account: participants[me].account, operatorKey, sweepIntervalMs: 1_000 },
      {
        chain: chain.port(),
        jobQueue: openInProcessJobQueue({ log: silentLog }),
        log: { ...silentLog, error: (fields) => told.push(fields) },
        ...(ownComputing === undefined ? {} : { ownComputing }),
      },
    );
  const codes = ['operator-key-not-registered', 'no-channel-keys', 'encryption-secret-not-registered'];
  const never: ReduceBlock = () => Promise.reject(new Error('nothing is to be computed'));
  const computing = opened({
    ...{ encryptionSecret, keyValue: rehearsal.keyValue(me), reduceBlock: never },
    partStores: [rehearsal.partStore()],
  });
  await computing.sweep();
  expect((await computing.readiness()).reasons.map(({ code }) => code)).toEqual(codes);
  expect(told).toEqual(codes.map((code) => ({ code })));
  expect((await opened().readiness()).reasons).toEqual([]);
});

it('says at its start that it plays no disputes where it computes nothing', async () => {
  const { chain, participants } = new Rehearsal();
  const warned: unknown[] = [];
  const log: Log = { ...silentLog, warn: (fields) => warned.push(fields) };
  const started = async (more: { readonly ownComputing?: OwnComputing }): Promise<void> => {
    const ports = { chain: chain.port(), jobQueue: openInProcessJobQueue({ log }), log, ...more };
    const settlement = new Settlement({ ...participants[me], sweepIntervalMs: 60_000 }, ports);
    settlement.start();
    await settlement.stop();
  };
  const { ownComputing } = new Stage();
  await started({ ownComputing });
  expect(warned).toEqual([]);
  await started({});
  expect(warned).toEqual([{ notice: 'disputes-not-played' }]);
});
