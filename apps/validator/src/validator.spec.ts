import { describe, expect, it } from '@jest/globals';
import { LateJobs } from '#block-watch/testing/late-jobs';
import { blockSeconds } from '#block-watch/testing/rehearsal';
import { decodeDagCbor, equalBytes, toHex } from '#encoding';
import { Fault, type Log, silentLog } from '#environment';
import { deferred } from '#environment/testing/deferred';
import { reduceInMemory } from '#block-reduction/reduce-in-memory';
import { emptyPart } from '#block-watch/testing/rehearsal';
import { codeOf, facts, inProcessing, reportsOf, requestOf } from './testing/validator-stage.js';

describe('a validator that is asked', () => {
  it('accepts the same request again, a higher nonce instead of it, and no lower or other one', async () => {
    const stage = await inProcessing();
    const validator = stage.validator(0);
    const first = await requestOf(stage, 0, 0, { delegation: { nonce: 2n } });
    expect(codeOf(await validator.accept(first))).toBe('accepted');
    expect(codeOf(await stage.validator(0).accept(first))).toBe('accepted');
    const other = await requestOf(stage, 0, 0, { delegation: { nonce: 2n, binding: false } });
    expect(codeOf(await validator.accept(other))).toBe('nonce-used');
    const higher = await requestOf(stage, 0, 0, { delegation: { nonce: 3n } });
    expect(codeOf(await validator.accept(higher))).toBe('accepted');
    expect(codeOf(await validator.accept(first))).toBe('delegation-replaced');
    await validator.sweep();
    expect(facts(stage).seats.map((seat) => seat.nonce)).toEqual([3n]);
    expect(codeOf(await validator.accept(higher))).toBe('seat-taken');
    // A higher nonce displaces who sits there, also the same validator.
    const late = await requestOf(stage, 0, 0, { delegation: { nonce: 4n } });
    expect(codeOf(await validator.accept(late))).toBe('accepted');
    await validator.sweep();
    expect(facts(stage).seats.map((seat) => seat.nonce)).toEqual([4n]);
    expect(stage.reductions()).toBe(1);
  });

  it('keeps one of two requests that arrive together with the same nonce', async () => {
    const stage = await inProcessing();
    const validator = stage.validator(0);
    const one = await requestOf(stage, 0);
    const other = await requestOf(stage, 0, 0, { delegation: { binding: false } });
    const answers = await Promise.all([validator.accept(one), validator.accept(other)]);
    expect(answers.map(codeOf).sort()).toEqual(['accepted', 'nonce-used']);
  });

  it('takes no more requests than it may, and says how many wait and until when it must act', async () => {
    const stage = await inProcessing([0, 1, 2], { processingPeriod: 400 });
    const validator = stage.validator(0, { requestsMax: 2 });
    const [commitsEnd, ends] = [200, 400].map((later) => stage.rehearsal.collected(0) + later);
    const answers: string[] = [];
    for (const one of [0, 1, 2]) answers.push(codeOf(await validator.accept(await requestOf(stage, one, 0))));
    expect(answers).toEqual(['accepted', 'accepted', 'too-many-requests']);
    expect(await validator.readiness()).toMatchObject({
      reasons: [{ code: 'too-many-requests', detail: '2 of at most 2 requests wait' }],
      work: [{ kind: 'validate', due: 2, dueBeforeSeconds: commitsEnd }],
    });
    await validator.sweep();
    const work = async () => (await validator.readiness()).work?.[0];
    expect(await work()).toMatchObject({ kind: 'reveal', waiting: 1, waitingUntilSeconds: commitsEnd });
    stage.rehearsal.chain.advanceTo(commitsEnd);
    expect(await work()).toMatchObject({ kind: 'reveal', due: 1, dueBeforeSeconds: ends });
  });
});

