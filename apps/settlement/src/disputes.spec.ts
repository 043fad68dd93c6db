/** The settlement service in disputes on a simulated chain: what it says, when others have said something. */
import { describe, expect, it } from '@jest/globals';
import { reduceInMemory } from '#block-reduction/reduce-in-memory';
import { blockSeconds, Rehearsal } from '#block-watch/testing/rehearsal';
import type { Said } from '#block-watch/testing/simulated-disputes';
import { blockKeysOf, postPart, type StoredPart, storePart } from '#block-watch/testing/stored-part';
import { sha256 } from '#crypto';
import { SumTree } from '#dispute';
import { fromHex, toHex } from '#encoding';
import { type Log, silentLog } from '#environment';
import { openInProcessJobQueue } from '#job-queue/in-process-job-queue';
import {
  type AccusationFacts,
  bondWei,
  isDue,
  type KnownResult,
  type PanelFacts,
  type QuestionedPartFacts,
  segmentRootOf,
} from '#protocol';
import { Settlement, type SettlementOptions } from './settlement.js';

const me = 0;
const liar = 1;
const { processing, challenge } = blockSeconds;
const others = '0x02' as const;

/** The settlement service of participant 0, whose own result stands; participant 1 revealed another. */
class Stage {
  readonly rehearsal: Rehearsal;
  readonly told: Record<string, unknown>[] = [];
  readonly limits: Partial<SettlementOptions>;
  /** What is posted by participant 2. */
  readonly part: StoredPart;
  #settlement: Settlement;

  private constructor(rehearsal: Rehearsal, part: StoredPart, limits: Partial<SettlementOptions>) {
    this.rehearsal = rehearsal;
    this.part = part;
    this.limits = limits;
    this.#settlement = this.#open();
  }

  /** `spoil` changes the sealed segments of participant 2; the others' results count these parts. */
  static async open(
    scene: {
      readonly spoil?: (sealed: Uint8Array, at: number) => Uint8Array;
      /** What participant 2 posts; what all post if absent. */
      readonly batches?: (rehearsal: Rehearsal) => readonly Uint8Array[];
      readonly isLost?: boolean;
      readonly othersParts?: number;
      readonly limits?: Partial<SettlementOptions>;
    } = {},
  ): Promise<Stage> {
    const rehearsal = new Rehearsal();
    const batches = [0, 1, 2].map((author) => rehearsal.batch(0, author, 1));
    const good = await storePart(rehearsal, batches);
    const part = await storePart(rehearsal, scene.batches?.(rehearsal) ?? batches, scene.spoil);
    rehearsal.chain.advanceTo(rehearsal.collected(0));
    for (const [one, posted] of [good, good, part].entries()) await postPart(rehearsal, one, posted);
    const stage = new Stage(rehearsal, part, scene.limits ?? {});
    if (scene.isLost === true) stage.lose(true);
    await stage.#dispute(scene.othersParts ?? 7);
    return stage;
  }

  /** V, the end of processing. */
  get start(): number {
    return this.rehearsal.collected(0) + processing;
  }

  get said(): readonly Said[] {
    return this.rehearsal.chain.disputes.said;
  }

  get acts(): readonly string[] {
    return this.said.map(({ act }) => act);
  }

  get notices(): readonly unknown[] {
    return this.told.map(({ notice }) => notice).filter((notice) => `${notice}`.startsWith('dispute-'));
  }

  /** So long after the dispute began, once nothing is left to do. */
  async at(seconds: number): Promise<void> {
    this.rehearsal.chain.advanceTo(this.start + seconds);
    await this.sweep();
  }

