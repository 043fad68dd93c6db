/**
 * A record log on a disk that is full for 8 seconds, and for ever: appends fail by name while it is, go on without
 * a restart when there is room, nothing acknowledged is lost, reads are answered, and the folder opens again.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout } from 'node:timers/promises';
import { builtFile } from '#environment/built-file';
import { isDamaged, logBegin } from '#record-log';
import { openFileRecordLog } from '#record-log/file-record-log';
import { type FullDisk, smallDisk, smallFiles } from './full-disk.js';

const fullMs = 8_000;
const linesBefore = 60;
const entryBytes = 3_000;
/** Room for some hundred entries beside what fills it; files end after more than segments have. */
const sizes = { diskKibibytes: 8_192, fileBytes: 120_000 };
const channelId = `0x${'c3'.repeat(32)}`;

/** Appends from four callers, and says what came of each; reads the newest again. */
const writing = (folder: string) => `
  import { openFileRecordLog } from '${builtFile('libs/record-log/file-record-log.js')}';
  const log = await openFileRecordLog('${folder}', { segmentBytes: 200_000 });
  const partition = { channelId: '${channelId}', stream: 0 };
  let isStopping = false;
  process.on('SIGTERM', () => { isStopping = true; });
  const again = () => new Promise((resolve) => setTimeout(resolve, 20));
  let claim;
  let next = 0;
  while (claim === undefined && !isStopping) claim = await log.claim('${channelId}').catch(again);
  async function caller() {
    while (!isStopping) {
      const value = next++;
      const bytes = new Uint8Array(${entryBytes}).fill(value);
      const append = log.append(claim, partition, bytes, value);
      await append.then(async (position) => {
        console.log('written ' + value + ' ' + position);
        const found = await log.get(partition, position);
        if (found?.bytes?.[0] !== (value & 255)) console.log('not read: ' + position);
      }, (cause) => console.log(cause.code + ' ' + cause.message));
      await again();
    }
  }
  await Promise.all([caller(), caller(), caller(), caller()]);
  await log.close().catch((cause) => console.log('close: ' + cause.message));
  console.log('closed');`;

/** `rounds` of each kind, 3 unless said. */
export async function runTrial([rounds = '3']: string[]): Promise<boolean> {
  const results: string[] = [];
  let isGood = true;
  for (let round = 0; round < Number(rounds); round++) {
    for (const kind of [smallDisk, smallFiles]) {
      for (const isForEver of [false, true]) {
        const disk = kind(sizes);
        try {
          const { summary, faults } = await runRound(disk, isForEver);
          results.push(`${disk.name}${isForEver ? ', for ever' : ', 8 s'}: ${summary}`);
          for (const fault of faults) results.push(`  ${fault}`);
          isGood &&= faults.length === 0;
        } finally {
          disk.remove();
        }
      }
    }
  }
  process.stdout.write(`${results.join('\n')}\n`);
  return isGood;
}

async function runRound(disk: FullDisk, isForEver: boolean) {
  const file = join(mkdtempSync(join(tmpdir(), 'papyrus-full-')), 'writer.mjs');
  writeFileSync(file, writing(disk.folder));
  const writer = spawn(process.execPath, [file], { stdio: ['ignore', 'pipe', 'inherit'] });
  const lines: string[] = [];
  const reading = (async () => {
    for await (const line of createInterface({ input: writer.stdout })) lines.push(line);
  })();
  while (lines.length < linesBefore && writer.exitCode === null) await setTimeout(20);
  disk.fill(writer);
  // What room is left in the last segment, or in the last page, may be used first.
  while (!lines.at(-1)?.startsWith('record-log-') && writer.exitCode === null) await setTimeout(20);
  const filled = lines.length;
  await setTimeout(fullMs);
  const whileFull = lines.slice(filled);
  if (!isForEver) disk.makeRoom(writer);
  await setTimeout(3_000);
  const after = lines.slice(filled + whileFull.length + 4);
  const stoppedAt = performance.now();
  writer.kill('SIGTERM');
  await reading;
  const stopMs = Math.round(performance.now() - stoppedAt);
  rmSync(file);
  const refused = whileFull.filter((line) => line.startsWith('record-log-unavailable '));
  const isNamed = (line: string) => line.includes(`${disk.folder}/`) && line.includes(disk.code);
  const faults: string[] = [];
  if (refused.length < 100) faults.push(`only ${refused.length} appends refused while full`);
  faults.push(...refused.filter((line) => !isNamed(line)).slice(0, 3));
  faults.push(...whileFull.filter((line) => !/^(record-log-unavailable|written) /.test(line)).slice(0, 3));
  const goesOn = after.filter((line) => line.startsWith('written ')).length;
  if (!isForEver && goesOn < 100) faults.push(`only ${goesOn} appends after there was room again`);
  if (!isForEver) faults.push(...after.filter((line) => line.startsWith('record-log-')).slice(0, 3));
  if (lines.at(-1) !== 'closed') faults.push(`the end was ${lines.at(-1)}`);
  const written = lines.filter((line) => line.startsWith('written '));
  const lost = await lostOf(disk, written);
  if (lost > 0) faults.push(`${lost} acknowledged entries are lost`);
  const summary =
    `${written.length} written, ${lost} lost, ${refused.length} refused by name, ${goesOn} written afterwards, ` +
    `ended in ${stopMs} ms, ${faults.length} faults`;
  return { summary, faults };
}

/** Opened again, on the disk as it is. */
async function lostOf({ folder }: FullDisk, written: readonly string[]): Promise<number> {
  const log = await openFileRecordLog(folder);
  const found = new Map<number, number>();
  for await (const page of log.read({ channelId, stream: 0 }, { from: logBegin })) {
    for (const item of page) {
      if (isDamaged(item)) throw new Error(item.damage);
      const isWhole = item.bytes.length === entryBytes && item.bytes.every((byte) => byte === item.bytes[0]);
      if (isWhole) found.set(item.position, item.receivedAtMs);
    }
  }
  await log.close();
  const pairs = written.map((line) => line.split(' ').slice(1).map(Number));
  return pairs.filter(([value, position]) => found.get(position) !== value).length;
}
