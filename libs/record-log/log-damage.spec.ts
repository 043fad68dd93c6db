/** What is damaged in a record log is named, and hides nothing else: other bytes are never read. */
import { cp, mkdtemp, open, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { seededEntropy } from '#environment';
import { openFileRecordLog } from './file-record-log.js';
import { inspectFileRecordLog } from './inspect-log.js';
import {
  isDamaged,
  type LogItem,
  type LogPartition,
  logBegin,
  logPosition,
  type RecordLog,
} from './record-log.js';

const channelId = `0x${'c3'.repeat(32)}`;
const partitions: readonly LogPartition[] = [0, 1].map((stream) => ({ channelId, stream }));
const [ssp, dsp] = partitions;
const last = '000000000002.segment';

let scratch: string;
let good: string;
let folder: string;
let written: readonly (readonly LogItem[])[];
beforeEach(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'papyrus-record-log-'));
  good = join(scratch, 'good');
  folder = join(scratch, 'bad');
  const entropy = seededEntropy('damage');
  const log = await openFileRecordLog(good, { segmentBytes: 2_000, entropy });
  const claim = await log.claim(channelId);
  for (let at = 0; at < 14; at++) await log.append(claim, partitions[at % 2], entropy.bytes(50 + at), at);
  written = await readAll(log);
  await log.close();
});
afterEach(() => rm(scratch, { recursive: true }));

async function readAll(log: RecordLog): Promise<LogItem[][]> {
  const found: LogItem[][] = [];
  for (const partition of partitions) {
    const items: LogItem[] = [];
    for await (const page of log.read(partition, { from: logBegin, pageBytes: 200 })) items.push(...page);
    found.push(items);
  }
  return found;
}

const filesIn = async (path: string) =>
  (await readdir(path)).filter((name) => !name.endsWith('.lock')).sort();

async function copied(): Promise<void> {
  await rm(folder, { recursive: true, force: true });
  await cp(good, folder, { recursive: true });
}

/** How many entries are named as damaged; undefined where the log is refused by name. */
async function lookedAt(): Promise<number | undefined> {
  try {
    const log = await openFileRecordLog(folder, { segmentBytes: 2_000 });
    const found = await readAll(log);
    let damages = 0;
    for (const [at, items] of found.entries()) {
      expect(items.map(({ position }) => position)).toEqual(written[at].map(({ position }) => position));
      for (const [index, item] of items.entries()) {
        if (!isDamaged(item)) expect(item).toEqual(written[at][index]);
        else expect(item.damage).toContain(folder);
        damages += isDamaged(item) ? 1 : 0;
      }
    }
    // And it goes on.
    await log.append(await log.claim(channelId), ssp, Uint8Array.of(1), 1);
    await log.close();
    return damages;
  } catch (cause) {
    expect({ ...(cause as object), name: (cause as Error).name }).toMatchObject({
      name: 'Fault',
      retriable: false,
    });
    expect(['record-log-damaged', 'record-log-shorter']).toContain((cause as { code: string }).code);
    expect((cause as Error).message).toContain(folder);
    return undefined;
  }
}

