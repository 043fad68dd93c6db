/** What every chain promises, as tests over one opened chain; an adapter's test file calls this and little
 *  else. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { addressOf } from '#crypto';
import type { Hex } from '#encoding';
import { collectionEnd } from '#protocol';
import { atOneHeight } from './at-one-height.js';
import type { DrivenChain } from './chain.js';
import type { ChainEvent } from './chain-events.js';
import { accusesTrees } from './testing/accusations.js';
import { done, eventsAfter, latest, lineOf, refused } from './testing/answers.js';
import { endsBlocks, makeFinal } from './testing/block-ends.js';
import { showsDraws } from './testing/draws.js';
import {
  ExampleChannel,
  keyOf,
  noKeys,
  periods,
  registerKeys,
  stakeWeiMin,
  zeroWord,
} from './testing/example-channel.js';
import { quarrelsOverParts } from './testing/part-quarrels.js';
import { asksPanels } from './testing/panels.js';
import { questionsParts } from './testing/part-questions.js';
import { everyStep, walkThrough } from './testing/random-walk.js';

export interface OpenedChain {
  readonly port: DrivenChain;
  close(): Promise<void>;
}

/** `walks`: how many random walks hold the contracts' stage against `stageOf`. */
export function chainConformance(name: string, open: () => Promise<OpenedChain>, walks: number): void {
  describe(`${name} as a chain`, () => {
    let opened: OpenedChain;
    beforeAll(async () => {
      opened = await open();
    });
    afterAll(() => opened.close());

    const chain = (): DrivenChain => opened.port;
    movesMoney(chain);
    remembers(chain);
    readsOneHeight(chain);
    tellsWhatHappened(chain);
    showsDraws(chain);
    refuses(chain);
    endsBlocks(chain);
    quarrelsOverParts(chain);
    accusesTrees(chain);
    questionsParts(chain);
    asksPanels(open);
    agreesOnStages(chain, walks);
  });
}

