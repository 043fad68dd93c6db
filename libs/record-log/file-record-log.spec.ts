/** The record log in segment files: the promises of the port, the order of its flushes, its owner. */
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type FileCall, type WatchedFiles, watchedFiles } from '#environment/testing/watched-files';
import { type FileRecordLogOptions, openFileRecordLog } from './file-record-log.js';
import { recordLogConformance } from './record-log.conformance.js';
import {
  isDamaged,
  type LogClaim,
  type LogPartition,
  type LogPosition,
  logBegin,
  positionAfter,
  type RecordLog,
} from './record-log.js';

const newFolder = () => mkdtemp(join(tmpdir(), 'papyrus-record-log-'));

for (const [name, segmentBytes] of [
  ['file', undefined],
  ['file of many segments', 500],
] as const) {
  recordLogConformance(name, async () => {
    const folder = await newFolder();
    let port: RecordLog = await openFileRecordLog(folder, { segmentBytes });
    return {
      port,
      async reopen() {
        await port.close();
        port = await openFileRecordLog(folder, { segmentBytes });
        return port;
      },
      openBeside: () => openFileRecordLog(folder, { access: 'read' }),
      ownsAlone: true,
      async destroy() {
        await port.close();
        await rm(folder, { recursive: true });
      },
    };
  });
}

const channelId = `0x${'c3'.repeat(32)}`;
const ssp: LogPartition = { channelId, stream: 0 };
const dsp: LogPartition = { channelId, stream: 1 };
const bytesOf = (value: number) => new Uint8Array(100).fill(value);

let folder: string;
let opened: RecordLog[];
/** Lets go on what a test holds up. */
let goOn: () => void;
beforeEach(async () => {
  folder = await newFolder();
  opened = [];
  goOn = () => {};
});
afterEach(async () => {
  goOn();
  for (const log of opened) await log.close().catch(() => {});
  await rm(folder, { recursive: true });
});

async function openLog(options?: FileRecordLogOptions): Promise<RecordLog> {
  const log = await openFileRecordLog(folder, options);
  opened.push(log);
  return log;
}

async function append(log: RecordLog, claim: LogClaim, partition: LogPartition, count: number) {
  const positions: LogPosition[] = [];
  for (let at = 0; at < count; at++) positions.push(await log.append(claim, partition, bytesOf(at), at));
  return positions;
}

async function positionsIn(log: RecordLog, partition: LogPartition): Promise<LogPosition[]> {
  const found: LogPosition[] = [];
  for await (const page of log.read(partition, { from: logBegin })) {
    for (const item of page) {
      if (isDamaged(item)) throw new Error(item.damage);
      found.push(item.position);
    }
  }
  return found;
}

const segmentsIn = async () => (await readdir(folder)).filter((name) => name.endsWith('.segment')).sort();

