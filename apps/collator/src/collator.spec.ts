import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { ChannelKeys } from '#block-watch';
import { CrashPoint } from '#block-watch/testing/crashing-ports';
import { LateJobs } from '#block-watch/testing/late-jobs';
import { blockSeconds, emptyPart, Rehearsal } from '#block-watch/testing/rehearsal';
import { fromHex, toHex } from '#encoding';
import { type Log, silentLog, systemClock } from '#environment';
import type { JobQueue } from '#job-queue';
import { openInProcessJobQueue } from '#job-queue/in-process-job-queue';
import { commitManifest, SegmentCutter, sealSegment } from '#protocol';
import type { LogItem, LogStream, RecordLog } from '#record-log';
import { Collator, type CollatorOptions } from './collator.js';

function collatorOf(
  rehearsal: Rehearsal,
  participant: number,
  crash?: CrashPoint,
  log: Log = silentLog,
  jobQueue: JobQueue = openInProcessJobQueue({ log: silentLog }),
  options: Partial<CollatorOptions> = {},
): Collator {
  const wrap = <Port extends object>(port: Port): Port => (crash ? crash.wrap(port) : port);
  return new Collator(
    { ...rehearsal.participants[participant], sweepIntervalMs: 1_000, ...options },
    {
      recordLog: wrap(rehearsal.recordLog(participant)),
      partStore: wrap(rehearsal.partStore()),
      chain: wrap(rehearsal.chain.port()),
      keyValue: wrap(rehearsal.keyValue(participant)),
      jobQueue,
      clock: systemClock,
      log,
    },
  );
}

/** The stored bytes of a posted part, index first, as one text. */
function storedPart(rehearsal: Rehearsal, blockNumber: number, participant: number): string {
  const part = rehearsal.chain
    .facts(rehearsal.channelId, blockNumber)
    .parts.find((one) => one.participant === participant);
  if (part === undefined) return 'none';
  const get = (digest: Uint8Array) => rehearsal.parts.blocks.get(toHex(digest).slice(2)) as Uint8Array;
  const index = get(fromHex(part.indexHash));
  const found = [index];
  for (let at = 0; at < index.length; at += 32) {
    const page = get(index.subarray(at, at + 32));
    found.push(page);
    for (let row = 0; row < page.length; row += 64) found.push(get(page.subarray(row, row + 32)));
  }
  return `${part.partRoot}/${part.segmentCount}/${toHex(new Uint8Array(Buffer.concat(found)))}`;
}

async function collated(batches: (rehearsal: Rehearsal) => readonly Uint8Array[]): Promise<string> {
  const rehearsal = new Rehearsal();
  await rehearsal.append(0, batches(rehearsal));
  await rehearsal.cutOff(0, 0);
  rehearsal.chain.advanceTo(rehearsal.collected(0));
  expect(await collatorOf(rehearsal, 0).sweep()).toBe(1);
  return storedPart(rehearsal, 0, 0);
}

const someBatches = (rehearsal: Rehearsal) => [
  rehearsal.batch(0, 0, 1, 300),
  rehearsal.batch(0, 0, 2, 200, 10),
  rehearsal.batch(0, 1, 7, 900),
  rehearsal.batch(0, 1, 8, 500, 3),
  rehearsal.batch(0, 2, 1, 2),
];