function movesMoney(chain: () => DrivenChain): void {
  it('takes a block from its parts to money in the hands of the payees', async () => {
    const channel = await ExampleChannel.open(chain(), 'money');
    const { channelId, token, participants, terms } = channel;
    const [payer, seller] = participants;
    done(await payer.account.deposit(channelId, 1, 600n));
    expect(await (await latest(chain())).tokenBalance(token, payer.account.address)).toBe(400n);
    expect(await lineOf(chain(), channelId, 1)).toEqual({
      ...{ payee: 1, amount: 600n, debt: 0n, requested: 0n, blockMax: 1_000n },
    });
    expect(await (await latest(chain())).cover(channelId, 0, 1)).toBe(600n);
    expect(await (await latest(chain())).cover(channelId, 0, 2)).toBe(0n);

    await chain().advanceTo(collectionEnd(terms, 0));
    for (const [index, one] of participants.entries()) {
      done(await one.operator.postPart(channelId, 0, channel.part(index)));
    }
    expect(await (await latest(chain())).stage(channelId, 0)).toBe('processing');
    const given = channel.result(0, 4, 0b111);
    for (const index of participants.keys()) done(await channel.commit(0, index, given));
    for (const index of participants.keys()) done(await channel.reveal(0, index, given));
    expect(await (await latest(chain())).stage(channelId, 0)).toBe('final');

    const facts = await (await latest(chain())).blockFacts(channelId, 0);
    expect(facts.parts.map((part) => part.partRoot)).toEqual(
      [0, 1, 2].map((at) => channel.part(at).partRoot),
    );
    expect(facts.seats.map((seat) => seat.validator)).toEqual(
      participants.map((one) => one.validator.address),
    );
    expect(facts.results).toMatchObject([{ ...given.result, isGone: false }]);
    const settled = done(await seller.account.settle(channelId, 0, facts.results));
    const after = await (await latest(chain())).blockFacts(channelId, 0);
    expect(after.settledAtSeconds).toBe(settled.timestampSeconds);
    expect(await (await latest(chain())).stage(channelId, 0)).toBe('settled');

    expect(await (await latest(chain())).balance(token, seller.account.address)).toBe(40n);
    done(await seller.account.withdraw(token, seller.account.address, 30n));
    expect(await (await latest(chain())).balance(token, seller.account.address)).toBe(10n);
    expect(await (await latest(chain())).tokenBalance(token, seller.account.address)).toBe(30n);
    expect((await lineOf(chain(), channelId, 1)).amount).toBe(560n);
    // Who has no line yet is owed.
    expect(await lineOf(chain(), channelId, 2)).toMatchObject({ amount: 0n, debt: 1n });
  });

  it('records what a line does not suffice for as a debt, which the next deposit serves', async () => {
    const channel = await ExampleChannel.open(chain(), 'debt');
    const { channelId, token, participants } = channel;
    done(await participants[0].account.deposit(channelId, 1, 20n));
    await makeFinal(channel, 0, 4);
    const { results } = await (await latest(chain())).blockFacts(channelId, 0);
    done(await participants[2].account.settle(channelId, 0, results));
    expect(await lineOf(chain(), channelId, 1)).toMatchObject({ amount: 0n, debt: 20n });
    const seller = participants[1].account;
    expect(refused(await seller.serveDebt(channelId, 1))).toBe('nothing-free');
    await chain().mint(token, participants[2].account.address, 21n);
    done(await participants[2].account.payDebt(channelId, 1, 5n));
    expect(await (await latest(chain())).balance(token, seller.address)).toBe(25n);
    // No more than the debt is taken.
    done(await participants[2].account.payDebt(channelId, 1, 16n));
    expect(await (await latest(chain())).balance(token, seller.address)).toBe(40n);
    expect(refused(await participants[2].account.payDebt(channelId, 1, 1n))).toBe('debt-too-small');
    // The started block that is not over keeps its reserve: what lies above it serves the debt.
    await chain().mint(token, participants[0].account.address, 2_000n);
    done(await participants[0].account.deposit(channelId, 1, 2_000n));
    expect(await (await latest(chain())).balance(token, participants[1].account.address)).toBe(40n);
    expect(await lineOf(chain(), channelId, 1)).toMatchObject({ amount: 2_000n, debt: 0n });
  });

  it('pays a requested withdrawal once the blocks that its notice covers are over', async () => {
    const channel = await ExampleChannel.open(chain(), 'withdrawal', 10_000n);
    const { channelId, participants, terms, token } = channel;
    const [payer, seller] = participants.map((one) => one.account);
    done(await payer.deposit(channelId, 1, 9_000n));
    await chain().advanceTo(terms.firstBlockStart + 1);
    done(await payer.requestWithdrawal(channelId, 1, 500n));
    // Two blocks start within the notice and keep their cover.
    const covers = [0, 1, 2, 3].map(async (at) => (await latest(chain())).cover(channelId, at, 1));
    expect(await Promise.all(covers)).toEqual([1_000n, 1_000n, 1_000n, 1_000n]);
    const { requestedAtSeconds, ...line } = await lineOf(chain(), channelId, 1);
    expect(requestedAtSeconds).toBeGreaterThan(terms.firstBlockStart);
    expect(line).toEqual({ payee: 1, amount: 9_000n, debt: 0n, requested: 500n, blockMax: 1_000n });
    expect(refused(await payer.executeWithdrawal(channelId, 1))).toBe('blocks-not-over');
    // Nobody posts a part: the blocks are void after collation.
    await chain().advanceTo(collectionEnd(terms, 2) + periods.collationPeriod);
    done(await payer.executeWithdrawal(channelId, 1));
    expect(await (await latest(chain())).balance(token, payer.address)).toBe(500n);
    done(await seller.release(channelId, 300n));
    expect(await (await latest(chain())).balance(token, payer.address)).toBe(800n);
    const closed = done(await seller.closeChannel(channelId));
    expect((await (await latest(chain())).channel(channelId))?.closedAtSeconds).toBe(closed.timestampSeconds);
    await chain().advanceTo(collectionEnd(terms, 4) + periods.collationPeriod);
    done(await payer.executeWithdrawal(channelId, 1));
    expect(await (await latest(chain())).balance(token, payer.address)).toBe(9_000n);
    expect((await lineOf(chain(), channelId, 1)).amount).toBe(0n);
  });

  it('keeps wei for bonds apart by what it is for', async () => {
    const [account, validator] = [keyOf('wei account'), keyOf('wei validator')];
    const [acts, stakes] = [chain().participantActs(account), chain().validatorActs(validator)];
    for (const { address } of [acts, stakes]) await chain().fund(address, 10n ** 18n);
    done(await acts.depositWei(acts.address, 70n));
    done(await stakes.registerValidator({ ...someValidator, stakeWei: stakeWeiMin }));
    const now = await latest(chain());
    expect(await now.weiAccount(acts.address)).toEqual({ freeWei: 70n, stakeWei: 0n, lockedWei: 0n });
    expect(await now.weiAccount(stakes.address)).toEqual({
      ...{ freeWei: 0n, stakeWei: stakeWeiMin, lockedWei: 0n },
    });
    expect(refused(await stakes.completeExit())).toBe('nothing-announced');
    done(await stakes.announceExit(stakeWeiMin));
    expect(refused(await stakes.completeExit())).toBe('exit-too-early');
    expect(await (await latest(chain())).validator(stakes.address)).toMatchObject({ exitWei: stakeWeiMin });
  });
}

