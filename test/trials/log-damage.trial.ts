/**
 * Damages one file of a record log at a time, and opens and reads it: every entry is what was appended or is
 * named as damaged, or the log is refused by name; and `doctor` tells of every bit. Each look is a process of its
 * own, so that a crash is seen.
 */
import { spawnSync } from 'node:child_process';
import { cp, mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Entropy, seededEntropy } from '#environment';
import { builtFile } from '#environment/built-file';
import { openFileRecordLog } from '#record-log/file-record-log';
import { lookAtLog } from './log-looks.js';

const kinds = ['bit flipped', 'bit flipped', 'bit flipped', 'cut short', 'block zeroed'] as const;
const blockBytes = 4_096;
type Kind = (typeof kinds)[number] | 'emptied' | 'removed';
const entries = 600;
/** Logs that one process looks at. */
const looksAtOnce = 25;

interface Case {
  readonly kind: Kind;
  readonly file: string;
  readonly folder: string;
}

/** `count`: random damages, 1,000 unless said; beside them each file is emptied and removed once. */
export async function runTrial([count = '1000', seed = 'log-damage']: string[]): Promise<boolean> {
  const scratch = await mkdtemp(join(tmpdir(), 'papyrus-damage-'));
  const entropy = seededEntropy(seed);
  const good = join(scratch, 'good');
  await fill(good);
  const files = (await readdir(good)).filter((name) => !name.endsWith('.lock'));
  const damages = files.flatMap((file): [Kind, string][] => [
    ['emptied', file],
    ['removed', file],
  ]);
  for (let at = 0; at < Number(count); at++) {
    damages.push([kinds[pick(entropy, kinds.length)], files[pick(entropy, files.length)]]);
  }
  const tally = new Map<string, number>();
  let wrong = 0;
  let told = 0;
  for (let at = 0; at < damages.length; at += looksAtOnce) {
    const cases: Case[] = [];
    for (const [kind, file] of damages.slice(at, at + looksAtOnce)) {
      const folder = join(scratch, `bad-${cases.length}`);
      await cp(good, folder, { recursive: true });
      await damage(join(folder, file), kind, entropy);
      cases.push({ kind, file, folder });
    }
    for (const [index, [found, isTold]] of outcomesOf(cases).entries()) {
      const { kind, file, folder } = cases[index];
      const mustBeTold = kind === 'bit flipped' || found !== 'without effect';
      const isWrong = found.startsWith('WRONG') || (mustBeTold && !isTold);
      const outcome = isWrong ? `WRONG: ${found}, told ${isTold}` : found;
      if (isTold) told++;
      const what = `${kind} ${file.replace(/^.*\./, '')}: ${outcome.replace(/^WRONG.*/s, 'WRONG')}`;
      tally.set(what, (tally.get(what) ?? 0) + 1);
      if (outcome.startsWith('WRONG')) {
        wrong++;
        process.stdout.write(`${kind} ${file}: ${outcome}\n`);
      }
      await rm(folder, { recursive: true });
    }
  }
  await rm(scratch, { recursive: true });
  const said = [...tally].sort().map(([what, times]) => `  ${what} ${times}`);
  process.stdout.write(
    `${damages.length} damages of ${files.length} files, ${told} told by an inspection; ${wrong} wrong\n${said.join('\n')}\n`,
  );
  return wrong === 0;
}

/** A log as a node leaves it: entries of many sizes of two authors and cut marks, over several segments. */
async function fill(folder: string): Promise<void> {
  const log = await openFileRecordLog(folder, { segmentBytes: 200_000 });
  const claim = await log.claim(lookAtLog.channelId);
  for (let at = 0; at < entries; at++) {
    const partition = lookAtLog.partitions[at % 20 === 19 ? 2 : at % 2];
    await log.append(claim, partition, lookAtLog.bytesOf(await log.end(partition), partition), at);
  }
  await log.truncateBefore(lookAtLog.partitions[0], await log.end(lookAtLog.partitions[2]));
  await log.close();
}

async function damage(path: string, kind: Kind, entropy: Entropy): Promise<void> {
  const bytes = await readFile(path);
  if (kind === 'removed') await rm(path);
  else if (kind === 'emptied') await writeFile(path, '');
  else if (kind === 'cut short') await truncate(path, pick(entropy, bytes.length));
  else if (kind === 'block zeroed') {
    const from = pick(entropy, Math.ceil(bytes.length / blockBytes)) * blockBytes;
    await writeFile(path, bytes.fill(0, from, Math.min(bytes.length, from + blockBytes)));
  } else {
    bytes[pick(entropy, bytes.length)] ^= 1 << pick(entropy, 8);
    await writeFile(path, bytes);
  }
}

function outcomesOf(cases: readonly Case[]): readonly (readonly [outcome: string, isTold: boolean])[] {
  const source = `
    import { lookAtLog } from '${builtFile('test/trials/log-looks.js')}';
    for (const folder of process.argv.slice(1)) console.log(JSON.stringify(await lookAtLog.look(folder)));`;
  const folders = cases.map(({ folder }) => folder);
  const looked = spawnSync(process.execPath, ['--input-type=module', '-e', source, ...folders], {
    encoding: 'utf8',
  });
  const outcomes = looked.stdout
    .split('\n')
    .filter(Boolean)
    .map((line): readonly [string, boolean] => JSON.parse(line));
  while (outcomes.length < cases.length) outcomes.push([`WRONG: ${looked.signal} ${looked.stderr}`, false]);
  return outcomes;
}

function pick(entropy: Entropy, below: number): number {
  return Buffer.from(entropy.bytes(4)).readUInt32BE(0) % Math.max(1, below);
}
