import { describe, expect, it, jest } from '@jest/globals';
import type { ReduceBlock, ReducedParts } from '#block-reduction';
import { ChannelKeys } from '#block-watch';
import { LateJobs } from '#block-watch/testing/late-jobs';
import { blockSeconds, emptyPart, Rehearsal } from '#block-watch/testing/rehearsal';
import type { Chain } from '#chain';
import { merkleRoot, sha256 } from '#crypto';
import { concatBytes, toHex } from '#encoding';
import { Fault, type Log, silentLog } from '#environment';
import type { JobQueue } from '#job-queue';
import { openInProcessJobQueue } from '#job-queue/in-process-job-queue';
import { amountWords, bondWei, type KnownResult, outputHashOf, type PartReason, type Seat } from '#protocol';
import type { OwnComputing } from './own-results.js';
import { Settlement } from './settlement.js';

/** Of participant 1: the seller. */
const me = 1;
const { collation, processing, challenge } = blockSeconds;
const root = new Uint8Array(32).fill(5);
/** Of a result that pays so much, opened by `root`. */
const rootOf = (nano: bigint) =>
  sha256(concatBytes(root, merkleRoot(concatBytes(...amountWords([nano, nano, 0n])))));

/** What a reduction gives that finds so much for the seller. */
function reduced(
  nano: bigint,
  unavailable: readonly number[] = [],
  unsureBlocks = 0,
  validParts = 1,
): ReducedParts {
  const invalidParts = unavailable.map((one) => [one, 'unavailable' as PartReason] as const);
  const report = {
    ...{ version: 1 as const, reasons: {}, invalidParts, records: 1n, impressions: 1n },
    ...{ contradictory: [], flooding: [], sequenceConflicts: [] },
  };
  const tree = { settlementRoot: rootOf(nano), impressionCount: 1, amounts: [nano, nano, 0n], x: root };
  return { output: { ...tree, validParts, report, workDigest: root }, unsureBlocks };
}

/** The same as somebody else revealed it. */
function revealed(
  { channelId }: Rehearsal,
  nano: bigint,
  firstRevealedAtSeconds: number,
  validParts: number,
): KnownResult {
  const amounts = [nano, nano, 0n];
  const fields = { settlementRoot: toHex(rootOf(nano)), impressionCount: 1n, validParts };
  const outputHash = outputHashOf({ channelId, blockNumber: 0, ...fields, amounts });
  const words = amountWords(amounts).map(toHex);
  return { outputHash, ...fields, amountWords: words, firstRevealedAtSeconds, isGone: false };
}

class Stage {
  readonly rehearsal = new Rehearsal();
  readonly told: Record<string, unknown>[] = [];
  /** The parts that each computation was of. */
  readonly computedOf: number[][] = [];
  answer: () => ReducedParts = () => reduced(50n);
  isChainAway = false;
  #isHanging = false;
  #settlement = this.#open();

  /** Only the payer posted a part, so the periods go by the clock. */
  static async open(): Promise<Stage> {
    const stage = new Stage();
    const { chain, participants, channelId } = stage.rehearsal;
    chain.advanceTo(stage.rehearsal.collected(0));
    await chain.port().participantActs(participants[0].operatorKey).postPart(channelId, 0, emptyPart);
    return stage;
  }

  /** So long after the start of processing. */
  async at(seconds: number): Promise<number> {
    this.rehearsal.chain.advanceTo(this.#start + seconds);
    return this.#settlement.sweep();
  }

  /** Another process; gives back the one before. */
  restart(): Settlement {
    const before = this.#settlement;
    this.#settlement = this.#open();
    return before;
  }

  /** The port of a chain that may be away. */
  #port(): Chain {
    const port = this.rehearsal.chain.port();
    return new Proxy(port, {
      get: (target, name) => {
        const member = Reflect.get(target, name, target) as unknown;
        if (name !== 'snapshot' || typeof member !== 'function') return member;
        return async (...given: unknown[]) => {
          if (this.isChainAway) throw new Fault('chain-unavailable', 'away', { retriable: true });
          return member.apply(target, given);
        };
      },
    });
  }

  /** Participant `of` had its seat reveal that so much is the seller's. */
  others(nano: bigint, of = 2, binding = true, validParts = 1): void {
    const { chain, channelId, participants } = this.rehearsal;
    const at = this.#start + processing / 2;
    const result = revealed(this.rehearsal, nano, at, validParts);
    const seat: Seat = {
      ...{ participant: of, validator: participants[of].validator, binding, nonce: 1n, feeWei: 0n },
      ...{ commitment: toHex(root), committedAtSeconds: at - 1, revealedAtSeconds: at },
      outputHash: result.outputHash,
    };
    const { seats, results } = this.facts;
    const isKnown = results.some((one) => one.outputHash === result.outputHash);
    chain.put(channelId, 0, { seats: [...seats, seat], results: isKnown ? results : [...results, result] });
  }

  get computed(): number {
    return this.computedOf.length;
  }

  get facts() {
    return this.rehearsal.chain.facts(this.rehearsal.channelId, 0);
  }

  get notices(): unknown[] {
    return this.told.map(({ notice }) => notice).filter((notice) => notice !== undefined);
  }

