/**
 * Two processes write to one key-value store and are killed again and again at any moment: what was acknowledged
 * stands, counts of both add up, and no secret that was erased is anywhere in the file.
 */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { builtFile } from '#environment/built-file';
import { runAndKill } from '#environment/killed-process';
import type { KeyValue } from '#key-value';
import { openFileKeyValue } from '#key-value/file-key-value';

const writers = ['left', 'right'] as const;
const secretOf = (generation: number): string =>
  `secret of generation ${String(generation).padStart(9, '0')}`;

/** Writes without end and says what was acknowledged: list entries, steps of the shared count, erasings. */
const writing = (folder: string, writer: string) => `
  import { openFileKeyValue } from '${builtFile('libs/key-value/file-key-value.js')}';
  const store = await openFileKeyValue('${folder}');
  const text = (value) => new TextEncoder().encode(value);
  const textAt = async (key) => {
    const found = await store.get(key);
    return { text: found && new TextDecoder().decode(found.value), ifRevision: found?.revision ?? 'absent' };
  };
  let next = Number((await textAt('${writer}/next')).text ?? 0);
  for (;;) {
    const value = text(String(next));
    await store.write([
      { key: '${writer}/list/' + next, value },
      { key: '${writer}/list/' + (next - 50), value: undefined },
      { key: '${writer}/next', value: text(String(next + 1)) },
    ]);
    console.log('list ' + next++);
    const count = await textAt('count');
    const step = { key: 'count', value: text(String(Number(count.text ?? 0) + 1)), ifRevision: count.ifRevision };
    if ((await store.write([step])) === 'written') console.log('count');
    if (next % 5 > 0) continue;
    const secret = await textAt('secret');
    const generation = Number(secret.text?.slice(-9) ?? -1) + 1;
    const erased = 'secret of generation ' + String(generation).padStart(9, '0');
    const erasing = { key: 'secret', value: text(erased), ifRevision: secret.ifRevision, erases: true };
    if ((await store.write([erasing])) === 'written') console.log('erased ' + (generation - 1));
  }`;

interface Acknowledged {
  readonly list: Record<string, number>;
  counted: number;
  erased: number;
}

/** `count`: kills of both writers together, 200 unless said. */
export async function runTrial([count = '200']: string[]): Promise<boolean> {
  const folder = await mkdtemp(join(tmpdir(), 'papyrus-kill-'));
  const kills = Number(count);
  const acknowledged: Acknowledged = { list: { left: -1, right: -1 }, counted: 0, erased: -1 };
  const faults: string[] = [];
  let killed = 0;
  const reader = await openFileKeyValue(folder);
  await Promise.all(
    writers.map(async (writer) => {
      while (killed < kills) {
        killed++;
        const lines = await runAndKill({
          source: writing(folder, writer),
          lines: 1 + Math.floor(Math.random() * 60),
        });
        for (const line of lines) take(acknowledged, writer, line);
        faults.push(...(await lostListed(reader, writer, acknowledged.list[writer])));
      }
    }),
  );
  faults.push(...(await lostAtLast(reader, folder, acknowledged, killed)));
  await reader.close();
  await rm(folder, { recursive: true });
  const writes = acknowledged.list.left + acknowledged.list.right + 2 + acknowledged.counted;
  process.stdout.write(
    `${killed} kills of two writers, ${writes} acknowledged writes, ${acknowledged.erased + 1} erasings; ` +
      `${faults.length} faults${faults
        .slice(0, 5)
        .map((one) => `\n  ${one}`)
        .join('')}\n`,
  );
  return faults.length === 0;
}

function take(acknowledged: Acknowledged, writer: string, line: string): void {
  const [what, number] = line.split(' ');
  if (what === 'list') acknowledged.list[writer] = Number(number);
  if (what === 'count') acknowledged.counted++;
  if (what === 'erased') acknowledged.erased = Math.max(acknowledged.erased, Number(number));
}

/** The other writer goes on meanwhile. */
async function lostListed(reader: KeyValue, writer: string, last: number): Promise<string[]> {
  const lost: string[] = [];
  const next = Number(await textAt(reader, `${writer}/next`));
  if (next <= last || next > last + 2) lost.push(`${writer} was at ${last}, and ${next} is kept`);
  for (let at = Math.max(0, next - 50); at < next; at++) {
    if ((await textAt(reader, `${writer}/list/${at}`)) !== String(at)) lost.push(`${writer} lost ${at}`);
  }
  if (next > 50 && (await textAt(reader, `${writer}/list/${next - 51}`)) !== undefined) {
    lost.push(`${writer} has ${next - 51} back`);
  }
  return lost;
}

async function lostAtLast(
  reader: KeyValue,
  folder: string,
  { counted, erased }: Acknowledged,
  killed: number,
): Promise<string[]> {
  const lost: string[] = [];
  const count = Number(await textAt(reader, 'count'));
  // Each killed writer may have counted once without being told.
  if (count < counted || count > counted + killed)
    lost.push(`the count is ${count}, ${counted} were acknowledged`);
  const kept = (await textAt(reader, 'secret')) ?? '';
  if (Number(kept.slice(-9)) <= erased) lost.push(`the secret is ${kept}, and ${erased} was erased`);
  // One that was killed at it owes the erasing, which the next who opens the store does.
  await (await openFileKeyValue(folder)).close();
  const bytes = await readFile(join(folder, 'state'), 'latin1');
  const found = bytes.match(/secret of generation \d{9}/g) ?? [];
  const standing = Number(kept.slice(-9));
  for (const one of found)
    if (one !== secretOf(standing)) lost.push(`${one} is in the file, ${standing} stands`);
  return lost;
}

async function textAt(store: KeyValue, key: string): Promise<string | undefined> {
  const found = await store.get(key);
  return found && new TextDecoder().decode(found.value);
}
