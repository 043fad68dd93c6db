/**
 * Damages one file of a key-value store at a time, and opens it: what is read is what was written, or the damage
 * is named.
 */
import { cp, mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { type Entropy, Fault, seededEntropy } from '#environment';
import type { KeyValue } from '#key-value';
import { openFileKeyValue } from '#key-value/file-key-value';

const kinds = ['bit flipped', 'bit flipped', 'cut short', 'emptied', 'removed'] as const;
/** `older`: a copy that was taken after one of the writes in its place. */
type Kind = (typeof kinds)[number] | 'older';
type Outcome = 'without effect' | 'named' | 'WRONG';

/** `count`: random damages, 1,000 unless said; beside them each file is emptied and removed once, and older copies. */
export async function runTrial([count = '1000', seed = 'key-value-damage']: string[]): Promise<boolean> {
  const scratch = await mkdtemp(join(tmpdir(), 'papyrus-damage-'));
  const entropy = seededEntropy(seed);
  const good = join(scratch, 'good');
  const { written, copies } = await fill(good, entropy);
  const files = (await readdir(good, { recursive: true, withFileTypes: true }))
    .filter((one) => one.isFile())
    .map((one) => relative(good, join(one.parentPath, one.name)));
  const cases: [Kind, string][] = files.flatMap((file): [Kind, string][] => [
    ['emptied', file],
    ['removed', file],
  ]);
  for (let at = 0; at < copies.length; at++) cases.push(['older', 'state']);
  for (let at = 0; at < Number(count); at++) {
    // Most of them where the bytes are.
    const file = at % 4 === 0 ? files[pick(entropy, files.length)] : 'state';
    cases.push([kinds[pick(entropy, kinds.length)], file]);
  }
  const tally = new Map<string, number>();
  let wrong = 0;
  for (const [kind, file] of cases) {
    const folder = join(scratch, 'bad');
    await cp(good, folder, { recursive: true });
    if (kind === 'older') await writeFile(join(folder, file), copies.shift() ?? '');
    else await damage(join(folder, file), kind, entropy);
    const outcome = await lookAt(folder, written);
    await rm(folder, { recursive: true });
    tally.set(`${kind}: ${outcome}`, (tally.get(`${kind}: ${outcome}`) ?? 0) + 1);
    if (outcome === 'WRONG') wrong++;
  }
  await rm(scratch, { recursive: true });
  const said = [...tally].sort().map(([what, times]) => `${what} ${times}`);
  process.stdout.write(
    `${cases.length} damages of ${files.length} files (${said.join(', ')}); ${wrong} wrong\n`,
  );
  return wrong === 0;
}

/** A store as a service leaves it: entries of many sizes, some replaced, some removed, some erased. */
async function fill(folder: string, entropy: Entropy) {
  const copies: Uint8Array[] = [];
  const written = new Map<string, Uint8Array>();
  const store = await openFileKeyValue(folder);
  for (let at = 0; at < 300; at++) {
    const key = `key/${pick(entropy, 80)}`;
    const value = at % 7 === 3 ? undefined : entropy.bytes(pick(entropy, at % 50 === 0 ? 20_000 : 300));
    await store.write([{ key, value, erases: at === 150 }]);
    if (value === undefined) written.delete(key);
    else written.set(key, value);
    if (at % 10 === 0) copies.push(await readFile(join(folder, 'state')));
  }
  await (await store.lease('sweep', 1_000))?.release();
  await store.close();
  return { written, copies };
}

async function damage(path: string, kind: (typeof kinds)[number], entropy: Entropy): Promise<void> {
  const bytes = await readFile(path);
  if (kind === 'removed') await rm(path);
  else if (kind === 'emptied' || bytes.length === 0) await writeFile(path, '');
  else if (kind === 'cut short') await truncate(path, pick(entropy, bytes.length));
  else {
    bytes[pick(entropy, bytes.length)] ^= 1 << pick(entropy, 8);
    await writeFile(path, bytes);
  }
}

async function lookAt(folder: string, written: ReadonlyMap<string, Uint8Array>): Promise<Outcome> {
  let store: KeyValue | undefined;
  try {
    store = await openFileKeyValue(folder);
    const found = new Map<string, Uint8Array>();
    for await (const page of store.list('')) for (const { key, value } of page) found.set(key, value);
    const isSame = [...written].every(
      ([key, value]) => Buffer.compare(found.get(key) ?? new Uint8Array(), value) === 0,
    );
    const isWritable = (await store.write([{ key: 'more', value: Uint8Array.of(1) }])) === 'written';
    return isSame && found.size === written.size && isWritable ? 'without effect' : 'WRONG';
  } catch (cause) {
    const isNamed =
      cause instanceof Fault &&
      ['key-value-damaged', 'key-value-older'].includes(cause.code) &&
      cause.message.includes(folder);
    return isNamed ? 'named' : 'WRONG';
  } finally {
    await store?.close().catch(() => {});
  }
}

function pick(entropy: Entropy, below: number): number {
  return Buffer.from(entropy.bytes(4)).readUInt32BE(0) % Math.max(1, below);
}