  async sweep(): Promise<void> {
    for (let left = 6; left > 0; left--) if ((await this.#settlement.sweep()) === 0) return;
  }

  /** What is due now, with its lane. */
  async games(): Promise<readonly string[]> {
    const dues = await this.#settlement.dues();
    return dues.filter(({ due }) => isDue(due)).map(({ kind, about }) => `${kind} ${about}`);
  }

  restart(): void {
    this.#settlement = this.#open();
  }

  accused(more: Partial<AccusationFacts>): void {
    const { chain, channelId, participants } = this.rehearsal;
    const [, own] = chain.facts(channelId, 0).results;
    const accusation: AccusationFacts = {
      ...{ resultIndex: 1, slot: liar, accuser: participants[liar].account, turn: 'opening' },
      untilSeconds: chain.nowSeconds + 5,
      result: { ...own, settlementRoot: fromHex(own.settlementRoot) },
      ...{ nodes: [], leaves: [], named: { level: 2, index: 0 }, doubted: undefined, ...more },
    };
    const mine = { ...accusation, resultIndex: 0, slot: me };
    chain.disputes.put(channelId, 0, { accusations: [mine, accusation] });
  }

  /** Those of a part of which its store lost a segment; or has it again. */
  lose(isLost: boolean): void {
    const name = Buffer.from(sha256(this.part.sealed[0])).toString('hex');
    if (isLost) this.rehearsal.parts.blocks.delete(name);
    else this.rehearsal.parts.blocks.set(name, this.part.sealed[0]);
  }

  /** A panel of three was drawn so long ago and says this of part 2. */
  judged(secondsAgo: number, isHeld: boolean, more: Partial<PanelFacts> = {}): void {
    const { chain, participants } = this.rehearsal;
    const drawnAtSeconds = chain.nowSeconds - secondsAgo;
    const members = [0, 1, 2].map(() => ({ account: participants[liar].validator, isHeld }));
    const round = { seedHeight: 1, namedAtSeconds: drawnAtSeconds - 3, drawnAtSeconds, members };
    const panel = { asker: participants[me].account, rounds: [round], isOver: false, ...more };
    this.asked({ isPanelAsked: true, panel });
    const dispute = { openAccusations: 0, openQuestions: 1 };
    chain.put(this.rehearsal.channelId, 0, { dispute });
  }

  asked(more: Partial<QuestionedPartFacts>): void {
    const { chain, channelId } = this.rehearsal;
    const part = { part: 2, isStruck: false, askedRows: 0, isPanelAsked: false, questions: [], rows: [] };
    chain.disputes.put(channelId, 0, { parts: [{ ...part, ...more }] });
  }

  /** What the own computation gives was revealed by participant 0, and something else by participant 1. */
  async #dispute(othersParts: number): Promise<void> {
    const { chain, channelId } = this.rehearsal;
    chain.advanceTo(this.start - processing / 2);
    const lie: KnownResult = {
      ...{ outputHash: others, settlementRoot: others, impressionCount: 9n, amountWords: [others] },
      ...{ validParts: othersParts, firstRevealedAtSeconds: chain.nowSeconds, isGone: false },
    };
    const lies = { participant: liar, outputHash: others, revealedAtSeconds: chain.nowSeconds };
    chain.put(channelId, 0, { results: [lie], ownResults: [lies] });
    // What is said about it is told by the tests.
    chain.disputes.put(channelId, 0, {});
    chain.advanceTo(this.start);
    await this.#settlement.sweep();
    const { results } = chain.facts(channelId, 0);
    if (results.length > 1) return;
    const third: KnownResult = { ...lie, outputHash: '0x03', amountWords: ['0x03'], validParts: 3 };
    chain.put(channelId, 0, { results: [lie, third], disputedAtSeconds: this.start });
  }

  #open(): Settlement {
    const { rehearsal } = this;
    const log: Log = { ...silentLog, error: (fields) => this.told.push(fields as Record<string, unknown>) };
    const { encryptionSecret } = rehearsal.participants[me];
    const partStore = rehearsal.partStore();
    return new Settlement(
      { ...rehearsal.participants[me], sweepIntervalMs: 1_000, ...this.limits },
      {
        ...{ chain: rehearsal.chain.port(), jobQueue: openInProcessJobQueue({ log: silentLog }), log },
        ownComputing: {
          ...{ encryptionSecret, keyValue: rehearsal.keyValue(me), partStores: [partStore] },
          reduceBlock: reduceInMemory(partStore),
        },
      },
    );
  }
}

