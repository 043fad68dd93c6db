/** What a record log acknowledged outlives power cuts at any call to the disk, SIGKILL, and full disks. */
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type Entropy, seededEntropy } from '#environment';
import { builtFile } from '#environment/built-file';
import { runAndKill } from '#environment/killed-process';
import { type CutDisk, cutDisk } from '#environment/testing/cut-disk';
import { diskError, type FileCall, watchedFiles } from '#environment/testing/watched-files';
import { openFileRecordLog } from './file-record-log.js';
import {
  isDamaged,
  type LogPartition,
  type LogPosition,
  logBegin,
  logPosition,
  type RecordLog,
} from './record-log.js';

const channelId = `0x${'c3'.repeat(32)}`;
const partition: LogPartition = { channelId, stream: 0 };
const partitions = [0, 1, 'cut-marks'].map((stream): LogPartition => ({ channelId, stream: stream as 0 }));

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'papyrus-record-log-'));
});
afterEach(() => rm(folder, { recursive: true }));

/** What must be in the log: bytes by partition and position. */
class Acknowledged {
  readonly #entries = new Map<string, Map<LogPosition, Uint8Array>>();

  add({ stream }: LogPartition, position: LogPosition, bytes: Uint8Array): void {
    const entries = this.#entries.get(String(stream)) ?? new Map();
    this.#entries.set(String(stream), entries.set(position, bytes));
  }

  /** A truncation that was begun may have been done. */
  truncate({ stream }: LogPartition, position: LogPosition): void {
    const entries = this.#entries.get(String(stream));
    for (const at of [...(entries?.keys() ?? [])]) if (at < position) entries?.delete(at);
  }

  async mustBeIn(log: RecordLog): Promise<number> {
    let count = 0;
    for (const one of partitions) {
      const found = new Map<LogPosition, Uint8Array>();
      for await (const page of log.read(one, { from: logBegin, pageBytes: 200 })) {
        for (const item of page) {
          if (isDamaged(item)) throw new Error(item.damage);
          found.set(item.position, item.bytes);
        }
      }
      for (const [position, bytes] of this.#entries.get(String(one.stream)) ?? []) {
        expect([one.stream, position, found.get(position)]).toEqual([one.stream, position, bytes]);
        expect(position).toBeLessThan(await log.end(one));
        count++;
      }
    }
    return count;
  }
}

const pick = (entropy: Entropy, below: number) => Buffer.from(entropy.bytes(4)).readUInt32BE(0) % below;

/** Writes until the power goes. */
async function work(disk: CutDisk, entropy: Entropy, acknowledged: Acknowledged): Promise<void> {
  let log: RecordLog | undefined;
  try {
    log = await openFileRecordLog(folder, { files: disk, entropy, segmentBytes: 3_000 });
    for (;;) {
      const claim = await log.claim(channelId);
      const appends = Array.from({ length: 1 + pick(entropy, 8) }, async () => {
        const one = partitions[pick(entropy, 3)];
        const bytes = entropy.bytes(pick(entropy, 700));
        acknowledged.add(one, await (log as RecordLog).append(claim, one, bytes, 1), bytes);
      });
      const results = await Promise.allSettled(appends);
      if (results.some(({ status }) => status === 'rejected')) break;
      if (pick(entropy, 4) > 0) continue;
      const one = partitions[pick(entropy, 3)];
      const before = logPosition(pick(entropy, (await log.end(one)) + 1));
      acknowledged.truncate(one, before);
      await log.truncateBefore(one, before);
    }
  } catch (cause) {
    expect(cause).toMatchObject({ code: 'record-log-unavailable', retriable: true });
  }
  expect(disk.isCut).toBe(true);
  await log?.close().catch(() => {});
}