describe('a single bit', () => {
  it('that is flipped is without effect, or damages the one entry in which it lies', async () => {
    const tally = { refused: 0, noEffect: 0, oneEntry: 0 };
    for (const name of await filesIn(good)) {
      const bytes = await readFile(join(good, name));
      for (let at = 5; at < bytes.length; at += 61) {
        await copied();
        bytes[at] ^= 1 << (at % 8);
        await writeFile(join(folder, name), bytes);
        bytes[at] ^= 1 << (at % 8);
        const damages = await lookedAt();
        if (damages === undefined) tally.refused++;
        else if (damages === 0) tally.noEffect++;
        else tally.oneEntry += damages;
      }
    }
    // Everything but the entries stands twice, or can be made again.
    expect(tally.refused).toBe(0);
    expect(tally.oneEntry).toBeGreaterThan(8);
    expect(tally.noEffect).toBeGreaterThan(50);
  });

  it('in head and foot both takes the entry and its name: those behind tell of it', async () => {
    await copied();
    const path = join(folder, '000000000000.segment');
    const bytes = await readFile(path);
    const from = bytes.indexOf('PLOG', 600);
    bytes.fill(0, from, from + 220);
    await writeFile(path, bytes);
    await rm(join(folder, '000000000000.index'));
    const damages = await lookedAt();
    expect(damages).toBeGreaterThanOrEqual(1);
    expect(damages).toBeLessThanOrEqual(3);
  });

  it('in the newest mark brings back none of before: readers see what was promised before a kill', async () => {
    await copied();
    const log = await openFileRecordLog(folder);
    await log.append(await log.claim(channelId), dsp, Uint8Array.of(1), 1);
    const path = join(folder, last);
    const bytes = await readFile(path);
    for (let at = 64; at < 192; at++) {
      bytes[at] ^= 1 << (at % 8);
      await writeFile(path, bytes);
      bytes[at] ^= 1 << (at % 8);
      const reader = await openFileRecordLog(folder, { access: 'read' });
      expect([at, await reader.end(dsp)]).toEqual([at, 8]);
      await reader.close();
    }
    await log.close();
  });
});

describe('a file', () => {
  it('that is cut short, emptied or gone is named, unless it can be made again', async () => {
    for (const name of await filesIn(good)) {
      const { length } = await readFile(join(good, name));
      for (const cut of [length - 1, Math.floor(length / 2), 130, 100, 1, 0, undefined]) {
        if (cut !== undefined && cut >= length) continue;
        await copied();
        if (cut === undefined) await rm(join(folder, name));
        else await truncate(join(folder, name), cut);
        const damages = await lookedAt();
        expect([name, cut, damages]).toEqual([name, cut, name.endsWith('.segment') ? undefined : 0]);
        if (name.endsWith('.segment')) continue;
        expect(Buffer.compare(await readFile(join(folder, name)), await readFile(join(good, name)))).toBe(0);
      }
    }
  });

  it('is named with what to do when all are gone, or are of another log', async () => {
    await copied();
    for (const name of await filesIn(folder)) if (name !== 'log-id') await rm(join(folder, name));
    await expect(openFileRecordLog(folder)).rejects.toMatchObject({
      code: 'record-log-shorter',
      retriable: false,
      message: expect.stringMatching(/every segment is gone; bring the folder back.*or move it away/),
    });
    const other = join(scratch, 'other');
    await (await openFileRecordLog(other)).close();
    await copied();
    await writeFile(join(folder, last), await readFile(join(other, '000000000000.segment')));
    await expect(openFileRecordLog(folder)).rejects.toMatchObject({
      code: 'record-log-damaged',
      message: expect.stringContaining('belongs to another log'),
    });
  });

  it('of another version is named as such, and not taken for damaged', async () => {
    await copied();
    const path = join(folder, last);
    const bytes = await readFile(path);
    bytes.write('1', 15);
    bytes.writeUInt32BE(crc32(bytes.subarray(0, 40)), 40);
    await writeFile(path, bytes);
    await expect(openFileRecordLog(folder)).rejects.toMatchObject({
      code: 'record-log-damaged',
      message: expect.stringContaining('is of another version of Papyrus'),
    });
    expect(await readFile(path)).toEqual(bytes);
  });

  it('that is an older copy is named by whoever read more of it', async () => {
    await copied();
    const log = await openFileRecordLog(folder);
    const reader = await openFileRecordLog(folder, { access: 'read' });
    await readAll(reader);
    const before = await readFile(join(folder, last));
    await log.append(await log.claim(channelId), dsp, Uint8Array.of(1), 1);
    expect(await reader.end(dsp)).toBe(8);
    await log.close();
    await writeFile(join(folder, last), before);
    await expect(reader.end(dsp)).rejects.toMatchObject({ code: 'record-log-shorter', retriable: false });
    await reader.close();
  });
});

