/** The record log in memory keeps the promises of the port, as a calm engine and as an awkward one. */
import { expect, it } from '@jest/globals';
import { openMemoryRecordLog, RecordDrawers } from './memory-record-log.js';
import { recordLogConformance } from './record-log.conformance.js';
import { type LogPosition, logBegin } from './record-log.js';

const afterTurns = (turns: number) => async (): Promise<void> => {
  for (let turn = 0; turn < turns; turn++) await new Promise(setImmediate);
};

const engines = {
  memory: undefined,
  'memory with gaps and slow answers': { gap: 5, answers: afterTurns(2) },
};

for (const [name, engine] of Object.entries(engines)) {
  recordLogConformance(name, async () => {
    const drawers = new RecordDrawers(engine);
    const port = openMemoryRecordLog(drawers);
    return {
      port,
      reopen: async () => openMemoryRecordLog(drawers),
      openBeside: async () => openMemoryRecordLog(drawers),
      ownsAlone: false,
      destroy: () => port.close(),
    };
  });
}

const partition = { channelId: `0x${'c3'.repeat(32)}`, stream: 0 };

it('leaves gaps where it was asked to', async () => {
  const log = openMemoryRecordLog(new RecordDrawers({ gap: 5, answers: afterTurns(0) }));
  const claim = await log.claim(partition.channelId);
  const positions: LogPosition[] = [];
  for (let at = 0; at < 4; at++) positions.push(await log.append(claim, partition, new Uint8Array(1), 0));
  expect(positions).toEqual([0, 1, 7, 8]);
});

it('fails every call while its engine is away, and goes on with all it held, and the same claim', async () => {
  const drawers = new RecordDrawers();
  const log = openMemoryRecordLog(drawers);
  const claim = await log.claim(partition.channelId);
  await log.append(claim, partition, Uint8Array.of(1), 1);
  await log.append(claim, partition, Uint8Array.of(2), 2);
  const unavailable = { code: 'record-log-unavailable', retriable: true };
  const reading = log.read(partition, { from: logBegin, pageBytes: 1 })[Symbol.asyncIterator]();
  expect((await reading.next()).value).toHaveLength(1);
  drawers.isAway = true;
  await expect(reading.next()).rejects.toMatchObject(unavailable);
  await expect(log.append(claim, partition, Uint8Array.of(3), 3)).rejects.toMatchObject(unavailable);
  await expect(log.end(partition)).rejects.toMatchObject(unavailable);
  drawers.isAway = false;
  expect(await log.append(claim, partition, Uint8Array.of(3), 3)).toBe(2);
});