describe('a power cut', () => {
  it('at any call to the disk takes nothing that was acknowledged, and the log opens again', async () => {
    let checked = 0;
    for (let run = 0; run < 10; run++) {
      const entropy = seededEntropy(`power cut ${run}`);
      const acknowledged = new Acknowledged();
      let disk = cutDisk(entropy);
      for (let cut = 0; cut < 5; cut++) {
        disk.cutAfter(pick(entropy, cut === 0 ? 20 : 120));
        await work(disk, entropy, acknowledged);
        disk = disk.restored();
        const log = await openFileRecordLog(folder, { files: disk, entropy, segmentBytes: 3_000 });
        checked += await acknowledged.mustBeIn(log);
        await log.close();
      }
    }
    expect(checked).toBeGreaterThan(300);
  });

  it('while segments go takes none that is missed: that they go is written down before', async () => {
    const files = watchedFiles(folder);
    const log = await openFileRecordLog(folder, { files, segmentBytes: 500 });
    const claim = await log.claim(channelId);
    for (let at = 0; at < 4; at++) await log.append(claim, partition, new Uint8Array(600).fill(at), 1);
    let removed = 0;
    files.before = ({ act, path }) => {
      if (removed > 0) throw diskError('EIO', path);
      if (act === 'remove' && path.endsWith('.segment')) removed++;
    };
    await expect(log.truncateBefore(partition, logPosition(3))).rejects.toMatchObject({
      code: 'record-log-unavailable',
    });
    expect(removed).toBe(1);
    await log.close().catch(() => {});
    const again = await openFileRecordLog(folder);
    expect(await again.get(partition, logPosition(3))).toMatchObject({ bytes: new Uint8Array(600).fill(3) });
    await again.close();
  });

  it('takes a group that was torn, and nothing stays between what counts and what comes', async () => {
    const log = await openFileRecordLog(folder);
    const claim = await log.claim(channelId);
    await log.append(claim, partition, new Uint8Array(50), 1);
    await log.close();
    const path = join(folder, '000000000000.segment');
    const good = await readFile(path);
    for (const torn of [good.subarray(-100), good.subarray(-202), Buffer.alloc(5_000)]) {
      await writeFile(path, Buffer.concat([good, torn]));
      const files = watchedFiles(folder);
      const mended = await openFileRecordLog(folder, { files });
      const acts = files.calls.map(({ act }) => act);
      // Flushed before the log says that it is open: what was cut off must not come back behind what comes.
      expect(acts.filter((act) => ['write', 'truncate', 'datasync'].includes(act))).toEqual([
        'truncate',
        'datasync',
      ]);
      await mended.close();
      expect((await readFile(path)).length).toBe(good.length);
    }
    const again = await openFileRecordLog(folder);
    await again.append(await again.claim(channelId), partition, new Uint8Array(50).fill(1), 2);
    await again.close();
    // The marks of before, as after a power cut between the flush of a group and that of its mark.
    const longer = await readFile(path);
    longer.set(good.subarray(0, 192));
    await writeFile(path, longer);
    const reader = await openFileRecordLog(folder, { access: 'read' });
    expect(await reader.end(partition)).toBe(1);
    const owner = await openFileRecordLog(folder);
    expect(await owner.get(partition, logPosition(1))).toMatchObject({ bytes: new Uint8Array(50).fill(1) });
    expect(await reader.end(partition)).toBe(2);
    await owner.close();
    await reader.close();
  });
});

describe('a disk that is full', () => {
  const isMark = (calls: readonly FileCall[]) => calls.filter(({ act }) => act === 'write').length % 2 === 0;

  for (const act of ['write', 'datasync', 'mark', 'rename', 'open'] as const) {
    it(`is told with path and code when it refuses a ${act}, and appends go on when there is room`, async () => {
      const files = watchedFiles(folder);
      const log = await openFileRecordLog(folder, { files, segmentBytes: 2_000 });
      const claim = await log.claim(channelId);
      const acknowledged = new Acknowledged();
      const append = async (value: number) => {
        const bytes = new Uint8Array(300).fill(value);
        acknowledged.add(partition, await log.append(claim, partition, bytes, 0), bytes);
      };
      await append(0);
      let refusals = 0;
      for (let at = 1; at < 16; at++) {
        files.calls.length = 0;
        files.before = (call) => {
          const isIt = act === 'mark' ? call.act === 'write' && isMark(files.calls) : call.act === act;
          if (isIt) throw diskError('ENOSPC', call.path);
        };
        const refused = append(at).then(
          () => undefined,
          (cause: unknown) => cause as Error,
        );
        const fault = await refused;
        files.before = () => {};
        if (fault !== undefined) {
          refusals++;
          expect(fault).toMatchObject({ code: 'record-log-unavailable', retriable: true });
          expect(fault.message).toMatch(new RegExp(`${folder}/[0-9a-f]{12}.segment.*: ENOSPC`));
          expect(await acknowledged.mustBeIn(log)).toBeGreaterThan(0);
        }
        await append(at);
      }
      expect(refusals).toBeGreaterThan(1);
      const count = await acknowledged.mustBeIn(log);
      expect(count).toBeGreaterThanOrEqual(16);
      const reader = await openFileRecordLog(folder, { access: 'read' });
      expect(await acknowledged.mustBeIn(reader)).toBe(count);
      await reader.close();
      await log.close();
      const again = await openFileRecordLog(folder);
      expect(await acknowledged.mustBeIn(again)).toBe(count);
      await again.close();
    });
  }

  it('has what a refused group left cut off, and the cut flushed', async () => {
    const files = watchedFiles(folder);
    const log = await openFileRecordLog(folder, { files });
    const claim = await log.claim(channelId);
    files.calls.length = 0;
    files.before = (call) => {
      if (files.calls.filter(({ act }) => act === 'write').length === 2) {
        files.before = () => {};
        throw diskError('ENOSPC', call.path);
      }
    };
    await expect(log.append(claim, partition, new Uint8Array(50), 1)).rejects.toMatchObject({
      code: 'record-log-unavailable',
    });
    const acts = files.calls.map(({ act }) => act).filter((act) => act !== 'facts');
    // Group, flush, its mark, which is refused; then the mark of before.
    expect(acts).toEqual(['write', 'datasync', 'write', 'write', 'truncate', 'datasync']);
    await log.close();
  });

  it('lets a log be opened and read that takes nothing more', async () => {
    const log = await openFileRecordLog(folder);
    await log.append(await log.claim(channelId), partition, new Uint8Array(50), 1);
    await log.close();
    const files = watchedFiles(folder);
    files.before = (call) => {
      if (call.act === 'write') throw diskError('ENOSPC', call.path);
    };
    const full = await openFileRecordLog(folder, { files });
    expect(await full.end(partition)).toBe(1);
    await expect(full.claim(channelId)).rejects.toMatchObject({ code: 'record-log-unavailable' });
    await full.close().catch(() => {});
    await (await openFileRecordLog(folder)).close();
  });
});

