/** What every chain promises, as tests over one opened chain; an adapter's test file calls this and little
 *  else. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Hex } from '#encoding';
import { collectionEnd, stageOf } from '#protocol';
import type { ChainOutcome, ChainSnapshot, DrivenChain } from './chain.js';
import { atOneHeight } from './at-one-height.js';
import type { ChainEvent, EventCursor, EventFilter } from './chain-events.js';
import { ExampleChannel, keyOf, periods, zeroWord } from './testing/example-channel.js';
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
    refuses(chain);
    endsOtherwise(chain);
    agreesOnStages(chain, walks);
  });
}

function movesMoney(chain: () => DrivenChain): void {
  it('takes a block from its parts to money in the hands of the payees', async () => {
    const channel = await ExampleChannel.open(chain(), 'money');
    const { channelId, token, participants, terms } = channel;
    const [payer, seller] = participants;
    done(await payer.account.deposit(channelId, 600n));
    expect(await (await latest(chain())).tokenBalance(token, payer.account.address)).toBe(400n);
    expect((await (await latest(chain())).channel(channelId))?.deposit).toBe(600n);
    expect(await (await latest(chain())).cover(channelId, 0)).toBe(600n);

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
    expect(facts.results).toEqual([given.result]);
    const settled = done(await seller.account.settle(channelId, 0, facts.results[0]));
    const after = await (await latest(chain())).blockFacts(channelId, 0);
    expect(after.settledAtSeconds).toBe(settled.timestampSeconds);
    expect(await (await latest(chain())).stage(channelId, 0)).toBe('settled');

    expect(await (await latest(chain())).balance(token, seller.account.address)).toBe(40n);
    done(await seller.account.withdraw(token, 30n));
    expect(await (await latest(chain())).balance(token, seller.account.address)).toBe(10n);
    expect(await (await latest(chain())).tokenBalance(token, seller.account.address)).toBe(30n);
    expect((await (await latest(chain())).channel(channelId))?.deposit).toBe(559n);
  });

  it('records what the deposit does not suffice for as a debt, which the next deposit pays', async () => {
    const channel = await ExampleChannel.open(chain(), 'debt');
    const { channelId, token, participants } = channel;
    done(await participants[0].account.deposit(channelId, 20n));
    await makeFinal(channel, 0, 4);
    const [result] = (await (await latest(chain())).blockFacts(channelId, 0)).results;
    done(await participants[2].account.settle(channelId, 0, result));
    expect((await (await latest(chain())).channel(channelId))?.debt).toBeGreaterThanOrEqual(21n);
    done(await participants[0].account.deposit(channelId, 100n));
    expect(await (await latest(chain())).balance(token, participants[1].account.address)).toBe(40n);
    expect((await (await latest(chain())).channel(channelId))?.debt).toBe(0n);
  });

  it('pays a requested withdrawal once the blocks before it are over', async () => {
    const channel = await ExampleChannel.open(chain(), 'withdrawal');
    const { channelId, participants, terms, token } = channel;
    const payer = participants[0].account;
    done(await payer.deposit(channelId, 600n));
    await chain().advanceTo(terms.firstBlockStart + 1);
    done(await payer.requestWithdrawal(channelId, 500n));
    expect(await (await latest(chain())).cover(channelId, 0)).toBe(600n);
    expect(await (await latest(chain())).cover(channelId, 1)).toBe(100n);
    expect((await (await latest(chain())).channel(channelId))?.withdrawalRequested).toBe(500n);
    expect(refused(await payer.executeWithdrawal(channelId))).toBe('blocks-not-over');
    // Nobody posts a part: the block is void after collation.
    await chain().advanceTo(collectionEnd(terms, 0) + periods.collationPeriod);
    done(await payer.executeWithdrawal(channelId));
    expect(await (await latest(chain())).balance(token, payer.address)).toBe(500n);
    const closed = done(await participants[1].account.closeChannel(channelId));
    expect((await (await latest(chain())).channel(channelId))?.closedAtSeconds).toBe(closed.timestampSeconds);
    await chain().advanceTo(collectionEnd(terms, 1) + periods.collationPeriod);
    done(await payer.executeWithdrawal(channelId));
    expect(await (await latest(chain())).balance(token, payer.address)).toBe(600n);
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
    const keys = (endpoint: string) => ({
      recordKey: actor.address,
      operatorKey: actor.address,
      encryptionKey: channelKey,
      endpoint,
    });
    expect(
      await (await latest(chain())).keysAt(actor.address, (await chain().time()).timestampSeconds),
    ).toBeUndefined();
    const first = done(await actor.registerParticipant(keys('http://first')));
    expect(await (await latest(chain())).keysAt(actor.address, first.timestampSeconds)).toBeUndefined();
    expect(await (await latest(chain())).keysAt(actor.address, first.timestampSeconds + 1)).toEqual(
      keys('http://first'),
    );
    await chain().advanceTo(first.timestampSeconds + 5);
    const second = done(await actor.registerParticipant(keys('http://second')));
    expect((await (await latest(chain())).keysAt(actor.address, second.timestampSeconds))?.endpoint).toBe(
      'http://first',
    );
    expect((await (await latest(chain())).keysAt(actor.address, second.timestampSeconds + 1))?.endpoint).toBe(
      'http://second',
    );
  });

  it('knows validators by account', async () => {
    const actor = chain().validatorActs(keyOf('validator'));
    expect(await (await latest(chain())).validator(actor.address)).toBeUndefined();
    await chain().fund(actor.address, 100n);
    const facts = { encryptionKey: channelKey, endpoint: 'http://here', bondWei: 60n };
    done(await actor.registerValidator(facts));
    expect(await (await latest(chain())).validator(actor.address)).toEqual({
      account: actor.address,
      ...facts,
    });
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
    const deposited = done(await payer.deposit(channelId, 300n));
    expect(before.height).toBeLessThan(deposited.height);
    expect((await before.channel(channelId))?.deposit).toBe(0n);
    expect(await before.tokenBalance(token, payer.address)).toBe(1_000n);
    expect(await before.cover(channelId, 0)).toBe(0n);
    const after = await latest(chain());
    expect([after.height >= deposited.height, after.id === before.id]).toEqual([true, false]);
    expect((await after.channel(channelId))?.deposit).toBe(300n);
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
    done(await participants[0].account.deposit(channelId, 600n));
    const first = await eventsAfter(chain(), undefined, filter);
    expect(first.kinds).toEqual(['channel-opened', 'deposited']);
    await chain().advanceTo(collectionEnd(terms, 0));
    done(await participants[1].operator.postPart(channelId, 0, channel.part(1)));
    const second = await eventsAfter(chain(), first.cursor, filter);
    expect(second.kinds).toEqual(['part-posted']);
    expect(second.events[0]).toMatchObject({ channelId, blockNumber: 0 });
    expect((await eventsAfter(chain(), second.cursor, filter)).kinds).toEqual([]);
    const opened = first.events[0] as Exclude<ChainEvent, { kind: 'rolled-back' }>;
    const behindOpening = await eventsAfter(chain(), opened.at, filter);
    expect(behindOpening.kinds).toEqual(['deposited', 'part-posted']);
    const parts = await eventsAfter(chain(), undefined, { ...filter, kinds: ['part-posted'] });
    expect(parts.kinds).toEqual(['part-posted']);
  });
}

/** All pages up to the latest height. */
async function eventsAfter(chain: DrivenChain, from: EventCursor | undefined, filter: EventFilter) {
  const events: ChainEvent[] = [];
  for (let cursor = from; ; ) {
    const page = await chain.events(cursor, filter);
    events.push(...page.events);
    cursor = page.cursor;
    if (page.isLast) return { events, cursor, kinds: events.map(({ kind }) => kind) };
  }
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
    expect(refused(await payer.account.deposit(zeroWord, 1n))).toBe('unknown-channel');
    expect(refused(await payer.account.deposit(channelId, 1_000_000n))).toBe('erc20-insufficient-balance');
    expect(refused(await seller.account.requestWithdrawal(channelId, 1n))).toBe('not-payer');
    expect(refused(await stranger.closeChannel(channelId))).toBe('not-participant');
    expect(refused(await seller.account.withdraw(token, 1n))).toBe('balance-too-small');
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
    expect(refused(await channel.commit(0, 1, given))).toBe('seat-taken');
    expect(refused(await channel.reveal(0, 1, given))).toBe('wrong-time');
    expect(refused(await seller.account.settle(channelId, 0, given.result))).toBe('not-final');
    await chain().advanceTo((await chain().time()).timestampSeconds + periods.processingPeriod / 2);
    expect(refused(await channel.commit(0, 2, given))).toBe('wrong-time');
    expect(refused(await channel.reveal(0, 1, channel.result(0, 2, 0b010)))).toBe('commitment-mismatch');
    expect(refused(await channel.reveal(0, 0, overseer))).toBe('valid-parts-not-posted');
    done(await channel.reveal(0, 1, given));
    expect(refused(await channel.reveal(0, 1, given))).toBe('already-revealed');
    const unknown = channel.result(0, 3, 0b010).result.outputHash;
    expect(refused(await payer.account.acceptResult(channelId, 0, unknown))).toBe('result-unknown');
    done(await payer.operator.acceptResult(channelId, 0, given.result.outputHash));
    const [acceptance] = (await (await latest(chain())).blockFacts(channelId, 0)).acceptances;
    expect(acceptance).toEqual({ participant: 0, outputHash: given.result.outputHash });
    await chain().advanceTo((await chain().time()).timestampSeconds + 100);
    const other2 = channel.result(0, 2, 0b010).result;
    expect(refused(await seller.account.settle(channelId, 0, other2))).toBe('output-hash-mismatch');
    done(await seller.account.settle(channelId, 0, given.result));
    expect(refused(await seller.account.settle(channelId, 0, given.result))).toBe('already-settled');
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
      actor.registerParticipant({
        recordKey: actor.address,
        operatorKey: actor.address,
        encryptionKey: channelKey,
        endpoint: `http://${at}`,
      }),
    );
    for (const outcome of await Promise.all(acts)) done(outcome);
    const now = (await chain().time()).timestampSeconds;
    expect((await (await latest(chain())).keysAt(actor.address, now + 1))?.endpoint).toBe('http://11');
  });
}