describe('a segment', () => {
  const callsOf = (watched: WatchedFiles, ...acts: FileCall['act'][]) =>
    watched.calls.filter(({ act }) => acts.includes(act)).map(({ act, path }) => `${act} ${path}`.trim());

  it('is flushed before its mark, and the mark is written before an append is told', async () => {
    const files = watchedFiles(folder);
    const log = await openLog({ files });
    const claim = await log.claim(channelId);
    files.calls.length = 0;
    await log.append(claim, ssp, bytesOf(1), 1);
    expect(callsOf(files, 'write', 'datasync', 'truncate', 'syncFolder')).toEqual([
      'write 000000000000.segment',
      'datasync 000000000000.segment',
      'write 000000000000.segment',
    ]);
  });

  it('is flushed whole before a start says that it takes up what stood behind the mark', async () => {
    const log = await openLog();
    const claim = await log.claim(channelId);
    await log.append(claim, ssp, bytesOf(1), 1);
    const path = join(folder, '000000000000.segment');
    const marks = (await readFile(path)).subarray(0, 192);
    const position = await log.append(claim, ssp, bytesOf(2), 2);
    await log.close();
    // As after a kill between the writing of a group and that of its mark: the bytes may be on no disk yet.
    await writeFile(path, Buffer.concat([marks, (await readFile(path)).subarray(192)]));
    const files = watchedFiles(folder);
    const again = await openLog({ files });
    expect(callsOf(files, 'write', 'datasync').slice(0, 2)).toEqual([
      'datasync 000000000000.segment',
      'write 000000000000.segment',
    ]);
    expect(await positionsIn(again, ssp)).toContain(position);
  });

  it('of a new log stands under names that are on the disk, that of the folder too', async () => {
    const files = watchedFiles(folder);
    await openLog({ files });
    const calls = callsOf(files, 'rename', 'syncFolder');
    expect(calls.slice(calls.indexOf('rename log-id.next'))).toEqual([
      'rename log-id.next',
      'syncFolder',
      'syncFolder ..',
    ]);
  });

  it('has its last mark on the disk when the log is closed', async () => {
    const files = watchedFiles(folder);
    const log = await openLog({ files });
    await log.append(await log.claim(channelId), ssp, bytesOf(1), 1);
    files.calls.length = 0;
    await log.close();
    expect(callsOf(files, 'write', 'datasync', 'close')).toEqual([
      'write 000000000000.segment',
      'datasync 000000000000.segment',
      'close 000000000000.segment',
    ]);
  });

  it('takes the appends that wait in one write and one flush', async () => {
    const files = watchedFiles(folder);
    const log = await openLog({ files });
    const claim = await log.claim(channelId);
    files.calls.length = 0;
    await Promise.all(Array.from({ length: 100 }, (_, at) => log.append(claim, ssp, bytesOf(at), at)));
    expect(callsOf(files, 'datasync')).toHaveLength(1);
    expect(callsOf(files, 'write')).toHaveLength(2);
  });

  it('stands flushed under its name before the one before says that the log goes on', async () => {
    const files = watchedFiles(folder);
    const log = await openLog({ files, segmentBytes: 2_000 });
    const claim = await log.claim(channelId);
    await append(log, claim, ssp, 5);
    files.calls.length = 0;
    while ((await segmentsIn()).length < 2) await log.append(claim, ssp, bytesOf(9), 9);
    const calls = callsOf(files, 'write', 'datasync', 'rename', 'syncFolder');
    const begun = calls.indexOf('write 000000000001.segment.next');
    expect(calls.slice(begun, begun + 10)).toEqual([
      'write 000000000001.segment.next',
      'datasync 000000000001.segment.next',
      'rename 000000000001.segment.next',
      'syncFolder',
      'write 000000000000.segment',
      'write 000000000000.segment',
      'datasync 000000000000.segment',
      'write 000000000000.index.next',
      'datasync 000000000000.index.next',
      'rename 000000000000.index.next',
    ]);
  });

  it('is the only one whose entries are read at a start', async () => {
    const log = await openLog({ segmentBytes: 2_000 });
    await append(log, await log.claim(channelId), ssp, 40);
    await log.close();
    const names = await segmentsIn();
    expect(names.length).toBeGreaterThan(3);
    const files = watchedFiles(folder);
    await openLog({ files });
    const readOnes = new Set(callsOf(files, 'read').filter((call) => call.endsWith('.segment')));
    // Of the last but one only the mark, to see whether it was sealed.
    expect([...readOnes].sort()).toEqual(names.slice(-2).map((name) => `read ${name}`));
  });

  it('goes when nothing in it is needed any more, and is no loss then', async () => {
    const log = await openLog({ segmentBytes: 2_000 });
    const claim = await log.claim(channelId);
    await append(log, claim, dsp, 1);
    const positions = await append(log, claim, ssp, 60);
    const before = await segmentsIn();
    await log.truncateBefore(ssp, positions[50]);
    // The other partition still needs its first entry, in the first segment.
    expect((await segmentsIn()).slice(0, before.length)).toEqual(before);
    await log.truncateBefore(dsp, await log.end(dsp));
    const after = await segmentsIn();
    expect(after.length).toBeLessThan(before.length / 2);
    expect(await positionsIn(log, ssp)).toEqual(positions.slice(50));
    await log.close();
    const again = await openLog();
    expect(await positionsIn(again, ssp)).toEqual(positions.slice(50));
    expect(await again.end(dsp)).toBe(positionAfter(logBegin));
    expect((await readdir(folder)).filter((name) => name.endsWith('.index'))).toHaveLength(after.length - 1);
  });

  it('is removed beside the appends, before the log is closed', async () => {
    const files = watchedFiles(folder);
    const log = await openLog({ files, segmentBytes: 2_000 });
    const claim = await log.claim(channelId);
    const positions = await append(log, claim, ssp, 60);
    const gate = new Promise<void>((resolve) => {
      goOn = resolve;
    });
    const isRemoval = ({ act, path }: FileCall): boolean => act === 'remove' && path.endsWith('.segment');
    files.before = (call) => (isRemoval(call) ? gate : undefined);
    const forgetting = log.truncateBefore(ssp, positions[50]);
    while (!files.calls.some(isRemoval)) await setImmediate();
    let isAppended = false;
    const appending = log.append(claim, ssp, bytesOf(1), 0).then(() => {
      isAppended = true;
    });
    for (let turn = 0; turn < 100_000 && !isAppended; turn++) await setImmediate();
    expect(isAppended).toBe(true);
    expect(await segmentsIn()).toContain('000000000000.segment');
    const closing = log.close();
    goOn();
    await Promise.all([forgetting, appending, closing]);
    const again = await openLog({ access: 'read' });
    expect((await positionsIn(again, ssp)).slice(0, 10)).toEqual(positions.slice(50));
    expect(await segmentsIn()).not.toContain('000000000000.segment');
  });

  it('goes while there is always more to append, all of which is written before the log closes', async () => {
    const log = await openLog();
    const claim = await log.claim(channelId);
    await append(log, claim, ssp, 1);
    let appended = 1;
    let isForgotten = false;
    const appendOn = async (): Promise<void> => {
      while (!isForgotten && appended++ < 1_000) await log.append(claim, ssp, bytesOf(1), 0);
    };
    // The second begins while the first is written: from then on one waits whenever one is written.
    const first = appendOn();
    await setImmediate();
    const both = Promise.all([first, appendOn()]);
    await log.truncateBefore(ssp, positionAfter(logBegin));
    isForgotten = true;
    expect(appended).toBeLessThan(100);
    const last = log.append(claim, ssp, bytesOf(2), 0);
    await Promise.all([both, last, log.close()]);
    expect((await positionsIn(await openLog(), ssp)).at(-1)).toBe(await last);
  });
});

