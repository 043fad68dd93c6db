/** Files that are taken away under their owner, or exchanged: no receipt rests on what nobody finds again. */
import { copyFile, cp, mkdtemp, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { lockFileName } from '#environment/folder-lock';
import { openFileRecordLog } from './file-record-log.js';
import {
  isDamaged,
  type LogClaim,
  type LogPartition,
  logBegin,
  positionAfter,
  type RecordLog,
} from './record-log.js';

const channelId = `0x${'c3'.repeat(32)}`;
const partition: LogPartition = { channelId, stream: 0 };
const gone = { name: 'Fault', code: 'record-log-gone', retriable: false };

let scratch: string;
let folder: string;
let segment: string;
let log: RecordLog;
let claim: LogClaim;
beforeEach(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'papyrus-record-log-'));
  folder = join(scratch, 'log');
  segment = join(folder, '000000000000.segment');
  log = await openFileRecordLog(folder, { segmentBytes: 2_000 });
  claim = await log.claim(channelId);
  await log.append(claim, partition, Uint8Array.of(1), 0);
});
afterEach(async () => {
  await log.close();
  await rm(scratch, { recursive: true });
});

const ways: Readonly<Record<string, () => Promise<unknown>>> = {
  'whose last segment was removed': () => rm(segment),
  'whose last segment was replaced by a copy of it': async () => {
    await copyFile(segment, join(scratch, 'copy'));
    await rename(join(scratch, 'copy'), segment);
  },
  'whose folder was moved away': () => rename(folder, join(scratch, 'moved')),
  'in whose place a copy was put': async () => {
    await cp(folder, join(scratch, 'copy'), { recursive: true });
    await rename(folder, join(scratch, 'moved'));
    await rename(join(scratch, 'copy'), folder);
  },
  'whose lock file was removed': () => rm(join(folder, lockFileName)),
};

for (const [way, act] of Object.entries(ways)) {
  it(`a log ${way} acknowledges nothing more, and says so to whoever asks`, async () => {
    await act();
    const appends = [2, 3].map((value) => log.append(claim, partition, Uint8Array.of(value), 0));
    for (const append of appends) await expect(append).rejects.toMatchObject(gone);
    expect(claim.lost.aborted).toBe(true);
    await expect(log.append(claim, partition, Uint8Array.of(4), 0)).rejects.toMatchObject(gone);
    await expect(log.claim(channelId)).rejects.toMatchObject(gone);
    await expect(log.truncateBefore(partition, positionAfter(logBegin))).rejects.toMatchObject(gone);
    await expect(log.claim(channelId)).rejects.toThrow(folder);
  });

  it(`a log ${way} is known to be gone before anything is appended`, async () => {
    await act();
    await expect(log.partitions(channelId)).rejects.toMatchObject(gone);
    await expect(log.end(partition)).rejects.toMatchObject(gone);
    await expect(log.identity()).rejects.toMatchObject(gone);
    expect(claim.lost.aborted).toBe(true);
  });
}

it('a segment is not begun in a folder that took the place of the log’s', async () => {
  for (let at = 0; at < 6; at++) await log.append(claim, partition, new Uint8Array(300), 0);
  await ways['in whose place a copy was put']();
  await expect(log.append(claim, partition, new Uint8Array(300), 0)).rejects.toMatchObject(gone);
  const other = await openFileRecordLog(folder);
  expect(await other.end(partition)).toBe(7);
  await other.close();
});

it('of two owners of one folder, whose lock was removed, only the second is given positions', async () => {
  await rm(join(folder, lockFileName));
  const second = await openFileRecordLog(folder);
  const own = await second.claim(channelId);
  const given = await second.append(own, partition, Uint8Array.of(7), 0);
  await expect(log.append(claim, partition, Uint8Array.of(8), 0)).rejects.toMatchObject(gone);
  await log.close();
  const next = await second.append(own, partition, Uint8Array.of(9), 0);
  const found: unknown[] = [];
  for await (const page of second.read(partition, { from: given })) {
    for (const item of page) found.push(isDamaged(item) ? item.damage : [item.position, item.bytes[0]]);
  }
  expect(found).toEqual([
    [given, 7],
    [next, 9],
  ]);
  await second.close();
});

it('closing it twice frees the folder once: whoever waits for either finds it free', async () => {
  const appended = log.append(claim, partition, new Uint8Array(1_000), 0);
  const first = log.close();
  await log.close();
  await (await openFileRecordLog(folder)).close();
  await first;
  expect(await appended).toBe(1);
});