  get #start(): number {
    return this.rehearsal.collected(0) + collation;
  }

  /** Further computations never end. */
  hang(): void {
    this.#isHanging = true;
  }

  /** With workers of its own for each lane, as in a process, until they have nothing to do but to hang. */
  async justNow(seconds: number): Promise<void> {
    this.rehearsal.chain.advanceTo(this.#start + seconds);
    this.#settlement.start();
    for (let turns = 0; turns < 200 && this.facts.ownResults.length === 0; turns++) {
      await new Promise((resolve) => setImmediate(resolve));
    }
    // It waits for what hangs.
    void this.#settlement.stop();
  }

  /** A job of an own result that comes now, whatever is due. */
  async late(seconds: number): Promise<void> {
    this.rehearsal.chain.advanceTo(this.#start + seconds);
    const jobs = new LateJobs();
    const settlement = this.#open(jobs);
    settlement.start();
    await jobs.run({ kind: 'own-result', channelId: this.rehearsal.channelId, blockNumber: 0 });
    await settlement.stop();
  }

  get ownComputing(): OwnComputing {
    const { rehearsal } = this;
    const reduceBlock: ReduceBlock = async ({ parts }) => {
      this.computedOf.push(parts.map(({ participant }) => participant));
      return this.#isHanging ? new Promise<never>(() => {}) : this.answer();
    };
    const { encryptionSecret } = rehearsal.participants[me];
    const partStores: OwnComputing['partStores'] = [rehearsal.partStore()];
    const keyValue = rehearsal.keyValue(me);
    return { encryptionSecret, keyValue, reduceBlock, partStores };
  }

  #open(jobQueue: JobQueue = openInProcessJobQueue({ log: silentLog })): Settlement {
    const { rehearsal } = this;
    const error = (fields: object) => this.told.push(fields as Record<string, unknown>);
    const log: Log = { ...silentLog, error };
    const { ownComputing } = this;
    return new Settlement(
      { ...rehearsal.participants[me], sweepIntervalMs: 1_000 },
      {
        chain: this.#port(),
        jobQueue,
        log,
        ownComputing,
      },
    );
  }
}

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
    const { stage: mine } = await withheld(me);
    await mine.at(lastMoment);
    expect([mine.facts.ownResults, mine.notices]).toEqual([[], ['own-store-incomplete']]);
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

/** Shortly before own results are taken no more. */
const lastMoment = processing + challenge - processing / 8;

/** A seat revealed that so much is the seller's, by a part of `owner` that nobody else can have. */
async function withheld(owner = 2): Promise<{ readonly stage: Stage }> {
  const stage = await Stage.open();
  const { chain, channelId } = stage.rehearsal;
  const [part] = stage.facts.parts;
  chain.put(channelId, 0, { parts: [part, { ...part, participant: owner }] });
  stage.answer = () => reduced(50n, [owner]);
  stage.others(10n, 2, true, 1 | (1 << owner));
  return { stage };
}

describe('a participant that cannot have a part which a result counts', () => {
  it('reveals what the others give in the last moment, and says so', async () => {
    const { stage } = await withheld();
    await stage.at(processing);
    await stage.at(lastMoment - 1);
    expect([stage.facts.ownResults, stage.notices]).toEqual([[], ['own-result-incomplete']]);
    await stage.at(lastMoment);
    expect(stage.facts.ownResults).toMatchObject([{ participant: me }]);
    expect(stage.facts.results.map(({ validParts }) => validParts)).toEqual([5, 1]);
    expect(stage.notices).toContain('own-result-without-missing');
    await stage.at(lastMoment + 1);
    expect(stage.facts.ownResults).toHaveLength(1);
  });

  it('does so after a restart in the last moment, and where no store surely lacks it', async () => {
    const { stage } = await withheld();
    await stage.at(processing);
    stage.restart();
    stage.answer = () => reduced(50n, [], 1);
    await stage.at(processing + challenge - 1);
    expect(stage.facts.ownResults).toHaveLength(1);
  });

  it('says instead what all give once the part comes', async () => {
    const { stage } = await withheld();
    await stage.at(processing);
    stage.answer = () => reduced(40n, [], 0, 5);
    await stage.at(processing + 1);
    expect(stage.facts.results.map(({ validParts }) => validParts)).toEqual([5, 5]);
    expect(stage.notices).not.toContain('own-result-without-missing');
  });

  it('says so in time after its chain was away, whose clock alone it goes by', async () => {
    const { stage } = await withheld();
    await stage.at(processing);
    stage.isChainAway = true;
    await expect(stage.at(lastMoment - 1)).rejects.toThrow('away');
    stage.isChainAway = false;
    const machine = jest.spyOn(Date, 'now').mockReturnValue(0);
    await stage.at(processing + challenge - 1);
    machine.mockRestore();
    expect(stage.facts.ownResults).toHaveLength(1);
  });

  it('says so once where two processes are at it', async () => {
    const { stage } = await withheld();
    await stage.at(processing);
    const first = stage.restart();
    await first.sweep();
    await Promise.all([stage.at(lastMoment), first.sweep()]);
    await Promise.all([stage.at(lastMoment), first.sweep()]);
    expect(stage.facts.ownResults).toHaveLength(1);
    const harmless = ['own-result-incomplete', 'own-result-without-missing', 'result-differs'];
    expect(stage.notices.filter((one) => !harmless.includes(one as string))).toEqual([]);
  });

  it('waits for no computation then that does not end', async () => {
    const { stage } = await withheld();
    await stage.at(processing);
    stage.hang();
    await stage.justNow(lastMoment);
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