describe('the owner of a log', () => {
  it('is one process at a time; readers are let in beside it', async () => {
    const log = await openLog();
    const refused = openFileRecordLog(folder);
    await expect(refused).rejects.toMatchObject({ code: 'data-in-use', retriable: false });
    const reader = await openLog({ access: 'read' });
    await expect(reader.claim(channelId)).rejects.toThrow('opened only to be read');
    await log.close();
    const [first] = await append(await openLog(), await opened[2].claim(channelId), ssp, 1);
    expect(await positionsIn(reader, ssp)).toEqual([first]);
  });

  it('takes nothing of an earlier claim behind a later one, also when both are written with one flush', async () => {
    const log = await openLog();
    const earlier = await log.claim(channelId);
    const claiming = log.claim(channelId);
    const late = log.append(earlier, ssp, bytesOf(1), 1);
    await expect(late).rejects.toMatchObject({ code: 'record-log-fenced', retriable: false });
    expect(await append(log, await claiming, ssp, 1)).toEqual([logBegin]);
    expect(await log.end(ssp)).toBe(positionAfter(logBegin));
  });

  it('may begin the log after its readers have opened it', async () => {
    const reader = await openLog({ access: 'read' });
    expect(await reader.end(ssp)).toBe(logBegin);
    expect(await reader.partitions(channelId)).toEqual([]);
    await expect(reader.identity()).rejects.toMatchObject({
      code: 'record-log-unavailable',
      retriable: true,
    });
    const log = await openLog();
    const positions = await append(log, await log.claim(channelId), ssp, 3);
    expect(await positionsIn(reader, ssp)).toEqual(positions);
    expect(await reader.identity()).toEqual(await log.identity());
  });

  it('is followed by readers through segments that begin and go', async () => {
    const log = await openLog({ segmentBytes: 2_000 });
    const claim = await log.claim(channelId);
    const reader = await openLog({ access: 'read' });
    const positions: LogPosition[] = [];
    for (let round = 0; round < 6; round++) {
      positions.push(...(await append(log, claim, ssp, 10)));
      if (round % 2 === 1) await log.truncateBefore(ssp, positions[positions.length - 5]);
      const kept = await positionsIn(log, ssp);
      expect(await positionsIn(reader, ssp)).toEqual(kept);
      expect(kept.at(-1)).toBe(positions.at(-1));
    }
  });

  it('may remove what a reader is just reading: the reader goes on behind it', async () => {
    const log = await openLog({ segmentBytes: 2_000 });
    const positions = await append(log, await log.claim(channelId), ssp, 60);
    const reader = await openLog({ access: 'read' });
    const found: LogPosition[] = [];
    for await (const page of reader.read(ssp, { from: logBegin, pageBytes: 1 })) {
      found.push(...page.map(({ position }) => position));
      if (found.length === 1) await log.truncateBefore(ssp, positions[50]);
    }
    expect(found[0]).toBe(positions[0]);
    expect(found.slice(-10)).toEqual(positions.slice(50));
    expect(found.length).toBeLessThan(40);
  });
});