/** Appends from eight callers and prints each position once it was promised; a fault is printed too. */
const appending = (entryBytes: number, segmentBytes: number) => `
  import { openFileRecordLog } from '${builtFile('libs/record-log/file-record-log.js')}';
  const log = await openFileRecordLog('${folder}', { segmentBytes: ${segmentBytes} });
  const partition = ${JSON.stringify(partition)};
  const claim = await log.claim(partition.channelId);
  async function caller() {
    for (;;) {
      const at = performance.now();
      const bytes = new Uint8Array(${entryBytes}).fill(Math.floor(at) & 0xff);
      console.log(await log.append(claim, partition, bytes, Math.floor(at)));
    }
  }
  const ended = Promise.all(Array.from({ length: 8 }, caller));
  await ended.catch((fault) => console.log(fault.code));
  process.exit(0);
`;

describe('a process of its own', () => {
  it('loses no acknowledged entry to a SIGKILL, however often', async () => {
    for (let round = 0; round < 3; round++) {
      const promised = await runAndKill({ source: appending(3_000, 400_000), lines: 400 });
      const highest = Math.max(...promised.map(Number));
      expect(new Set(promised).size).toBe(promised.length);
      const log = await openFileRecordLog(folder);
      expect(await log.end(partition)).toBeGreaterThan(highest);
      let read = 0;
      for await (const page of log.read(partition, { from: logBegin })) {
        for (const item of page) {
          if (isDamaged(item)) throw new Error(item.damage);
          expect(item.position).toBe(read++);
          expect(Buffer.compare(item.bytes, Buffer.alloc(3_000, item.receivedAtMs & 0xff))).toBe(0);
        }
      }
      expect(read).toBe(await log.end(partition));
      await log.close();
    }
    expect((await readdir(folder)).filter((name) => name.endsWith('.segment')).length).toBeGreaterThan(5);
  });

  it('answers a full disk with a fault, keeps what it acknowledged, and goes on with room again', async () => {
    const printed = await runAndKill({ source: appending(60_000, 64_000_000), fileKibibytesMax: 8_192 });
    expect(printed.at(-1)).toBe('record-log-unavailable');
    const promised = printed.slice(0, -1).map(Number);
    expect(promised.length).toBeGreaterThan(3);
    const log = await openFileRecordLog(folder);
    expect(await log.end(partition)).toBeGreaterThan(Math.max(...promised));
    for (const position of promised) {
      const item = await log.get(partition, logPosition(position));
      expect(item !== undefined && !isDamaged(item) && item.bytes.length).toBe(60_000);
    }
    await log.append(await log.claim(channelId), partition, new Uint8Array(60_000), 0);
    await log.close();
  });
});