describe('a settlement service in a dispute', () => {
  it('accuses what differs, and of its own result opens what is asked, also after a restart', async () => {
    const stage = await Stage.open();
    await stage.at(1);
    const { participants, channelId } = stage.rehearsal;
    expect(stage.acts).toContain('accuse');
    expect(stage.said[0].given.slice(1)).toMatchObject([0, { outputHash: others }, me]);
    stage.accused({});
    stage.restart();
    await stage.sweep();
    const { act, given } = stage.said.at(-1) as Said;
    const [id, { entries }] = given as [object, { entries: Uint8Array }];
    expect([act, id]).toEqual(['openNode', { channelId, blockNumber: 0, resultIndex: 1, slot: liar }]);
    const tree = SumTree.ofEntries(participants.length, entries);
    const [, own] = stage.rehearsal.chain.facts(channelId, 0).results;
    expect(toHex(tree.hashAt(tree.top))).toBe(own.settlementRoot);
  });

  it('says once by name that it has no wei for a bond, and goes on with what takes none', async () => {
    const stage = await Stage.open();
    stage.rehearsal.chain.freeWei = bondWei.accusation - 1n;
    await stage.at(1);
    await stage.at(2);
    expect([stage.acts, stage.notices]).toEqual([[], ['dispute-without-bond']]);
    stage.accused({});
    await stage.sweep();
    expect(stage.acts).toContain('openNode');
  });

  it('stakes no more wei and takes no more gas than it may, and says so once', async () => {
    const limits = { bondsMaxWei: 0n, gasMax: 10n ** 9n };
    const poor = await Stage.open({ limits: { disputeLimits: limits } });
    await poor.at(1);
    await poor.at(2);
    expect([poor.acts, poor.notices]).toEqual([[], ['dispute-bonds-used-up']]);
    const gas = { bondsMaxWei: 10n ** 18n, gasMax: 100_000n };
    const spent = await Stage.open({ limits: { disputeLimits: gas } });
    await spent.at(1);
    await spent.at(2);
    expect([spent.acts, spent.notices]).toEqual([['accuse'], ['dispute-gas-used-up']]);
  });

  it('stakes to the last wei what it may, and has', async () => {
    const acts = async (bondsMaxWei: bigint, freeWei: bigint) => {
      const stage = await Stage.open({ limits: { disputeLimits: { bondsMaxWei, gasMax: 10n ** 9n } } });
      stage.rehearsal.chain.freeWei = freeWei;
      await stage.at(1);
      return [stage.acts[0], ...stage.notices];
    };
    const enough = bondWei.accusation;
    expect(await acts(enough, enough)).toEqual(['accuse']);
    expect(await acts(enough - 1n, enough)).toEqual([undefined, 'dispute-bonds-used-up']);
    expect(await acts(enough, enough - 1n)).toEqual([undefined, 'dispute-without-bond']);
  });

  it('takes it for done where others were faster, and tries again what was refused otherwise', async () => {
    const stage = await Stage.open();
    stage.rehearsal.chain.disputes.refuses = () => 'wrong-time';
    await stage.at(1);
    expect(stage.acts).toEqual(['accuse']);
    stage.rehearsal.chain.disputes.refuses = () => undefined;
    stage.restart();
    await stage.sweep();
    expect(stage.acts.length).toBeGreaterThan(1);
  });
});

describe('a settlement service and parts that results differ in', () => {
  const row = (stage: Stage, more: object) => ({
    ...{ part: 2, rowIndex: 1, asker: liar, isPublished: false, ...more },
    untilSeconds: stage.rehearsal.chain.nowSeconds + 5,
  });

  it('publishes a row that is asked of a part that it counts, after its owner had its turn', async () => {
    const stage = await Stage.open({ othersParts: 3 });
    await stage.at(1);
    const asked = row(stage, {});
    stage.asked({ rows: [asked], questions: [{ participant: liar, rowIndex: 1, state: 'open' }] });
    await stage.sweep();
    expect(stage.acts).toEqual([]);
    stage.rehearsal.chain.advanceTo(asked.untilSeconds - 2);
    await stage.sweep();
    expect(stage.acts).toContain('publishRow');
    const [, published] = stage.said[0].given as [object, { segment: Uint8Array; part: number }];
    expect(published).toMatchObject({ part: 2, segment: stage.part.segments[1] });
  });

  /** The second segment does not decrypt to what its row says. */
  const spoil = (sealed: Uint8Array, at: number): Uint8Array =>
    at === 1 ? sealed.map((byte, index) => (index === 200 ? byte ^ 1 : byte)) : sealed;

  it('asks about the row that is at fault, and disproves what is published instead', async () => {
    const stage = await Stage.open({ spoil });
    await stage.at(1);
    expect(stage.acts[0]).toBe('askRow');
    expect(stage.said[0].given[1]).toMatchObject({ part: 2, rowIndex: 1 });
    const [, segment] = stage.part.segments;
    const published = {
      row: new Uint8Array([...sha256(stage.part.sealed[1]), ...segmentRootOf(segment)]),
      ...{ segment, publisher: stage.rehearsal.participants[2].account },
    };
    const rows = [row(stage, { isPublished: true, asker: me, published })];
    stage.asked({ askedRows: 1, rows, questions: [{ participant: me, rowIndex: 1, state: 'open' }] });
    await stage.sweep();
    const disproof = stage.said.findLast(({ act }) => act === 'disproveText');
    const { keyPath, blockKey } = await blockKeysOf(stage.rehearsal, 0);
    expect(disproof?.given[1]).toMatchObject({ part: 2, rowIndex: 1 });
    expect(disproof?.given[2]).toMatchObject({ place: 12, blockKey, keyPath: keyPath.map(fromHex) });
  });

  it('shows at once where two headers are enough', async () => {
    const batches = (rehearsal: Rehearsal) => [2, 1].map((author) => rehearsal.batch(0, author, 1));
    const stage = await Stage.open({ batches });
    await stage.at(1);
    expect(stage.acts[0]).toBe('proveDisorder');
    expect(stage.said[0].given[1]).toMatchObject({
      ...{ part: 2, earlier: { segmentIndex: 0 }, later: { segmentIndex: 1 } },
    });
  });

  it('stakes nothing on what a second look finds instead, where it may stake nothing', async () => {
    const batches = (rehearsal: Rehearsal) => [2, 1].map((author) => rehearsal.batch(0, author, 1));
    const limits = { disputeLimits: { bondsMaxWei: 0n, gasMax: 10n ** 9n } };
    const stage = await Stage.open({ batches, limits });
    const { disputes } = stage.rehearsal.chain;
    // The first look found the disorder, which takes no bond.
    disputes.refuses = () => 'reverted';
    await stage.at(1);
    expect(stage.acts).toEqual(['proveDisorder']);
    disputes.refuses = () => undefined;
    stage.lose(true);
    await stage.sweep();
    expect(stage.acts).not.toContain('askPanel');
  });

  it('asks a panel about a part that it cannot have, once that has lasted', async () => {
    const batches = (rehearsal: Rehearsal) => [rehearsal.batch(0, 2, 7)];
    const stage = await Stage.open({ batches, isLost: true });
    await stage.at(challenge - 1);
    expect(stage.acts).toEqual([]);
    await stage.at(challenge);
    expect(stage.acts[0]).toBe('askPanel');
    expect(stage.said[0].given[1]).toBe(2);
  });
});

