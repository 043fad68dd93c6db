import { expect, it } from '@jest/globals';
import { encodeDagCbor } from '#encoding';
import { CutMarks, decodeCutMark, encodeCutMark, endsNow } from './cut-marks.js';
import { openMemoryRecordLog, RecordDrawers } from './memory-record-log.js';
import { type LogPosition, logPosition, type RecordLog } from './record-log.js';

const channelId = `0x${'c3'.repeat(32)}`;
const partition = { channelId, stream: 'cut-marks' } as const;
const at = (value: number): LogPosition => logPosition(value);
const noDamage = (): never => {
  throw new Error('nothing is damaged');
};

async function append(log: RecordLog, ...marks: Parameters<typeof encodeCutMark>[0][]): Promise<void> {
  const claim = await log.claim(channelId);
  for (const mark of marks) await log.append(claim, partition, encodeCutMark(mark), 0);
}

it('reads what was written, ascending by author, and takes anything else for a bug', () => {
  const ends = [[2, at(9)] as const, [0, at(4)] as const];
  expect(decodeCutMark(encodeCutMark({ blockNumber: 3, ends }))).toEqual({
    blockNumber: 3,
    ends: [
      [0, 4],
      [2, 9],
    ],
  });
  for (const other of [null, 7, {}, { blockNumber: -1, ends: [] }, { blockNumber: 1, ends: [[1]] }]) {
    expect(() => decodeCutMark(encodeDagCbor(other))).toThrow('no cut mark');
  }
});

it('lets the first mark of a block stand, whatever is written later', async () => {
  const log = openMemoryRecordLog();
  const marks = new CutMarks(log, noDamage);
  await append(log, { blockNumber: 0, ends: [[1, at(2)]] }, { blockNumber: 0, ends: [[1, at(5)]] });
  expect(await marks.endsOf(channelId, 0)).toEqual([[1, 2]]);
  await append(log, { blockNumber: 1, ends: [] }, { blockNumber: 0, ends: [[1, at(9)]] });
  expect(await marks.endsOf(channelId, 1)).toEqual([]);
  expect(await marks.endsOf(channelId, 0)).toEqual([[1, 2]]);
  expect(await new CutMarks(log, noDamage).endsOf(channelId, 0)).toEqual([[1, 2]]);
});

it('reads on across gaps of the engine, and knows below which block all are cut', async () => {
  const drawers = new RecordDrawers({ gap: 7, answers: () => Promise.resolve() });
  const log = openMemoryRecordLog(drawers);
  const marks = new CutMarks(log, noDamage);
  expect(await marks.cutBelow(channelId)).toBe(0);
  for (let blockNumber = 0; blockNumber < 8; blockNumber++) {
    await append(log, { blockNumber, ends: [[0, at(blockNumber)]] });
    expect(await marks.cutBelow(channelId)).toBe(blockNumber + 1);
    expect(await marks.endsOf(channelId, blockNumber)).toEqual([[0, blockNumber]]);
  }
});

it('tells of a damaged mark once and leaves its block uncut', async () => {
  const log = openMemoryRecordLog();
  await append(log, { blockNumber: 0, ends: [] }, { blockNumber: 1, ends: [] });
  const told: string[] = [];
  const broken: RecordLog = Object.assign(Object.create(log), {
    async *read(...given: Parameters<RecordLog['read']>) {
      for await (const page of log.read(...given)) {
        yield page.map((item) =>
          item.position === 1 ? { position: item.position, damage: 'segment 0, byte 70' } : item,
        );
      }
    },
  });
  const marks = new CutMarks(broken, (_, damage) => told.push(damage));
  expect(await marks.endsOf(channelId, 0)).toEqual([]);
  expect(await marks.endsOf(channelId, 1)).toBeUndefined();
  expect(await marks.cutBelow(channelId)).toBe(1);
  expect(told).toEqual(['segment 0, byte 70']);
  expect(await marks.lastDamage(channelId)).toBe('segment 0, byte 70');
  await append(log, { blockNumber: 1, ends: [] });
  expect(await marks.lastDamage(channelId)).toBeUndefined();
});

it('keeps no mark of a block that nobody will ask for, however many were read', async () => {
  const log = openMemoryRecordLog();
  const marks = new CutMarks(log, noDamage);
  const numbers = Array.from({ length: 200 }, (_, blockNumber) => blockNumber);
  await append(
    log,
    ...numbers.map((blockNumber) => ({ blockNumber, ends: [[0, at(blockNumber)] as const] })),
  );
  expect(await marks.endsOf(channelId, 7)).toEqual([[0, 7]]);
  marks.forgetBefore(channelId, 190);
  await append(log, { blockNumber: 189, ends: [] }, { blockNumber: 200, ends: [] });
  expect(await marks.endsOf(channelId, 7)).toBeUndefined();
  expect(await marks.endsOf(channelId, 189)).toBeUndefined();
  expect(await marks.endsOf(channelId, 190)).toEqual([[0, 190]]);
  expect(await marks.endsOf(channelId, 200)).toEqual([]);
  expect(await marks.cutBelow(channelId)).toBe(201);
});

it('ends a block where every author’s entries end now', async () => {
  const log = openMemoryRecordLog();
  const claim = await log.claim(channelId);
  for (const stream of [11, 2, 11] as const) {
    await log.append(claim, { channelId, stream }, new Uint8Array(1), 0);
  }
  await append(log, { blockNumber: 0, ends: [] });
  expect(await endsNow(log, channelId)).toEqual([
    [2, 1],
    [11, 2],
  ]);
});
