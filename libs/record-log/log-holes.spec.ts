/** Blocks of a segment that come back as zeros: nobody is kept from going on, and no position is given twice. */
import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { seededEntropy } from '#environment';
import { watchedFiles } from '#environment/testing/watched-files';
import { openFileRecordLog } from './file-record-log.js';
import { inspectFileRecordLog } from './inspect-log.js';
import {
  isDamaged,
  type LogItem,
  type LogPartition,
  logBegin,
  positionAfter,
  type RecordLog,
} from './record-log.js';

const channels = ['c3', 'd4', 'e5'].map((byte) => `0x${byte.repeat(32)}`);
const unheard = `0x${'f6'.repeat(32)}`;
const partitions: readonly LogPartition[] = channels.flatMap((channelId) =>
  ([0, 'cut-marks'] as const).map((stream) => ({ channelId, stream })),
);
const segmentBytes = 6_000;

let scratch: string;
let good: string;
let folder: string;
let written: Map<LogPartition, LogItem[]>;
let epochs: Map<string, number>;
let last: string;
beforeEach(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'papyrus-record-log-'));
  good = join(scratch, 'good');
  folder = join(scratch, 'bad');
  await fill();
});
afterEach(() => rm(scratch, { recursive: true }));

/** Claims, entries and truncations of three channels, of which the last is heard of in the last segment only. */
async function fill(): Promise<void> {
  const entropy = seededEntropy('holes');
  const log = await openFileRecordLog(good, { segmentBytes, entropy });
  epochs = new Map();
  for (let round = 0; round < 16; round++) {
    const channelId = channels[round < 14 ? round % 2 : 2];
    const claim = await log.claim(channelId);
    epochs.set(channelId, claim.epoch);
    for (let at = 0; at < 4; at++) {
      const partition = { channelId, stream: at === 3 ? ('cut-marks' as const) : 0 };
      await log.append(claim, partition, entropy.bytes(50 + 10 * at), at);
    }
  }
  await log.truncateBefore(partitions[0], positionAfter(logBegin));
  written = await readAll(log);
  await log.close();
  last = (await readdir(good))
    .filter((name) => name.endsWith('.segment'))
    .sort()
    .at(-1) as string;
}

async function readAll(log: RecordLog): Promise<Map<LogPartition, LogItem[]>> {
  const found = new Map<LogPartition, LogItem[]>();
  for (const partition of partitions) {
    const items: LogItem[] = [];
    for await (const page of log.read(partition, { from: logBegin })) items.push(...page);
    found.set(partition, items);
  }
  return found;
}

async function zeroed(name: string, from: number, length: number): Promise<void> {
  await rm(folder, { recursive: true, force: true });
  await cp(good, folder, { recursive: true });
  const bytes = await readFile(join(folder, name));
  bytes.fill(0, from, Math.min(bytes.length, from + length));
  await writeFile(join(folder, name), bytes);
}

/** Whatever was written is there, in its place, or named there; returns how many are named. */
function compared(found: ReadonlyMap<LogPartition, readonly LogItem[]>): number {
  let named = 0;
  for (const [partition, items] of written) {
    const byPosition = new Map(found.get(partition)?.map((item) => [item.position, item]));
    // All that ever told of the partition was lost.
    if (byPosition.size === 0 && partition.channelId === channels[2]) continue;
    for (const item of items) {
      const now = byPosition.get(item.position);
      if (now === undefined) throw new Error(`${partition.stream} ${item.position} is not there`);
      if (isDamaged(now)) expect(now.damage).toContain(folder);
      else expect(now).toEqual(item);
      named += isDamaged(now) ? 1 : 0;
    }
  }
  return named;
}

/** Every channel goes on, behind all that it was ever given. */
async function goesOn(log: RecordLog): Promise<void> {
  for (const channelId of [...channels, unheard]) {
    const claim = await log.claim(channelId);
    expect(claim.epoch).toBeGreaterThan(epochs.get(channelId) ?? 0);
    const partition = { channelId, stream: 0 };
    const before = written.get(partitions.find((one) => one.channelId === channelId) as LogPartition);
    const position = await log.append(claim, partition, Uint8Array.of(7), 7);
    expect(position).toBeGreaterThan(before?.at(-1)?.position ?? -1);
    expect(await log.get(partition, position)).toMatchObject({ bytes: Uint8Array.of(7) });
  }
}