describe('a settlement service that looks again for a part that it cannot have', () => {
  it('goes on with what it found of the others', async () => {
    const batches = (rehearsal: Rehearsal) => [rehearsal.batch(0, 2, 7)];
    const stage = await Stage.open({ batches, isLost: true });
    await stage.at(challenge - 1);
    stage.rehearsal.chain.advanceTo(stage.start + challenge);
    expect(await stage.games()).toEqual(expect.arrayContaining(['dispute own', 'dispute question/2']));
  });

  it('answers in another lane, so that looks that wait for stores keep no answer waiting', async () => {
    const batches = (rehearsal: Rehearsal) => [rehearsal.batch(0, 2, 1)];
    const stage = await Stage.open({ batches, othersParts: 3 });
    await stage.at(1);
    stage.accused({});
    const games = await stage.games();
    expect(games).toContain('answer answer/1/2/0/entry');
    stage.judged(processing, false);
    expect(await stage.games()).toContain('dispute panel/2');
  });
});

describe('a settlement service and what a panel says of a part that it cannot have', () => {
  const ownBatch = (rehearsal: Rehearsal) => [rehearsal.batch(0, 2, 7)];

  /** The panel was asked, and the process is another one since. */
  async function judged(isHeld: boolean): Promise<Stage> {
    const stage = await Stage.open({ batches: ownBatch, isLost: true });
    stage.rehearsal.chain.advanceTo(stage.start + 2 * challenge + 1);
    stage.restart();
    stage.judged(processing, isHeld);
    // Its first look finds that the own result lacks parts.
    await stage.sweep();
    return stage;
  }

  it('appeals against a wrong “held”, also after a restart', async () => {
    const stage = await judged(true);
    await stage.sweep();
    expect(new Set(stage.acts)).toEqual(new Set(['appealPanel']));
    expect(stage.said[0].given[1]).toBe(2);
    const right = await judged(false);
    await right.sweep();
    expect(right.acts).toEqual([]);
  });

  it('stakes nothing on an appeal where the part has come meanwhile', async () => {
    const stage = await Stage.open({ batches: ownBatch, isLost: true });
    // It looked, and did not find it.
    await stage.at(challenge - 1);
    const { chain, channelId } = stage.rehearsal;
    const dispute = { openAccusations: 0, openQuestions: 1 };
    // Who has accepted a result computes the block for the dispute alone.
    const acceptances = [{ participant: me, outputHash: '0x03' as const }];
    chain.put(channelId, 0, { dispute, acceptances });
    await stage.at(2 * challenge + 1);
    stage.judged(processing - 1, true);
    await stage.sweep();
    // In the same second its own computation still lacks the part.
    stage.lose(false);
    stage.judged(processing, true);
    await stage.sweep();
    expect(stage.acts).not.toContain('appealPanel');
  });

  it('says loudly once that the last word is not what it sees itself', async () => {
    const stage = await judged(true);
    await stage.sweep();
    stage.judged(processing + 10, true, { isOver: true, isHeld: true });
    await stage.sweep();
    await stage.sweep();
    expect(stage.notices).toEqual(['dispute-verdict-differs']);
  });
});

