/** No part is posted from a log that is gone, older or another than the one that was collected in. */
import { describe, expect, it } from '@jest/globals';
import { Rehearsal } from '#block-watch/testing/rehearsal';
import { silentLog, systemClock } from '#environment';
import { openInProcessJobQueue } from '#job-queue/in-process-job-queue';
import { encodeCutMark, logPosition, type RecordLog } from '#record-log';
import { openMemoryRecordLog, RecordDrawers } from '#record-log/memory-record-log';
import { Collator } from './collator.js';

const told: object[] = [];

function collatorOf(rehearsal: Rehearsal): Collator {
  return new Collator(
    { ...rehearsal.participants[0], sweepIntervalMs: 1_000 },
    {
      recordLog: rehearsal.recordLog(0),
      partStore: rehearsal.partStore(),
      chain: rehearsal.chain.port(),
      keyValue: rehearsal.keyValue(0),
      jobQueue: openInProcessJobQueue({ log: silentLog }),
      clock: systemClock,
      log: { ...silentLog, error: (about) => told.push(about) },
    },
  );
}

/** Block 0 is posted from three batches, and two of block 1 are taken. */
async function collected(): Promise<Rehearsal> {
  told.length = 0;
  const rehearsal = new Rehearsal();
  await rehearsal.append(
    0,
    [0, 1, 2].map((sequence) => rehearsal.batch(0, 0, sequence)),
  );
  await rehearsal.cutOff(0, 0);
  rehearsal.chain.advanceTo(rehearsal.collected(0));
  expect(await collatorOf(rehearsal).sweep()).toBe(1);
  await rehearsal.append(
    0,
    [3, 4].map((sequence) => rehearsal.batch(1, 0, sequence)),
  );
  return rehearsal;
}

async function mark(rehearsal: Rehearsal, end: number, log = rehearsal.recordLog(0)): Promise<void> {
  const claim = await log.claim(rehearsal.channelId);
  const bytes = encodeCutMark({ blockNumber: 1, ends: [[0, logPosition(end)]] });
  await log.append(claim, { channelId: rehearsal.channelId, stream: 'cut-marks' }, bytes, 0);
}

function exchange(rehearsal: Rehearsal, drawers = new RecordDrawers()): void {
  rehearsal.recordLog = () => openMemoryRecordLog(drawers);
}

const troubles: readonly (readonly [string, RegExp, (rehearsal: Rehearsal) => Promise<void>])[] = [
  [
    'is another, in which the block was cut off again',
    /is log [0-9a-f]{32}, and this collator made parts from log/,
    async (rehearsal) => {
      exchange(rehearsal);
      await rehearsal.cutOff(0, 1);
    },
  ],
  [
    'was begun anew and has no cut mark',
    /is log [0-9a-f]{32}, and/,
    async (rehearsal) => exchange(rehearsal),
  ],
  [
    'is a copy from before the last part',
    /holds cut marks up to 0, and this collator saw 1/,
    async (rehearsal) => {
      const { logId } = await rehearsal.recordLog(0).identity();
      exchange(rehearsal, Object.assign(new RecordDrawers(), { logId }));
    },
  ],
  [
    'ends before the cut mark says',
    /ends at 5 in stream 0, and the cut mark of block 1 says 6/,
    (rehearsal) => mark(rehearsal, 6),
  ],
  [
    'has a mark that lies before earlier blocks',
    /has a cut of block 1 at 2 in stream 0, and earlier blocks went to 3/,
    (rehearsal) => mark(rehearsal, 2),
  ],
];