describe.each([256, 700, 4_096])('%d bytes of the last segment that are lost', (blockBytes) => {
  it('are passed over wherever they lie, named, and all else is read', async () => {
    const { length } = await readFile(join(good, last));
    const tally = { named: 0, blocks: 0 };
    for (let from = 0; from < length; from += Math.floor(blockBytes / 2)) {
      await zeroed(last, from, blockBytes);
      let log = await openFileRecordLog(folder, { segmentBytes });
      const named = compared(await readAll(log));
      await log.close();
      // Known anew at each start, until something is written.
      log = await openFileRecordLog(folder, { segmentBytes });
      expect(compared(await readAll(log))).toBe(named);
      const reader = await openFileRecordLog(folder, { access: 'read' });
      await readAll(reader);
      await goesOn(log);
      const all = await readAll(log);
      expect(compared(all)).toBe(named);
      expect(await readAll(reader)).toEqual(all);
      await reader.close();
      await log.close();
      await rm(join(folder, last.replace('segment', 'index')), { force: true });
      log = await openFileRecordLog(folder, { segmentBytes });
      expect(await readAll(log)).toEqual(all);
      await log.close();
      tally.named += named;
      tally.blocks++;
    }
    expect(tally.blocks).toBeGreaterThan(1);
    expect(tally.named).toBeGreaterThan(2);
  });
});

it('concerns nobody where what was lost is told by something behind it', async () => {
  await rm(good, { recursive: true });
  const log = await openFileRecordLog(good);
  const path = join(good, '000000000000.segment');
  const [one, other] = [await log.claim(channels[0]), await log.claim(channels[1])];
  const { length } = await readFile(path);
  await log.append(other, partitions[2], Uint8Array.of(1), 0);
  await log.append(one, partitions[0], Uint8Array.of(2), 0);
  await log.append(await log.claim(channels[1]), partitions[2], Uint8Array.of(3), 0);
  written = await readAll(log);
  await log.close();
  // The second claim, and the first entry of its channel.
  await zeroed('000000000000.segment', length - 152, 152 + 153);
  const again = await openFileRecordLog(folder);
  const found = await readAll(again);
  expect(compared(found)).toBe(1);
  expect([...found.values()].map((items) => items.length)).toEqual([1, 0, 2, 0, 0, 0]);
  const [first, second] = [await again.claim(channels[0]), await again.claim(channels[1])];
  expect([first.epoch, second.epoch]).toEqual([2, 3]);
  await again.close();
});

it('is refused where so much is lost that each channel would be given thousands of damaged places', async () => {
  await rm(good, { recursive: true });
  const log = await openFileRecordLog(good);
  const claim = await log.claim(channels[0]);
  await log.append(claim, partitions[0], new Uint8Array(1_000_000), 0);
  await log.close();
  const bytes = await readFile(join(good, '000000000000.segment'));
  await zeroed('000000000000.segment', bytes.lastIndexOf('PLOG'), bytes.length);
  await expect(openFileRecordLog(folder)).rejects.toMatchObject({
    code: 'record-log-damaged',
    retriable: false,
    message: expect.stringMatching(/up to \d+ entries and claims were lost/),
  });
});

it('is passed over too on a disk that takes nothing, and written down when there is room', async () => {
  const bytes = await readFile(join(good, last));
  await zeroed(last, bytes.lastIndexOf('PLOG'), bytes.length);
  const files = watchedFiles(folder);
  files.before = ({ act, path }) => {
    if (act === 'write') throw Object.assign(new Error(path), { code: 'ENOSPC' });
  };
  const log = await openFileRecordLog(folder, { segmentBytes, files });
  compared(await readAll(log));
  await expect(log.claim(channels[0])).rejects.toMatchObject({ code: 'record-log-unavailable' });
  files.before = () => {};
  await goesOn(log);
  await log.close();
});

it('is told by an inspection, with file, byte and how much', async () => {
  const bytes = await readFile(join(good, last));
  await zeroed(last, bytes.lastIndexOf('PLOG'), bytes.length);
  const [finding] = await inspectFileRecordLog(folder, 'log');
  expect(finding).toMatchObject({ what: 'log', isGood: false });
  expect(finding.detail).toMatch(/segment: \d+ bytes at byte \d+ cannot be made out/);
});