function remembers(chain: () => DrivenChain): void {
  it('gives back the terms and boxes as they were opened, and lists the channel', async () => {
    const channel = await ExampleChannel.open(chain(), 'terms');
    const facts = await (await latest(chain())).channel(channel.channelId);
    expect(facts?.terms).toEqual(channel.terms);
    expect(facts?.boxes).toEqual(channel.boxes);
    expect(facts?.closedAtSeconds).toBeUndefined();
    const payer = channel.participants[0].account.address;
    expect(await chain().channelsOf(payer)).toEqual([channel.channelId]);
    expect(await (await latest(chain())).channel(zeroWord)).toBeUndefined();
  });

  it('counts a key from the second after its registration, and keeps those before', async () => {
    const actor = chain().participantActs(keyOf('keeper'));
    const keys = (endpoint: string) => ({ ...noKeys, endpoint });
    expect(
      await (await latest(chain())).keysAt(actor.address, (await chain().time()).timestampSeconds),
    ).toBeUndefined();
    const first = done(await actor.registerParticipant(keys('http://first'), {}));
    expect(await (await latest(chain())).keysAt(actor.address, first.timestampSeconds)).toBeUndefined();
    expect(await (await latest(chain())).keysAt(actor.address, first.timestampSeconds + 1)).toEqual(
      keys('http://first'),
    );
    await chain().advanceTo(first.timestampSeconds + 5);
    const second = done(await actor.registerParticipant(keys('http://second'), {}));
    expect((await (await latest(chain())).keysAt(actor.address, second.timestampSeconds))?.endpoint).toBe(
      'http://first',
    );
    expect((await (await latest(chain())).keysAt(actor.address, second.timestampSeconds + 1))?.endpoint).toBe(
      'http://second',
    );
  });

  it('takes a key only with its own signature, and counts the registrations', async () => {
    const [account, record, operator] = ['proven', 'proven record', 'proven operator'].map(keyOf);
    const keys = {
      recordKey: addressOf(record),
      operatorKey: addressOf(operator),
      ...{ encryptionKey: channelKey, endpoint: '' },
    };
    expect(refused(await registerKeys(chain(), account, { ...keys, record }))).toBe('possession-not-proven');
    expect(refused(await registerKeys(chain(), account, { ...keys, record, operator: record }))).toBe(
      'possession-not-proven',
    );
    done(await registerKeys(chain(), account, { ...keys, record, operator }));
    done(await registerKeys(chain(), account, { ...keys, endpoint: 'http://new' }));
    expect(await (await latest(chain())).registrationCount(addressOf(account))).toBe(2n);
    const another = keyOf('proven by another');
    expect(refused(await registerKeys(chain(), another, { ...keys, record, operator }))).toBe('key-in-use');
  });

  it('knows validators by account, and whom an account named as its own', async () => {
    const actor = chain().validatorActs(keyOf('validator'));
    expect(await (await latest(chain())).validator(actor.address)).toBeUndefined();
    await chain().fund(actor.address, 10n ** 18n);
    const facts = { ...someValidator, leastFeeWei: 7n, stakeWei: stakeWeiMin };
    expect(refused(await actor.registerValidator({ ...facts, stakeWei: 1n }))).toBe('stake-too-small');
    done(await actor.registerValidator(facts));
    expect(await (await latest(chain())).validator(actor.address)).toEqual({
      account: actor.address,
      ...facts,
      exitWei: 0n,
    });
    const account = chain().participantActs(keyOf('who names'));
    const since = async () => (await latest(chain())).ownValidatorSince(account.address, actor.address);
    expect(await since()).toBeUndefined();
    const named = done(await account.nameValidator(actor.address, true));
    expect(await since()).toBe(named.timestampSeconds);
    done(await account.nameValidator(actor.address, false));
    expect(await since()).toBeUndefined();
  });

  it('wakes whoever listens after every height, until it stops listening', async () => {
    let wakes = 0;
    const stop = chain().subscribe(() => {
      wakes += 1;
    });
    // A listener that asks at intervals may miss heights, never the last one.
    for (const wanted of [1, 2, 3]) {
      while (wakes < wanted) await chain().advanceTo((await chain().time()).timestampSeconds + 1);
    }
    stop();
    const heard = wakes;
    for (const second of [1, 2, 3]) await chain().advanceTo((await chain().time()).timestampSeconds + second);
    expect(wakes).toBe(heard);
  });

  it('never goes back in time', async () => {
    const { timestampSeconds } = await chain().time();
    await expect(chain().advanceTo(timestampSeconds - 1)).rejects.toThrow('cannot go back');
    await chain().advanceTo(timestampSeconds + 7);
    expect((await chain().time()).timestampSeconds).toBe(timestampSeconds + 7);
  });
}

