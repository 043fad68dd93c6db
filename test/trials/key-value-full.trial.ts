/**
 * A key-value store on a disk that is full for 8 seconds, and for ever: writes fail by name while it is, go on
 * without a restart when there is room, nothing acknowledged is lost, and the folder opens again. By a small file
 * system in memory (which only root can mount) and by the largest size that a file of the process may have.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout } from 'node:timers/promises';
import { builtFile } from '#environment/built-file';
import { openFileKeyValue } from '#key-value/file-key-value';
import { type FullDisk, smallDisk, smallFiles } from './full-disk.js';

const fullMs = 8_000;
const linesBefore = 30;
/** What the disk holds, and what a file may have while it is full. */
const sizes = { diskKibibytes: 2_048, fileBytes: 65_536 };

/** Writes a new value every few milliseconds and says what came of it. */
const writing = (folder: string) => `
  import { openFileKeyValue } from '${builtFile('libs/key-value/file-key-value.js')}';
  const store = await openFileKeyValue('${folder}');
  let isStopping = false;
  process.on('SIGTERM', () => { isStopping = true; });
  for (let at = 0; !isStopping; at++) {
    const value = new Uint8Array(20_000).fill(at);
    const key = 'key/' + (at % 10);
    const write = store.write([{ key, value }, { key: 'last', value: Uint8Array.of(at >> 8, at) }]);
    await write.then(() => console.log('written ' + at), (cause) => console.log(cause.code + ' ' + cause.message));
    const last = (await store.get('last'))?.value;
    if (last === undefined) console.log('nothing to read');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  await store.close().catch((cause) => console.log('close: ' + cause.message));
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
  while (lines.length < linesBefore && writer.exitCode === null) await setTimeout(50);
  disk.fill(writer);
  await setTimeout(500);
  const filled = lines.length;
  await setTimeout(fullMs);
  const whileFull = lines.slice(filled);
  if (!isForEver) disk.makeRoom(writer);
  await setTimeout(3_000);
  const after = lines.slice(filled + whileFull.length + 1);
  const stoppedAt = performance.now();
  writer.kill('SIGTERM');
  await reading;
  const stopMs = Math.round(performance.now() - stoppedAt);
  rmSync(file);
  const faults: string[] = [];
  const refused = whileFull.filter((line) => line.startsWith('key-value-unavailable '));
  if (refused.length < 100) faults.push(`only ${refused.length} writes refused while full`);
  const isNamed = (line: string) => line.includes(`${disk.folder}/state`) && line.includes(disk.code);
  faults.push(...refused.filter((line) => !isNamed(line)).slice(0, 3));
  faults.push(...whileFull.filter((line) => !line.startsWith('key-value-unavailable ')).slice(0, 3));
  const goesOn = after.filter((line) => line.startsWith('written ')).length;
  if (!isForEver && goesOn < 20) faults.push(`only ${goesOn} writes after there was room again`);
  if (lines.at(-1) !== 'closed') faults.push(`the end was ${lines.at(-1)}`);
  const last = await lastKept(disk);
  const acknowledged = lines
    .filter((line) => line.startsWith('written '))
    .map((line) => Number(line.split(' ')[1]));
  if (last !== acknowledged.at(-1)) faults.push(`${acknowledged.at(-1)} was acknowledged, ${last} is kept`);
  const summary =
    `${acknowledged.length} written, ${refused.length} refused by name, ${goesOn} written afterwards, ` +
    `ended in ${stopMs} ms, ${faults.length} faults`;
  return { summary, faults };
}

/** Opened again, on the disk as it is. */
async function lastKept({ folder }: FullDisk): Promise<number> {
  const store = await openFileKeyValue(folder);
  const found = (await store.get('last'))?.value ?? new Uint8Array(2);
  for (let at = 0; at < 10; at++) {
    const { value } = (await store.get(`key/${at}`)) ?? {};
    if (value?.length !== 20_000 || value.some((byte) => byte !== value[0]))
      throw new Error(`key/${at} is not whole`);
  }
  await store.close();
  return found[0] * 256 + found[1];
}