it('keeps from a reader only what is damaged while it reads, and the next entry tells what that was', async () => {
  await copied();
  const reader = await openFileRecordLog(folder, { access: 'read' });
  const before = await readAll(reader);
  const log = await openFileRecordLog(folder);
  const path = join(folder, last);
  const { length } = await readFile(path);
  const claim = await log.claim(channelId);
  await log.append(claim, dsp, new Uint8Array(40), 1);
  const file = await open(path, 'r+');
  const size = (await file.stat()).size;
  await file.write(new Uint8Array(size - length), 0, size - length, length);
  await file.close();
  expect(await readAll(reader)).toEqual(before);
  await log.append(claim, dsp, new Uint8Array(40), 2);
  const [, found] = await readAll(reader);
  expect(found.slice(-2)).toEqual([
    { position: 7, damage: expect.stringContaining(folder) },
    { position: 8, receivedAtMs: 2, bytes: new Uint8Array(40) },
  ]);
  await reader.close();
  await log.close();
});

describe('an inspection', () => {
  it('counts the entries of a log that is whole, and says nothing of one that is not there', async () => {
    expect(await inspectFileRecordLog(good, 'log')).toEqual([
      { what: 'log', isGood: true, detail: '14 entries' },
    ]);
    expect(await inspectFileRecordLog(join(scratch, 'none'), 'log')).toEqual([]);
  });

  it('names damaged entries with file and byte, and what refuses the log, and changes nothing', async () => {
    await copied();
    const path = join(folder, '000000000000.segment');
    const bytes = await readFile(path);
    bytes[bytes.indexOf('PLOG', 900) + 90] ^= 1;
    await writeFile(path, bytes);
    const [damaged, ...others] = await inspectFileRecordLog(folder, 'log');
    expect(others).toEqual([]);
    expect(damaged).toMatchObject({ what: 'log', isGood: false });
    expect(damaged.detail).toMatch(
      /^13 entries whole, 1 damaged \(entry \d of stream [01] of channel 0xc3.*segment at/,
    );
    expect(await readFile(path)).toEqual(bytes);
    await rm(path);
    const [gone] = await inspectFileRecordLog(folder, 'log');
    expect(gone.detail).toContain(`${path} is gone`);
  });

  it('tells of each bit that is not as it was written, also where it is written twice or was let go', async () => {
    await copied();
    const log = await openFileRecordLog(folder, { segmentBytes: 2_000 });
    await log.truncateBefore(dsp, logPosition(2));
    await log.close();
    for (const name of await filesIn(folder)) {
      const path = join(folder, name);
      const bytes = await readFile(path);
      for (let at = 0; at < bytes.length; at += 7) {
        const flipped = Buffer.from(bytes);
        flipped[at] ^= 1 << (at % 8);
        await writeFile(path, flipped);
        const [finding] = await inspectFileRecordLog(folder, 'log');
        if (finding.isGood) throw new Error(`byte ${at} of ${name} is not told of`);
      }
      await writeFile(path, bytes);
    }
    expect(await inspectFileRecordLog(folder, 'log')).toMatchObject([{ isGood: true }]);
  });

  it('names a damaged cut mark, the newest one too', async () => {
    await copied();
    const log = await openFileRecordLog(folder);
    const marks = { channelId, stream: 'cut-marks' } as const;
    await log.append(await log.claim(channelId), marks, new Uint8Array(40).fill(3), 1);
    await log.close();
    const name = (await filesIn(folder)).filter((one) => one.endsWith('.segment')).at(-1) as string;
    const bytes = await readFile(join(folder, name));
    bytes[bytes.lastIndexOf(Buffer.alloc(40, 3)) + 7] ^= 16;
    await writeFile(join(folder, name), bytes);
    const [finding] = await inspectFileRecordLog(folder, 'log');
    expect(finding.detail).toContain(`entry 0 of stream cut-marks of channel ${channelId}`);
    expect(finding.isGood).toBe(false);
  });
});
