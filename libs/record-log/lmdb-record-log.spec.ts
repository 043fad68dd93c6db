/** The record log on LMDB keeps the promises of the port, through a SIGKILL and a full disk too. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import { builtFile } from '#environment/built-file';
import { runAndKill } from '#environment/killed-process';
import { openLmdbRecordLog } from './lmdb-record-log.js';
import { recordLogConformance } from './record-log.conformance.js';
import { isDamaged, logBegin, logPosition, type RecordLog } from './record-log.js';

const newFolder = () => mkdtemp(join(tmpdir(), 'papyrus.record-log-'));

recordLogConformance('lmdb', async () => {
  const folder = await newFolder();
  let port: RecordLog = openLmdbRecordLog(folder);
  return {
    port,
    async reopen() {
      await port.close();
      port = openLmdbRecordLog(folder);
      return port;
    },
    openBeside: async () => openLmdbRecordLog(folder),
    async destroy() {
      await port.close();
      await rm(folder, { recursive: true });
    },
  };
});

const partition = { channelId: `0x${'c3'.repeat(32)}`, stream: 0 };

/** Appends from eight callers and prints each position once it was promised; a fault is printed too. */
const appending = (folder: string, entryBytes: number) => `
  import { openLmdbRecordLog } from '${builtFile('libs/record-log/lmdb-record-log.js')}';
  const log = openLmdbRecordLog('${folder}');
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

it('loses no acknowledged entry to a SIGKILL, however often', async () => {
  const folder = await newFolder();
  const log = openLmdbRecordLog(folder);
  for (let round = 0; round < 3; round++) {
    const promised = await runAndKill({ source: appending(folder, 3_000), lines: 400 });
    const highest = Math.max(...promised.map(Number));
    expect(new Set(promised).size).toBe(promised.length);
    expect(await log.end(partition)).toBeGreaterThan(highest);
    // What was on disk when its process died, but not yet announced, becomes visible with the next write.
    const claim = await log.claim(partition.channelId);
    const next = await log.append(claim, partition, new Uint8Array(3_000), 0);
    expect(next).toBeGreaterThan(highest);
    let read = 0;
    for await (const page of log.read(partition, { from: logBegin })) {
      for (const item of page) {
        if (isDamaged(item)) throw new Error(item.damage);
        expect(item.position).toBe(read++);
        expect(Buffer.compare(item.bytes, Buffer.alloc(3_000, item.receivedAtMs & 0xff))).toBe(0);
      }
    }
    expect(read).toBe(next + 1);
  }
  await log.close();
  await rm(folder, { recursive: true });
});

it('answers a full disk with a fault, keeps what it acknowledged, and goes on with room again', async () => {
  const folder = await newFolder();
  const printed = await runAndKill({
    source: appending(folder, 60_000),
    fileKibibytesMax: 16_384,
  });
  expect(printed.at(-1)).toBe('record-log-unavailable');
  const promised = printed.slice(0, -1).map(Number);
  const log = openLmdbRecordLog(folder);
  expect(await log.end(partition)).toBeGreaterThan(Math.max(...promised));
  for (const position of promised) {
    const item = await log.get(partition, logPosition(position));
    expect(item !== undefined && !isDamaged(item) && item.bytes.length).toBe(60_000);
  }
  await log.append(await log.claim(partition.channelId), partition, new Uint8Array(60_000), 0);
  await log.close();
  await rm(folder, { recursive: true });
});