function readsOneHeight(chain: () => DrivenChain): void {
  it('reads everything of a snapshot at its height, whatever came since', async () => {
    const channel = await ExampleChannel.open(chain(), 'one height');
    const { channelId, participants, token } = channel;
    const payer = participants[0].account;
    const before = await latest(chain());
    const deposited = done(await payer.deposit(channelId, 1, 300n));
    expect(before.height).toBeLessThan(deposited.height);
    expect((await before.channel(channelId))?.lines[0].amount).toBe(0n);
    expect(await before.tokenBalance(token, payer.address)).toBe(1_000n);
    expect(await before.cover(channelId, 0, 1)).toBe(0n);
    const after = await latest(chain());
    expect([after.height >= deposited.height, after.id === before.id]).toEqual([true, false]);
    expect((await after.channel(channelId))?.lines[0].amount).toBe(300n);
    expect((await latest(chain())).id).toBe(after.id);
  });

  it('says so when a snapshot has gone, and a reading that begins anew gets through', async () => {
    const channel = await ExampleChannel.open(chain(), 'gone');
    let taken = 0;
    const read = atOneHeight(async () => {
      const snapshot = await latest(chain());
      for (let height = 0; height < 40 && taken === 0; height++) {
        await chain().advanceTo((await chain().time()).timestampSeconds + 1);
      }
      taken += 1;
      return snapshot.channel(channel.channelId);
    });
    expect((await read)?.terms).toEqual(channel.terms);
    expect(taken).toBe(2);
  });

  it('has a finalized height, whose facts do not go away', async () => {
    const channel = await ExampleChannel.open(chain(), 'final');
    const finalized = await chain().snapshot({ finality: 'finalized' });
    const safe = await chain().snapshot({ finality: 'safe' });
    expect(finalized.height).toBeLessThanOrEqual(safe.height);
    expect(safe.height).toBeLessThanOrEqual((await chain().time()).height);
    expect((await finalized.channel(channel.channelId))?.channelId).toBe(channel.channelId);
  });

  it('knows what a key has for gas and should have', async () => {
    const { address } = chain().participantActs(keyOf('gas'));
    expect((await chain().gasBalance(address)).balanceWei).toBe(0n);
    await chain().fund(address, 77n);
    const { balanceWei, reserveWei } = await chain().gasBalance(address);
    expect(balanceWei).toBe(77n);
    expect(reserveWei).toBeGreaterThanOrEqual(0n);
  });

  it('finds the channels of an account once, however many ask at the same time', async () => {
    const channel = await ExampleChannel.open(chain(), 'found');
    const [{ account }, { account: seller }] = channel.participants;
    const asked = [account, seller, account, account].map(({ address }) => chain().channelsOf(address));
    for (const found of await Promise.all(asked)) expect(found).toEqual([channel.channelId]);
    expect(await chain().channelsOf(account.address)).toEqual([channel.channelId]);
    expect(await chain().channelsOf(chain().participantActs(keyOf('nobody')).address)).toEqual([]);
  });
}