describe('the collator', () => {
  it('posts the part that the protocol gives for the batches, once the block has left collection', async () => {
    const rehearsal = new Rehearsal();
    const batches = someBatches(rehearsal);
    await rehearsal.append(0, batches);
    await rehearsal.cutOff(0, 0);
    const collator = collatorOf(rehearsal, 0);
    rehearsal.chain.advanceTo(rehearsal.collected(0) - 1);
    expect(await collator.sweep()).toBe(0);
    rehearsal.chain.advanceTo(rehearsal.collected(0));
    expect(await collator.sweep()).toBe(1);
    expect(await collator.sweep()).toBe(0);

    const opened = await new ChannelKeys(rehearsal.participants[1], {
      chain: rehearsal.chain.port(),
      keyValue: rehearsal.keyValue(1),
    }).of(rehearsal.channelId);
    if (!opened.ok) throw new Error(opened.code);
    const blockKey = opened.keys.blockKey(0) as Uint8Array;
    const block = { channelId: fromHex(rehearsal.channelId), blockNumber: 0, blockKey };
    const cutter = new SegmentCutter();
    const plaintexts = [...batches.map((batch) => cutter.push(batch)), cutter.finish()];
    const rows = plaintexts.flatMap((plaintext) => (plaintext ? [sealSegment(block, plaintext).row] : []));
    const { commitment } = commitManifest(new Uint8Array(Buffer.concat(rows)));
    expect(rehearsal.chain.facts(rehearsal.channelId, 0).parts).toEqual([
      {
        participant: 0,
        partRoot: toHex(commitment.partRoot),
        segmentCount: rows.length,
        indexHash: toHex(commitment.indexHash),
        postedAtSeconds: rehearsal.collected(0),
        height: rehearsal.chain.height,
      },
    ]);
  });

  it('says in log and readiness what the registry has against its keys, before a part is due', async () => {
    const rehearsal = new Rehearsal();
    const { account } = rehearsal.participants[0];
    const told: unknown[] = [];
    const log: Log = { ...silentLog, error: (fields) => told.push(fields) };
    const collator = collatorOf(rehearsal, 1, undefined, log, undefined, { account });
    await collator.sweep();
    const codes = ['operator-key-not-registered', 'no-channel-keys', 'encryption-secret-not-registered'];
    expect((await collator.readiness()).reasons.map(({ code }) => code)).toEqual(codes);
    expect(told).toEqual(codes.map((code) => ({ code })));
  });

  it('makes the same bytes in whatever order the batches arrived and however often each was repeated', async () => {
    const expected = await collated(someBatches);
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.nat({ max: 4 }), { maxLength: 8 }),
        fc.infiniteStream(fc.nat()),
        async (again, dice) => {
          const actual = await collated((rehearsal) => {
            const batches = someBatches(rehearsal);
            const many = [...batches, ...again.map((at) => batches[at])];
            return many
              .map((batch) => ({ batch, at: dice.next().value as number }))
              .sort((a, b) => a.at - b.at)
              .map(({ batch }) => batch);
          });
          expect(actual).toBe(expected);
        },
      ),
      { numRuns: 20 },
    );
  });

  it('leaves out what lies behind the cut and what belongs to other blocks', async () => {
    const rehearsal = new Rehearsal();
    await rehearsal.append(0, [
      rehearsal.batch(1, 0, 1),
      ...someBatches(rehearsal),
      rehearsal.batch(1, 1, 2),
    ]);
    await rehearsal.cutOff(0, 0);
    await rehearsal.append(0, [rehearsal.batch(0, 0, 99)]);
    rehearsal.chain.advanceTo(rehearsal.collected(0));
    await collatorOf(rehearsal, 0).sweep();
    expect(storedPart(rehearsal, 0, 0)).toBe(await collated(someBatches));
  });

  it('begins a block where its first entry lies, not at the start of the log', async () => {
    const rehearsal = new Rehearsal();
    const early = rehearsal.batch(1, 0, 1, 4);
    await rehearsal.append(0, [
      rehearsal.batch(0, 0, 1),
      rehearsal.batch(0, 0, 2),
      early,
      rehearsal.batch(0, 0, 3),
    ]);
    await rehearsal.cutOff(0, 0);
    await rehearsal.append(0, [rehearsal.batch(1, 0, 2, 5)]);
    await rehearsal.cutOff(0, 1);
    const reads: number[] = [];
    const log = rehearsal.recordLog(0);
    const watched = new Proxy(log, {
      get: (target, name: keyof typeof log) =>
        name === 'read'
          ? (...given: Parameters<typeof log.read>) => {
              if (given[0].stream === 0) reads.push(given[1].from);
              return target.read(...given);
            }
          : (target[name] as (...given: unknown[]) => unknown).bind(target),
    });
    const crash = { wrap: (port: object) => (port === log ? watched : port) } as CrashPoint;
    rehearsal.recordLog = () => log;
    rehearsal.chain.advanceTo(rehearsal.collected(0));
    await collatorOf(rehearsal, 0, crash).sweep();
    rehearsal.chain.advanceTo(rehearsal.collected(1));
    await collatorOf(rehearsal, 0, crash).sweep();
    expect(reads).toEqual([0, 2]);
    const both = new Rehearsal();
    await both.append(0, [early, both.batch(1, 0, 2, 5)]);
    await both.cutOff(0, 1);
    both.chain.advanceTo(both.collected(1));
    await collatorOf(both, 0).sweep();
    expect(storedPart(rehearsal, 1, 0)).toBe(storedPart(both, 1, 0));
  });

  it('never begins a block where a later one began, whichever of them is cut off first', async () => {
    // Collation is so long that both blocks are in it at once.
    const terms = { collationPeriod: 3 * blockSeconds.duration };
    const rehearsal = new Rehearsal({ terms });
    await rehearsal.append(0, [rehearsal.batch(0, 0, 1), rehearsal.batch(1, 0, 1, 4)]);
    rehearsal.chain.advanceTo(rehearsal.collected(1));
    for (const blockNumber of [1, 0]) {
      await rehearsal.cutOff(0, blockNumber);
      expect(await collatorOf(rehearsal, 0).sweep()).toBe(1);
    }
    const alone = new Rehearsal({ terms });
    await alone.append(0, [alone.batch(0, 0, 1)]);
    await alone.cutOff(0, 0);
    alone.chain.advanceTo(alone.collected(0));
    await collatorOf(alone, 0).sweep();
    const sealedRows = (one: Rehearsal) => one.chain.facts(one.channelId, 0).parts[0].segmentCount;
    expect(sealedRows(rehearsal)).toBe(1);
    expect(storedPart(rehearsal, 0, 0)).toBe(storedPart(alone, 0, 0));
  });

  it('posts an empty part where nothing was collected, so that nobody has to wait for it', async () => {
    const rehearsal = new Rehearsal();
    await rehearsal.cutOff(1, 0);
    rehearsal.chain.advanceTo(rehearsal.collected(0));
    expect(await collatorOf(rehearsal, 1).sweep()).toBe(1);
    const [part] = rehearsal.chain.facts(rehearsal.channelId, 0).parts;
    expect([part.partRoot, part.segmentCount]).toEqual([`0x${'00'.repeat(32)}`, 0]);
  });

  it('posts nothing while the channel node has not cut the block off, and nothing when collation is over', async () => {
    const rehearsal = new Rehearsal();
    await rehearsal.append(0, someBatches(rehearsal));
    const collator = collatorOf(rehearsal, 0);
    rehearsal.chain.advanceTo(rehearsal.collected(0));
    expect(await collator.sweep()).toBe(0);
    rehearsal.chain.advanceTo(rehearsal.collected(0) + blockSeconds.collation);
    await rehearsal.cutOff(0, 0);
    expect(await collator.sweep()).toBe(0);
    expect(rehearsal.chain.accepted).toEqual({});
  });

  it('collates only in collation and only once, however early, late or often its job runs', async () => {
    const rehearsal = new Rehearsal();
    await rehearsal.append(0, someBatches(rehearsal));
    await rehearsal.cutOff(0, 0);
    const store = rehearsal.partStore();
    const { putMany } = store;
    let puts = 0;
    store.putMany = (blocks) => {
      puts++;
      return putMany.call(store, blocks);
    };
    rehearsal.partStore = () => store;
    const jobs = new LateJobs();
    const collators = [0, 1].map((one) => collatorOf(rehearsal, one, undefined, silentLog, jobs));
    const job = { kind: 'collate', channelId: rehearsal.channelId, blockNumber: 0 } as const;
    const collected = rehearsal.collected(0);
    await rehearsal.cutOff(1, 0);
    for (const [participant, atSeconds, putsThen] of [
      [0, collected - 1, 0],
      [0, collected, 2],
      [0, collected + 1, 2],
      [1, collected + blockSeconds.collation, 2],
    ]) {
      rehearsal.chain.advanceTo(atSeconds);
      collators[participant].start();
      expect(await jobs.run(job)).toBe('done');
      expect([atSeconds, puts]).toEqual([atSeconds, putsThen]);
      await collators[participant].stop();
    }
    expect(rehearsal.chain.accepted).toEqual({ postPart: 1 });
  });

  it('takes the lower bytes of a batch that was signed twice, whichever came first', async () => {
    const rehearsal = new Rehearsal();
    const batch = rehearsal.batch(0, 0, 1);
    const other = Uint8Array.from(batch);
    other[100] ^= 1;
    const [lower] = [batch, other].sort(Buffer.compare);
    const one = await collated(() => [lower]);
    for (const both of [
      [batch, other],
      [other, batch],
    ]) {
      expect(await collated(() => both)).toBe(one);
    }
  });

  it('holds every block before it puts it, and posts only what is stored', async () => {
    const rehearsal = new Rehearsal();
    await rehearsal.append(0, someBatches(rehearsal));
    await rehearsal.cutOff(0, 0);
    rehearsal.chain.advanceTo(rehearsal.collected(0));
    const { blocks, holds } = rehearsal.parts;
    const set = blocks.set.bind(blocks);
    const unheld: string[] = [];
    blocks.set = (name, bytes) => {
      if (![...holds.values()].some((held) => held.has(name))) unheld.push(name);
      return set(name, bytes);
    };
    expect(await collatorOf(rehearsal, 0).sweep()).toBe(1);
    expect(unheld).toEqual([]);
    const held = [...holds].filter(([owner]) => owner.endsWith(`/${rehearsal.channelId}/0`));
    expect(held.map(([, names]) => [...names].sort())).toEqual([[...blocks.keys()].sort()]);
    expect(storedPart(rehearsal, 0, 0)).not.toBe('none');
  });

  it('posts its part only when the store has all of it, however slow the store is', async () => {
    for (const slowCall of [0, 1]) {
      const rehearsal = new Rehearsal();
      await rehearsal.append(0, someBatches(rehearsal));
      await rehearsal.cutOff(0, 0);
      rehearsal.chain.advanceTo(rehearsal.collected(0));
      let goOn = (): void => {};
      const slow = new Promise<void>((resolve) => {
        goOn = resolve;
      });
      let calls = 0;
      const store = rehearsal.partStore();
      const { putMany } = store;
      store.putMany = async (blocks) => {
        const isSlow = calls++ === slowCall;
        const digests = await putMany.call(store, blocks);
        if (isSlow) await slow;
        return digests;
      };
      rehearsal.partStore = () => store;
      const swept = collatorOf(rehearsal, 0).sweep();
      for (let turn = 0; turn < 50; turn++) await new Promise(setImmediate);
      expect(calls).toBe(slowCall + 1);
      expect(rehearsal.chain.accepted).toEqual({});
      goOn();
      expect(await swept).toBe(1);
      expect(rehearsal.chain.accepted).toEqual({ postPart: 1 });
    }
  });

  it('says as an error that another part was posted in its name, and as none that it was too late', async () => {
    const said: string[] = [];
    for (const trouble of ['another', 'late']) {
      const rehearsal = new Rehearsal();
      await rehearsal.append(0, someBatches(rehearsal));
      await rehearsal.cutOff(0, 0);
      rehearsal.chain.advanceTo(rehearsal.collected(0));
      const store = rehearsal.partStore();
      const { putMany } = store;
      store.putMany = async (blocks) => {
        if (trouble === 'late') rehearsal.chain.advanceTo(rehearsal.collected(0) + blockSeconds.collation);
        else {
          const { operatorKey } = rehearsal.participants[0];
          const acts = rehearsal.chain.port().participantActs(operatorKey);
          await acts.postPart(rehearsal.channelId, 0, emptyPart);
        }
        return putMany.call(store, blocks);
      };
      rehearsal.partStore = () => store;
      const log = {
        ...silentLog,
        error: (about: object) => said.push(`error ${(about as { code: string }).code}`),
        warn: (about: object) => said.push(`warning ${(about as { code: string }).code}`),
      };
      expect(await collatorOf(rehearsal, 0, undefined, log).sweep()).toBe(0);
    }
    expect(said).toEqual(['error part-already-posted', expect.stringMatching(/^warning /)]);
  });

  it('erases the keys of blocks that are over, and keeps that of the lowest other one', async () => {
    const rehearsal = new Rehearsal();
    const collator = collatorOf(rehearsal, 0);
    const hasKeys = async (): Promise<boolean[]> => {
      const ports = { chain: rehearsal.chain.port(), keyValue: rehearsal.keyValue(0) };
      const opened = await new ChannelKeys(rehearsal.participants[0], ports).of(rehearsal.channelId);
      return [0, 1, 2].map((block) => opened.ok && opened.keys.blockKey(block) !== undefined);
    };
    // Blocks into which nobody posts are void when collation ends.
    for (const [overBlocks, kept] of [
      [1, [false, true, true]],
      [2, [false, false, true]],
    ] as const) {
      const isOverAt = rehearsal.collected(overBlocks - 1) + blockSeconds.collation;
      rehearsal.chain.advanceTo(isOverAt - 1);
      await collator.sweep();
      expect((await hasKeys())[overBlocks - 1]).toBe(true);
      rehearsal.chain.advanceTo(isOverAt);
      await collator.sweep();
      expect(await hasKeys()).toEqual(kept);
    }
  });

  it('lets its part go when retentionPeriod has passed since the block was over', async () => {
    const rehearsal = new Rehearsal();
    await rehearsal.append(0, someBatches(rehearsal));
    await rehearsal.cutOff(0, 0);
    rehearsal.chain.advanceTo(rehearsal.collected(0));
    const collator = collatorOf(rehearsal, 0);
    await collator.sweep();
    const { collation, processing, challenge } = blockSeconds;
    const { disputeMax, retentionPeriod } = rehearsal.terms;
    const over = rehearsal.collected(0) + collation + 2 * processing + challenge + disputeMax;
    rehearsal.chain.advanceTo(over + retentionPeriod - 61);
    await collator.sweep();
    expect(rehearsal.parts.blocks.size).toBeGreaterThan(2);
    rehearsal.chain.advanceTo(over + retentionPeriod);
    await collator.sweep();
    expect(rehearsal.parts.blocks.size).toBe(0);
  });

  it('ends with the same stored bytes and one posted part after a crash at any step', async () => {
    const expected = await collated(someBatches);
    for (const isAfter of [false, true]) {
      for (let step = 0; ; step++) {
        const rehearsal = new Rehearsal();
        await rehearsal.append(0, someBatches(rehearsal));
        await rehearsal.cutOff(0, 0);
        rehearsal.chain.advanceTo(rehearsal.collected(0));
        const crash = new CrashPoint(step, isAfter);
        const run = collatorOf(rehearsal, 0, crash).sweep();
        if (
          await run.then(
            () => true,
            () => false,
          )
        ) {
          expect(step).toBeGreaterThan(10);
          break;
        }
        await collatorOf(rehearsal, 0).sweep();
        expect(storedPart(rehearsal, 0, 0)).toBe(expected);
        expect(rehearsal.chain.accepted.postPart).toBe(1);
      }
    }
  });

  it('seals no garbage of the log: what is no batch of its author is left out and said', async () => {
    const rehearsal = new Rehearsal();
    const log = rehearsal.recordLog(0);
    const claim = await log.claim(rehearsal.channelId);
    const put = (author: number, bytes: Uint8Array) =>
      log.append(claim, { channelId: rehearsal.channelId, stream: author }, bytes, 0);
    await put(0, new Uint8Array(300));
    await put(0, rehearsal.batch(0, 1, 50));
    await put(0, rehearsal.batch(0, 0, 60).subarray(0, -1));
    await put(0, new Uint8Array(0));
    await rehearsal.append(0, someBatches(rehearsal));
    await rehearsal.cutOff(0, 0);
    rehearsal.chain.advanceTo(rehearsal.collected(0));
    const said: object[] = [];
    await collatorOf(rehearsal, 0, undefined, { ...silentLog, error: (about) => said.push(about) }).sweep();
    expect(storedPart(rehearsal, 0, 0)).toBe(await collated(someBatches));
    expect(said).toMatchObject([0, 1, 2, 3].map((position) => ({ author: 0, position })));
  });

  it.each(['read', 'get'] as const)(
    'leaves out a batch that %s finds damaged, says where it lies, and collates the others',
    async (method) => {
      const rehearsal = new Rehearsal();
      const batches = someBatches(rehearsal);
      await rehearsal.append(0, batches);
      await rehearsal.cutOff(0, 0);
      rehearsal.chain.advanceTo(rehearsal.collected(0));
      damageFirst(rehearsal, method);
      const said: object[] = [];
      await collatorOf(rehearsal, 0, undefined, { ...silentLog, error: (about) => said.push(about) }).sweep();
      expect(storedPart(rehearsal, 0, 0)).toBe(await collated((one) => someBatches(one).slice(1)));
      expect(said).toMatchObject([{ author: 0, position: 0, damage: 'segment 0, byte 70' }]);
    },
  );
});

/** From now on one way of reading finds the first entry of author 0 damaged. */
function damageFirst(rehearsal: Rehearsal, method: 'read' | 'get'): void {
  const log = rehearsal.recordLog(0);
  const spoilt = (stream: LogStream, item: LogItem): LogItem =>
    stream === 0 && item.position === 0 ? { position: item.position, damage: 'segment 0, byte 70' } : item;
  const broken: Pick<RecordLog, 'read' | 'get'> = {
    async *read(partition, range) {
      for await (const page of log.read(partition, range)) {
        yield page.map((item) => spoilt(partition.stream, item));
      }
    },
    async get(partition, position) {
      const item = await log.get(partition, position);
      return item && spoilt(partition.stream, item);
    },
  };
  const damaged = new Proxy(log, {
    get: (target, name: keyof RecordLog) =>
      name === method ? broken[method] : (target[name] as (...given: unknown[]) => unknown).bind(target),
  });
  rehearsal.recordLog = () => damaged;
}