describe('a record log that', () => {
  it.each(troubles)('%s makes no part, and that is told and shown', async (_, what, trouble) => {
    const rehearsal = await collected();
    await trouble(rehearsal);
    rehearsal.chain.advanceTo(rehearsal.collected(1));
    const collator = collatorOf(rehearsal);
    for (let look = 0; look < 2; look++) {
      const swept = await collator.sweep().catch((cause) => cause);
      if (swept !== 0) expect(swept).toMatchObject({ code: 'record-log-incomplete', retriable: false });
    }
    expect(rehearsal.chain.accepted.postPart).toBe(1);
    expect(told).toEqual([{ code: 'record-log-incomplete' }]);
    expect((await collator.readiness()).reasons).toContainEqual({
      code: 'record-log-incomplete',
      detail: expect.stringMatching(what),
    });
  });

  it('took the place of the one that was looked at before anything was posted makes no part', async () => {
    told.length = 0;
    const rehearsal = new Rehearsal();
    await rehearsal.append(0, [rehearsal.batch(0, 0, 0)]);
    rehearsal.chain.advanceTo(rehearsal.collected(0));
    expect(await collatorOf(rehearsal).sweep()).toBe(0);
    exchange(rehearsal);
    await rehearsal.cutOff(0, 0);
    await expect(collatorOf(rehearsal).sweep()).rejects.toMatchObject({ code: 'record-log-incomplete' });
    expect(rehearsal.chain.accepted).toEqual({});
  });

  it('is exchanged while a part is made of it is found out before it is posted', async () => {
    const rehearsal = await collected();
    await rehearsal.cutOff(0, 1);
    rehearsal.chain.advanceTo(rehearsal.collected(1));
    const log = rehearsal.recordLog(0);
    let { logId } = await log.identity();
    const exchanged: Pick<RecordLog, 'read' | 'identity'> = {
      async *read(partition, range) {
        if (partition.stream === 'cut-marks') yield* log.read(partition, range);
        else logId = 'ff'.repeat(16);
      },
      identity: async () => ({ logId }),
    };
    rehearsal.recordLog = () => Object.assign(Object.create(log), boundTo(log), exchanged);
    await expect(collatorOf(rehearsal).sweep()).rejects.toMatchObject({ code: 'record-log-incomplete' });
    expect(rehearsal.chain.accepted.postPart).toBe(1);
  });

  it('has its newest cut mark damaged is not taken for one in which the block was not cut', async () => {
    const rehearsal = await collected();
    await rehearsal.cutOff(0, 1);
    rehearsal.chain.advanceTo(rehearsal.collected(1));
    const log = rehearsal.recordLog(0);
    const damaged: Pick<RecordLog, 'read' | 'identity'> = {
      async *read(partition, range) {
        for await (const page of log.read(partition, range)) {
          yield page.map((item) =>
            partition.stream === 'cut-marks' && item.position === 1
              ? { position: item.position, damage: 'segment 0, byte 70' }
              : item,
          );
        }
      },
      identity: () => log.identity(),
    };
    rehearsal.recordLog = () => Object.assign(Object.create(log), boundTo(log), damaged);
    const collator = collatorOf(rehearsal);
    expect(await collator.sweep()).toBe(0);
    expect((await collator.readiness()).reasons).toEqual([
      { code: 'record-log-damaged', detail: expect.stringMatching(/block 1 waits .*segment 0, byte 70/) },
    ]);
    // As the channel node does once it finds it damaged.
    await mark(rehearsal, 5, log);
    expect(await collator.sweep()).toBe(1);
    expect((await collator.readiness()).reasons).toEqual([]);
  });

  it('has all that is known of it makes the next part', async () => {
    const rehearsal = await collected();
    await rehearsal.cutOff(0, 1);
    rehearsal.chain.advanceTo(rehearsal.collected(1));
    const collator = collatorOf(rehearsal);
    expect(await collator.sweep()).toBe(1);
    expect((await collator.readiness()).reasons).toEqual([]);
    expect(told).toEqual([]);
  });
});

/** Its methods look for private state in the log itself. */
function boundTo(log: RecordLog): Partial<RecordLog> {
  return { end: log.end.bind(log), get: log.get.bind(log), subscribe: log.subscribe.bind(log) };
}