function tellsWhatHappened(chain: () => DrivenChain): void {
  it('tells what happened in order, a page at a time, from where a reader stopped', async () => {
    const channel = await ExampleChannel.open(chain(), 'events');
    const { channelId, participants, terms } = channel;
    const filter = { channelIds: [channelId] };
    done(await participants[0].account.deposit(channelId, 1, 600n));
    const first = await eventsAfter(chain(), undefined, filter);
    expect(first.kinds).toEqual(['channel-opened', 'token-moved']);
    await chain().advanceTo(collectionEnd(terms, 0));
    done(await participants[1].operator.postPart(channelId, 0, channel.part(1)));
    const second = await eventsAfter(chain(), first.cursor, filter);
    expect(second.kinds).toEqual(['part-posted']);
    expect(second.events[0]).toMatchObject({ channelId, blockNumber: 0 });
    expect((await eventsAfter(chain(), second.cursor, filter)).kinds).toEqual([]);
    const opened = first.events[0] as Exclude<ChainEvent, { kind: 'rolled-back' }>;
    const behindOpening = await eventsAfter(chain(), opened.at, filter);
    expect(behindOpening.kinds).toEqual(['token-moved', 'part-posted']);
    const parts = await eventsAfter(chain(), undefined, { ...filter, kinds: ['part-posted'] });
    expect(parts.kinds).toEqual(['part-posted']);
  });
}