function endsOtherwise(chain: () => DrivenChain): void {
  it('extends once when nobody reveals, takes an own result there, and settles it after the challenge', async () => {
    const channel = await ExampleChannel.open(chain(), 'extension');
    const { channelId, participants, terms } = channel;
    const start = collectionEnd(terms, 0) + periods.collationPeriod;
    await chain().advanceTo(collectionEnd(terms, 0));
    done(await participants[2].operator.postPart(channelId, 0, channel.part(2)));
    await chain().advanceTo(start);
    const { result, opening } = channel.result(0, 2, 0b100);
    expect(refused(await participants[2].operator.revealOwnResult(channelId, 0, result, opening))).toBe(
      'wrong-time',
    );
    await chain().advanceTo(start + periods.processingPeriod);
    done(await participants[2].operator.revealOwnResult(channelId, 0, result, opening));
    expect((await (await latest(chain())).blockFacts(channelId, 0)).ownResults).toEqual([
      {
        participant: 2,
        outputHash: result.outputHash,
        revealedAtSeconds: (await chain().time()).timestampSeconds,
      },
    ]);
    await chain().advanceTo(start + 2 * periods.processingPeriod);
    expect(await (await latest(chain())).stage(channelId, 0)).toBe('challenge');
    await chain().advanceTo(start + 2 * periods.processingPeriod + periods.challengePeriod);
    done(await participants[2].operator.settle(channelId, 0, result));
  });

  it('lets a participant contest with a bond in the challenge period; the dispute ends by its rule', async () => {
    const channel = await ExampleChannel.open(chain(), 'contest');
    const { channelId, participants, terms } = channel;
    const start = collectionEnd(terms, 0) + periods.collationPeriod;
    await chain().advanceTo(collectionEnd(terms, 0));
    for (const at of [0, 1]) done(await participants[at].operator.postPart(channelId, 0, channel.part(at)));
    await chain().advanceTo(start);
    const given = channel.result(0, 1, 0b001);
    done(await channel.commit(0, 0, given));
    await chain().advanceTo(start + periods.processingPeriod / 2);
    done(await channel.reveal(0, 0, given));
    await chain().advanceTo(start + periods.processingPeriod);
    const fuller = channel.result(0, 9, 0b011);
    done(await participants[1].account.revealOwnResult(channelId, 0, fuller.result, fuller.opening));
    expect(await (await latest(chain())).stage(channelId, 0)).toBe('dispute');
    const facts = await (await latest(chain())).blockFacts(channelId, 0);
    expect(facts.results.map((one) => one.outputHash)).toEqual([
      given.result.outputHash,
      fuller.result.outputHash,
    ]);
    await chain().advanceTo(Number(facts.disputedAtSeconds) + periods.disputeMax);
    expect(stageOf(terms, 0, facts, (await chain().time()).timestampSeconds)).toMatchObject({
      finalOutputHash: fuller.result.outputHash,
    });
    expect(refused(await participants[0].account.settle(channelId, 0, given.result))).toBe(
      'output-hash-mismatch',
    );
    done(await participants[0].account.settle(channelId, 0, fuller.result));
  });

  it('gives the bonds of a void block back, once', async () => {
    const channel = await ExampleChannel.open(chain(), 'void');
    const { channelId, participants, terms } = channel;
    const start = collectionEnd(terms, 0) + periods.collationPeriod;
    await chain().advanceTo(collectionEnd(terms, 0));
    done(await participants[0].operator.postPart(channelId, 0, channel.part(0)));
    await chain().advanceTo(start);
    done(await channel.commit(0, 0, channel.result(0, 1, 0b001)));
    await chain().advanceTo(start + 2 * periods.processingPeriod);
    expect(await (await latest(chain())).stage(channelId, 0)).toBe('void');
    done(await participants[1].account.releaseBonds(channelId, 0));
    expect(refused(await participants[1].account.releaseBonds(channelId, 0))).toBe('bonds-already-released');
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

/** Parts and equal results of all seats. */
async function makeFinal(channel: ExampleChannel, blockNumber: number, variant: number): Promise<void> {
  const { chain, channelId, participants, terms } = channel;
  await chain.advanceTo(collectionEnd(terms, blockNumber));
  const each = async (act: (index: number) => Promise<ChainOutcome>): Promise<void> => {
    for (const outcome of await Promise.all(participants.map((_, index) => act(index)))) done(outcome);
  };
  await each((index) => participants[index].operator.postPart(channelId, blockNumber, channel.part(index)));
  const given = channel.result(blockNumber, variant, 0b111);
  await each((index) => channel.commit(blockNumber, index, given));
  await each((index) => channel.reveal(blockNumber, index, given));
}

function done(outcome: ChainOutcome): Extract<ChainOutcome, { ok: true }> {
  if (!outcome.ok) throw new Error(`refused: ${outcome.message}`);
  return outcome;
}

/** The facts as they are now. */
function latest(chain: DrivenChain): Promise<ChainSnapshot> {
  return chain.snapshot({ finality: 'latest' });
}

function refused(outcome: ChainOutcome): string {
  return outcome.ok ? 'done' : outcome.code;
}