describe('a validator at work', () => {
  it('reduces a block once for all who named it, and takes a seat for each', async () => {
    const stage = await inProcessing();
    const validator = stage.validator(1);
    for (const one of [0, 1, 2])
      expect((await validator.accept(await requestOf(stage, one, 1))).ok).toBe(true);
    // The first pass reduces and commits, the second sees that all seats have committed and reveals.
    expect(await validator.sweep()).toBe(4);
    expect(await validator.sweep()).toBe(3);
    expect(await validator.sweep()).toBe(0);
    expect(stage.reductions()).toBe(1);
    const { results, seats } = facts(stage);
    expect(results).toHaveLength(1);
    expect(new Set(seats.map((seat) => seat.commitment)).size).toBe(3);
    // Three impressions of 1,000 nano that payer, seller and auditor report alike.
    const words = results[0].amountWords.map((word) => BigInt(word));
    expect([words[0] >> 192n, (words[0] >> 128n) & 0xffffffffffffffffn]).toEqual([3_000n, 3_000n]);
    expect(results[0].validParts).toBe(7);
    expect(stage.rehearsal.chain.stage(stage.rehearsal.channelId, 0).stage).toBe('final');
  });

  it('neither reduces nor commits for a job that comes when no commits are taken any more', async () => {
    const stage = await inProcessing();
    const jobs = new LateJobs();
    const validator = stage.validator(0, {}, undefined, jobs);
    const { channelId } = stage.rehearsal;
    const job = { kind: 'validate', channelId, blockNumber: 0 } as const;
    const notAfter = BigInt(stage.rehearsal.collected(0) + 5);
    await validator.accept(await requestOf(stage, 0, 0));
    await validator.accept(await requestOf(stage, 1, 0, { delegation: { notAfter } }));
    validator.start();
    stage.rehearsal.chain.advanceTo(Number(notAfter) + 1);
    expect(await jobs.run(job)).toBe('done');
    expect([stage.reductions(), facts(stage).seats.map((seat) => seat.participant)]).toEqual([1, [0]]);
    await validator.stop();
    const late = await inProcessing();
    const other = late.validator(0, {}, undefined, jobs);
    await other.accept(await requestOf(late, 0, 0));
    other.start();
    late.rehearsal.chain.advanceTo(late.rehearsal.collected(0) + blockSeconds.processing / 2);
    expect(await jobs.run(job)).toBe('done');
    expect([late.reductions(), facts(late).seats]).toEqual([0, []]);
    await other.stop();
  });

  it('reveals nothing for a job that comes before every commit is final', async () => {
    const stage = await inProcessing();
    const jobs = new LateJobs();
    const { chain, channelId } = stage.rehearsal;
    const validator = stage.validator(0, {}, undefined, jobs);
    validator.start();
    const revealed = async () => {
      await jobs.run({ kind: 'reveal', channelId, blockNumber: 0 });
      return facts(stage).results.length;
    };
    chain.finalizedBelow = 10;
    for (const one of [0, 1, 2]) await validator.accept(await requestOf(stage, one, 0));
    expect(await validator.sweep()).toBe(4);
    expect(await revealed()).toBe(0);
    chain.finalizedBelow = 0;
    expect(await revealed()).toBe(1);
    await validator.stop();
  });

  it('says in log and readiness that the registry does not have it, or another encryption key', async () => {
    const { rehearsal, ...stage } = await inProcessing();
    const told: unknown[] = [];
    const tell = (fields: object) => told.push(fields);
    const log: Log = { ...silentLog, error: tell, warn: tell };
    const { encryptionSecret, validator: account } = rehearsal.participants[0];
    const validator = stage.validator(0, { encryptionSecret }, undefined, undefined, log);
    const codes = async () => (await validator.readiness()).reasons.map(({ code }) => code);
    await validator.sweep();
    expect(await codes()).toEqual(['encryption-secret-not-registered']);
    rehearsal.chain.leave(account);
    rehearsal.chain.advanceTo(rehearsal.chain.nowSeconds + 1);
    await validator.sweep();
    expect(await codes()).toEqual(['validator-not-registered']);
    expect(told).toEqual([
      { code: 'encryption-secret-not-registered' },
      { code: 'validator-not-registered' },
    ]);
  });

  it('puts the report into the part store before it commits', async () => {
    const stage = await inProcessing([1, 2]);
    const before = new Set(stage.rehearsal.parts.blocks.keys());
    const validator = stage.validator(0);
    await validator.accept(await requestOf(stage, 0));
    await validator.sweep();
    const added = [...stage.rehearsal.parts.blocks].filter(([key]) => !before.has(key));
    expect(added).toHaveLength(1);
    expect(decodeDagCbor(added[0][1])).toMatchObject({ version: 1, invalidParts: [[0, 'missing']] });
  });

  it('reveals in the second half when other seats stay empty, also after a restart', async () => {
    const stage = await inProcessing();
    const validator = stage.validator(0);
    await validator.accept(await requestOf(stage, 0));
    expect(await validator.sweep()).toBe(2);
    expect(await stage.validator(0).sweep()).toBe(0);
    stage.rehearsal.chain.advanceTo(stage.rehearsal.collected(0) + blockSeconds.processing / 2);
    expect(await stage.validator(0).sweep()).toBe(1);
    expect(stage.reductions()).toBe(1);
    expect(facts(stage).results).toHaveLength(1);
  });

  it('reveals its result too when another one was revealed before and the block is disputed', async () => {
    const stage = await inProcessing();
    const [one, other] = [0, 1].map((at) => stage.validator(at));
    const third = stage.validator(2, {}, stage.reduceNothing);
    await one.accept(await requestOf(stage, 0, 0));
    await other.accept(await requestOf(stage, 1, 1));
    await third.accept(await requestOf(stage, 2, 2));
    await one.sweep();
    await other.sweep();
    await third.sweep();
    expect(await third.sweep()).toBe(1);
    expect(await one.sweep()).toBe(1);
    expect(stage.rehearsal.chain.stage(stage.rehearsal.channelId, 0).stage).toBe('dispute');
    expect(await other.sweep()).toBe(1);
    expect(facts(stage).seats.map((seat) => seat.outputHash !== undefined)).toEqual([true, true, true]);
  });

  it('waits as long as it was told for parts that the store lacks', async () => {
    const stage = await inProcessing();
    const kept = new Map(stage.rehearsal.parts.blocks);
    stage.rehearsal.parts.blocks.clear();
    const patient = stage.validator(0, { availabilityWaitSeconds: 10 });
    await patient.accept(await requestOf(stage, 0));
    expect(await patient.sweep()).toBe(0);
    for (const [key, bytes] of kept) stage.rehearsal.parts.blocks.set(key, bytes);
    expect(await patient.sweep()).toBe(2);
  });

  it('commits to nothing where its store has no part that was posted, says so, and goes on when it has', async () => {
    const stage = await inProcessing();
    const kept = new Map(stage.rehearsal.parts.blocks);
    stage.rehearsal.parts.blocks.clear();
    const told: unknown[] = [];
    const log: Log = { ...silentLog, error: (fields) => told.push(fields) };
    const validator = stage.validator(0, {}, undefined, undefined, log);
    await validator.accept(await requestOf(stage, 0));
    expect([await validator.sweep(), await validator.sweep()]).toEqual([0, 0]);
    expect(facts(stage).seats).toEqual([]);
    const { channelId } = stage.rehearsal;
    expect(told).toEqual([{ channelId, blockNumber: 0, code: 'no-part-found' }]);
    expect((await validator.readiness()).reasons).toEqual([
      expect.objectContaining({ code: 'deadline-near' }),
      { code: 'no-part-found', detail: expect.stringContaining('none of the 3 parts of block 0') },
    ]);
    for (const [key, bytes] of kept) stage.rehearsal.parts.blocks.set(key, bytes);
    expect(await validator.sweep()).toBe(2);
    expect((await validator.readiness()).reasons).toEqual([]);
  });

  it('says nothing any more of a block without parts that is over', async () => {
    const stage = await inProcessing();
    stage.rehearsal.parts.blocks.clear();
    const validator = stage.validator(0);
    await validator.accept(await requestOf(stage, 0));
    await validator.sweep();
    stage.rehearsal.chain.advanceTo(stage.rehearsal.collected(0) + 2 * blockSeconds.processing);
    await validator.sweep();
    expect((await validator.readiness()).reasons).toEqual([]);
  });

  it('commits to a result of nothing where every part is there and breaks the rules', async () => {
    const stage = await inProcessing();
    const reduce = reduceInMemory(stage.partsRead);
    const rules = { blockKey: new Uint8Array(32) };
    const validator = stage.validator(0, {}, (block) =>
      reduce({ ...block, rules: { ...block.rules, ...rules } }),
    );
    await validator.accept(await requestOf(stage, 0));
    expect(await validator.sweep()).toBe(2);
    const [[[, reason]]] = (await reportsOf(stage)) as [[[number, string]]];
    expect(reason).not.toBe('unavailable');
  });

  it('leaves no payer without a part to what a payee claims of one that nobody finds', async () => {
    const stage = await inProcessing([1]);
    stage.rehearsal.parts.blocks.clear();
    const validator = stage.validator(0);
    await validator.accept(await requestOf(stage, 0));
    expect(await validator.sweep()).toBe(2);
  });

  it('waits as long for parts that a slow store does not find in time, and then does without', async () => {
    const stage = await inProcessing();
    const { get } = stage.partsRead;
    stage.partsRead.get = async () => 'not-found-in-time';
    const patient = stage.validator(0, { availabilityWaitSeconds: 10 });
    await patient.accept(await requestOf(stage, 0));
    expect(await patient.sweep()).toBe(0);
    stage.partsRead.get = get;
    expect(await patient.sweep()).toBe(2);
    expect(await reportsOf(stage)).toEqual([[]]);
    const gone = new Uint8Array(32).fill(7);
    const { parts } = facts(stage);
    const lost = parts.map((part) => (part.participant === 2 ? { ...part, indexHash: toHex(gone) } : part));
    stage.rehearsal.chain.put(stage.rehearsal.channelId, 0, { parts: lost });
    stage.partsRead.get = async (...given) =>
      equalBytes(given[0], gone) ? 'not-found-in-time' : get.apply(stage.partsRead, given);
    const other = stage.validator(1, { availabilityWaitSeconds: 10 });
    await other.accept(await requestOf(stage, 1));
    stage.rehearsal.chain.advanceTo(stage.rehearsal.chain.nowSeconds + 9);
    expect(await other.sweep()).toBe(0);
    stage.rehearsal.chain.advanceTo(stage.rehearsal.chain.nowSeconds + 1);
    expect(await other.sweep()).toBe(2);
    expect(await reportsOf(stage)).toEqual([[], [[2, 'unavailable']]]);
  });

  it('asks for wrong bytes again, and waits while it gets no others', async () => {
    const stage = await inProcessing();
    const { partsRead } = stage;
    const { get } = partsRead;
    let isWrong = true;
    partsRead.get = async (...given) => {
      const found = await get.apply(partsRead, given);
      return isWrong && typeof found !== 'string' ? found.map((byte) => byte ^ 1) : found;
    };
    const patient = stage.validator(0, { availabilityWaitSeconds: 10 });
    await patient.accept(await requestOf(stage, 0));
    expect(await patient.sweep()).toBe(0);
    isWrong = false;
    expect(await patient.sweep()).toBe(2);
    expect(await reportsOf(stage)).toEqual([[]]);
  });

  it('blames no part for damage of its own store, however long it lasts, and goes on when it is mended', async () => {
    const stage = await inProcessing();
    const { get } = stage.partsRead;
    const damaged = new Fault('part-damaged', 'parts/AB/x.data is damaged', { retriable: true });
    stage.partsRead.get = () => Promise.reject(damaged);
    const validator = stage.validator(0, { availabilityWaitSeconds: 1 });
    await validator.accept(await requestOf(stage, 0));
    stage.rehearsal.chain.advanceTo(stage.rehearsal.chain.nowSeconds + 5);
    await expect(validator.sweep()).rejects.toBe(damaged);
    expect(facts(stage).seats).toEqual([]);
    stage.partsRead.get = get;
    expect(await validator.sweep()).toBe(2);
    expect(await reportsOf(stage)).toEqual([[]]);
  });

  it('commits in the extension to a new delegation when the first one ended with processing', async () => {
    const stage = await inProcessing();
    const validator = stage.validator(0);
    const extension = stage.rehearsal.collected(0) + blockSeconds.processing;
    await validator.accept(
      await requestOf(stage, 0, 0, { delegation: { notAfter: BigInt(extension) - 1n } }),
    );
    stage.rehearsal.chain.advanceTo(extension);
    expect(await validator.sweep()).toBe(0);
    const again = { delegation: { nonce: 2n, notAfter: BigInt(extension + blockSeconds.processing) } };
    expect((await validator.accept(await requestOf(stage, 0, 0, again))).ok).toBe(true);
    expect(await validator.sweep()).toBe(2);
    stage.rehearsal.chain.advanceTo(extension + blockSeconds.processing / 2);
    expect(await validator.sweep()).toBe(1);
  });

  it('reveals before the second half only once no rollback can take a commit back', async () => {
    const stage = await inProcessing();
    const { chain } = stage.rehearsal;
    chain.finalizedBelow = 2;
    const validator = stage.validator(1);
    for (const one of [0, 1, 2]) await validator.accept(await requestOf(stage, one, 1));
    expect(await validator.sweep()).toBe(4);
    expect(await validator.sweep()).toBe(0);
    chain.advanceTo(chain.nowSeconds + 1);
    expect(await validator.sweep()).toBe(0);
    chain.advanceTo(chain.nowSeconds + 1);
    expect(await validator.sweep()).toBe(3);
    expect(facts(stage).results).toHaveLength(1);
  });

  it('reveals in time while the reduction of another block waits for ever', async () => {
    // Block 0 waits for its second half while six later ones, more than are reduced at a time, hang.
    const stage = await inProcessing([0, 1, 2], { processingPeriod: 2_000 });
    const { rehearsal } = stage;
    const first = stage.validator(0);
    await first.accept(await requestOf(stage, 0));
    expect(await first.sweep()).toBe(2);
    let hanging = 0;
    const full = deferred();
    const validator = stage.validator(0, {}, () => {
      if (++hanging === 4) full.resolve();
      return new Promise<never>(() => {});
    });
    for (const blockNumber of [1, 2, 3, 4, 5, 6]) {
      rehearsal.chain.advanceTo(rehearsal.collected(blockNumber));
      for (const { operatorKey } of rehearsal.participants) {
        await rehearsal.chain
          .port()
          .participantActs(operatorKey)
          .postPart(rehearsal.channelId, blockNumber, emptyPart);
      }
      const request = await requestOf(stage, 0, 0, { delegation: { blockNumber, notAfter: 99_999n } });
      expect(codeOf(await validator.accept(request))).toBe('accepted');
    }
    const revealed = deferred();
    rehearsal.chain.port().subscribe(() => {
      if (facts(stage).results.length > 0) revealed.resolve();
    });
    validator.start();
    await full.promise;
    expect(facts(stage).results).toEqual([]);
    rehearsal.chain.advanceTo(rehearsal.collected(0) + 1_000);
    await revealed.promise;
    expect(hanging).toBe(4);
    await validator.stop();
  }, 10_000);

  it('reduces a block once though another attempt begins while the first goes on', async () => {
    const stage = await inProcessing();
    const mayEnd = deferred();
    const { get } = stage.partsRead;
    stage.partsRead.get = (...asked) => mayEnd.promise.then(() => get.apply(stage.partsRead, asked));
    const validator = stage.validator(0);
    await validator.accept(await requestOf(stage, 0));
    const attempts = [validator.sweep(), validator.sweep()];
    for (let turn = 0; turn < 50; turn++) await new Promise(setImmediate);
    mayEnd.resolve();
    await Promise.all(attempts);
    expect(stage.reductions()).toBe(1);
  });

  it('keeps the key and result of a block until a finalized height has it over', async () => {
    const stage = await inProcessing();
    stage.rehearsal.chain.finalizedBelow = 1;
    const validator = stage.validator(0);
    await validator.accept(await requestOf(stage, 0));
    await validator.sweep();
    const over = stage.rehearsal.collected(0) + 2 * blockSeconds.processing;
    const kept: number[] = [];
    for (const second of [0, 1]) {
      stage.rehearsal.chain.advanceTo(over + second);
      await validator.sweep();
      kept.push(stage.rehearsal.participants[0].validatorDrawer.entries.size);
    }
    expect(kept).toEqual([2, 0]);
  });

  it('forgets key and result of a block that is over', async () => {
    const stage = await inProcessing();
    const validator = stage.validator(0);
    await validator.accept(await requestOf(stage, 0));
    await validator.sweep();
    expect(stage.rehearsal.participants[0].validatorDrawer.entries.size).toBe(2);
    stage.rehearsal.chain.advanceTo(stage.rehearsal.collected(0) + 2 * blockSeconds.processing);
    expect(stage.rehearsal.chain.stage(stage.rehearsal.channelId, 0).stage).toBe('void');
    await validator.sweep();
    expect(stage.rehearsal.participants[0].validatorDrawer.entries.size).toBe(0);
  });
});