function refuses(chain: () => DrivenChain): void {
  it('refuses by name, and leaves the facts as they were', async () => {
    const channel = await ExampleChannel.open(chain(), 'refusals');
    const { channelId, participants, terms, signatures, boxes, token } = channel;
    const [payer, seller] = participants;
    const stranger = chain().participantActs(keyOf('stranger'));
    expect(refused(await payer.account.openChannel(terms, signatures, boxes))).toBe('channel-already-open');
    const other = { ...terms, salt: zeroWord };
    expect(refused(await payer.account.openChannel(other, signatures, boxes))).toBe('signature-refused');
    expect(refused(await payer.account.deposit(zeroWord, 1, 1n))).toBe('unknown-channel');
    expect(refused(await payer.account.deposit(channelId, 1, 1_000_000n))).toBe('erc20-insufficient-balance');
    expect(refused(await seller.account.requestWithdrawal(channelId, 1, 1n))).toBe('not-payer');
    expect(refused(await stranger.closeChannel(channelId))).toBe('not-participant');
    expect(refused(await payer.account.release(channelId, 1n))).toBe('not-payee');
    const { address } = seller.account;
    expect(refused(await seller.account.withdraw(token, address, 1n))).toBe('balance-too-small');
    expect(refused(await seller.operator.postPart(channelId, 0, channel.part(1)))).toBe('wrong-stage');
    expect(refused(await seller.operator.postPart(channelId, 5, channel.part(1)))).toBe('unknown-block');

    await chain().advanceTo(collectionEnd(terms, 0));
    expect(refused(await stranger.postPart(channelId, 0, channel.part(1)))).toBe('not-participant');
    done(await seller.operator.postPart(channelId, 0, channel.part(1)));
    const before = await (await latest(chain())).blockFacts(channelId, 0);
    done(await seller.account.postPart(channelId, 0, channel.part(1)));
    expect(refused(await seller.operator.postPart(channelId, 0, channel.part(2)))).toBe(
      'part-already-posted',
    );
    expect(await (await latest(chain())).blockFacts(channelId, 0)).toEqual(before);

    await chain().advanceTo(collectionEnd(terms, 0) + periods.collationPeriod);
    const given = channel.result(0, 1, 0b010);
    const overseer = channel.result(0, 1, 0b110);
    expect(refused(await channel.reveal(0, 1, given))).toBe('seat-empty');
    const wrongPath = channel.keyPath(1);
    const delegation = channel.delegation(0, 1, true);
    expect(refused(await seller.validator.commitResult(delegation, wrongPath, zeroWord))).toBe(
      'key-commitment-not-proven',
    );
    const unsigned = { ...delegation, nonce: 2n };
    expect(refused(await seller.validator.commitResult(unsigned, channel.keyPath(0), zeroWord))).toBe(
      'delegation-signature-refused',
    );
    done(await channel.commit(0, 1, given));
    done(await channel.commit(0, 0, overseer));
    expect(refused(await channel.commit(0, 1, given))).toBe('nonce-too-low');
    expect(refused(await channel.reveal(0, 1, given))).toBe('wrong-time');
    expect(refused(await seller.account.settle(channelId, 0, [given.result]))).toBe('not-final');
    await chain().advanceTo((await chain().time()).timestampSeconds + periods.processingPeriod / 2);
    expect(refused(await channel.commit(0, 2, given))).toBe('wrong-time');
    expect(refused(await channel.reveal(0, 1, channel.result(0, 2, 0b010)))).toBe('commitment-mismatch');
    expect(refused(await channel.reveal(0, 0, overseer))).toBe('valid-parts-not-posted');
    done(await channel.reveal(0, 1, given));
    expect(refused(await channel.reveal(0, 1, given))).toBe('already-revealed');
    const unknown = channel.result(0, 3, 0b010).result.outputHash;
    expect(refused(await payer.account.acceptResult(channelId, 0, 0, unknown))).toBe('result-unknown');
    const { outputHash } = given.result;
    expect(refused(await payer.operator.acceptResult(channelId, 0, 0, outputHash))).toBe('not-participant');
    done(await payer.validator.acceptResult(channelId, 0, 0, outputHash));
    const [acceptance] = (await (await latest(chain())).blockFacts(channelId, 0)).acceptances;
    expect(acceptance).toEqual({ participant: 0, outputHash });
    await chain().advanceTo((await chain().time()).timestampSeconds + 100);
    const other2 = channel.result(0, 2, 0b010).result;
    expect(refused(await seller.account.settle(channelId, 0, [other2]))).toBe('output-hash-mismatch');
    expect(refused(await seller.account.settle(channelId, 0, []))).toBe('results-mismatch');
    done(await seller.account.settle(channelId, 0, [given.result]));
    expect(refused(await seller.account.settle(channelId, 0, [given.result]))).toBe('already-ended');
  });

  it('answers acts of one moment that exclude each other: one is done, the other refused by name', async () => {
    const channel = await ExampleChannel.open(chain(), 'rivals');
    const { channelId, participants } = channel;
    await chain().advanceTo(collectionEnd(channel.terms, 0));
    const [, { account, operator }] = participants;
    const outcomes = await Promise.all([
      operator.postPart(channelId, 0, channel.part(1)),
      account.postPart(channelId, 0, channel.part(2)),
    ]);
    const codes = outcomes.map((outcome) => (outcome.ok ? 'done' : outcome.code));
    expect(codes.sort()).toEqual(['done', 'part-already-posted']);
  });

  it('keeps the order of many acts of one key', async () => {
    const actor = chain().participantActs(keyOf('busy'));
    const acts = Array.from({ length: 12 }, (_, at) =>
      actor.registerParticipant({ ...noKeys, endpoint: `http://${at}` }, {}),
    );
    for (const outcome of await Promise.all(acts)) done(outcome);
    const now = (await chain().time()).timestampSeconds;
    expect((await (await latest(chain())).keysAt(actor.address, now + 1))?.endpoint).toBe('http://11');
  });
}

function agreesOnStages(chain: () => DrivenChain, walks: number): void {
  it('has the stage that stageOf computes from its facts, and takes an act exactly when stageOf allows it', async () => {
    let walk = 0;
    const steps = fc.array(everyStep, { minLength: 70, maxLength: 70 });
    await fc.assert(
      fc.asyncProperty(steps, async (taken) => {
        walk += 1;
        const channel = await ExampleChannel.open(chain(), `walk ${walk}`);
        await walkThrough(channel, taken);
      }),
      // A walk cannot be walked backward, and shrinking it would take minutes: the seed repeats it.
      { numRuns: walks, endOnFailure: true },
    );
  });
}

const channelKey: Hex = `0x${'07'.repeat(32)}`;
const someValidator = { encryptionKey: channelKey, endpoint: 'http://here', leastFeeWei: 0n };