describe('a settlement service whose turn it is', () => {
  it('answers at once for the result that its participant’s seat revealed', async () => {
    const stage = await Stage.open();
    await stage.at(1);
    const { chain, channelId, participants } = stage.rehearsal;
    const { results } = chain.facts(channelId, 0);
    const seat = {
      ...{ participant: me, validator: participants[me].validator, binding: true, nonce: 1n, feeWei: 0n },
      ...{ commitment: others, committedAtSeconds: stage.start - 10, outputHash: results[1].outputHash },
    };
    chain.put(channelId, 0, { ownResults: [], seats: [{ ...seat, revealedAtSeconds: stage.start - 5 }] });
    stage.restart();
    stage.accused({});
    await stage.sweep();
    expect(stage.acts.at(-1)).toBe('openNode');
  });

  it('says once where its own computation is no answer for what its seat revealed', async () => {
    const stage = await Stage.open();
    await stage.at(1);
    const { chain, channelId, participants } = stage.rehearsal;
    const seat = {
      ...{ participant: me, validator: participants[me].validator, binding: true, nonce: 1n, feeWei: 0n },
      ...{ commitment: others, committedAtSeconds: stage.start - 10, outputHash: others },
    };
    chain.put(channelId, 0, { seats: [{ ...seat, revealedAtSeconds: stage.start - 5 }] });
    const { accusations } = chain.disputes.of(channelId, 0);
    expect(accusations).toEqual([]);
    stage.accused({ resultIndex: 0, slot: 2 });
    await stage.sweep();
    await stage.sweep();
    expect(stage.notices).toEqual(['dispute-unanswered']);
  });

  it('answers in time for one that only others stand for, and in no later second', async () => {
    const stage = await Stage.open();
    await stage.at(1);
    const { chain, channelId } = stage.rehearsal;
    const { results } = chain.facts(channelId, 0);
    chain.put(channelId, 0, {
      ownResults: [],
      acceptances: [{ participant: 2, outputHash: results[1].outputHash }],
    });
    stage.accused({ untilSeconds: chain.nowSeconds + 5 });
    await stage.sweep();
    expect(stage.acts).not.toContain('openNode');
    // From half of answerPeriod on, rounded down.
    await stage.at(1 + 3);
    expect(stage.acts).toContain('openNode');
    const late = await Stage.open();
    await late.at(1);
    late.accused({});
    late.rehearsal.chain.advanceTo(late.start + 1 + 5);
    await late.sweep();
    expect(late.acts).not.toContain('openNode');
  });

  it('says loudly where what it takes cannot be had, and goes on once it can', async () => {
    const batches = (rehearsal: Rehearsal) => [rehearsal.batch(0, 2, 7)];
    const stage = await Stage.open({ batches, othersParts: 3 });
    await stage.at(1);
    stage.lose(true);
    const untilSeconds = stage.rehearsal.chain.nowSeconds + 5;
    const row = { part: 2, rowIndex: 0, asker: liar, isPublished: false, untilSeconds };
    stage.asked({ rows: [row], questions: [{ participant: liar, rowIndex: 0, state: 'open' }] });
    stage.rehearsal.chain.advanceTo(untilSeconds - 2);
    await expect(stage.sweep()).rejects.toThrow('cannot be had');
    expect(stage.notices).toEqual(['dispute-part-missing']);
    stage.lose(false);
    await stage.sweep();
    expect(stage.acts).toContain('publishRow');
  });

  it('shows no tree of what is left where it found more before, and goes on with all of it', async () => {
    const batches = (rehearsal: Rehearsal) => [rehearsal.batch(0, 2, 1)];
    const stage = await Stage.open({ batches });
    stage.accused({});
    stage.lose(true);
    await expect(stage.sweep()).rejects.toThrow('cannot be had');
    expect(stage.acts).not.toContain('openNode');
    stage.lose(false);
    stage.rehearsal.chain.advanceTo(stage.start + 1);
    await stage.sweep();
    expect(stage.acts).toContain('openNode');
  });
});
