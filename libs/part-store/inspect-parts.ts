/** Says which files of a part store on files do not hold the bytes in their name, or are gone though held. */
import { hash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { codeOf, type Finding, good, wrong } from '#environment';
import { blockFileOf } from './file-part-store.js';
import { digestsOfHold } from './part-holds.js';

/** How many files of a kind are named; the rest are counted. */
const namedMax = 20;

/**
 * Changes nothing. Reads every block once. While the store is in use blocks come and go, and what is held and
 * not there yet is nothing wrong.
 */
export async function inspectFilePartStore(
  root: string,
  { isInUse = false }: { readonly isInUse?: boolean } = {},
): Promise<readonly Finding[]> {
  const files = await filesBelow(root);
  const damaged: string[] = [];
  const held = new Set<string>();
  let [blocks, holds] = [0, 0];
  for (const file of files) {
    const [folder] = file.split(sep);
    if (folder === '.holds') holds++;
    else if (folder.startsWith('.')) continue;
    else blocks++;
    const looked = await lookAt(root, file, folder === '.holds');
    if (looked === 'damaged') damaged.push(join(root, file));
    for (const digest of looked === 'damaged' ? [] : looked) held.add(blockFileOf(digest));
  }
  const present = new Set(files);
  const missing = isInUse ? [] : [...held].filter((file) => !present.has(file));
  if (damaged.length + missing.length === 0)
    return [good('parts', `${blocks} blocks and ${holds} holds have their checksums`)];
  const advice = 'bring them back from a copy, or let the services put them again';
  const faults = [
    told(damaged, 'do not hold what was written'),
    told(
      missing.map((file) => join(root, file)),
      'are gone though they are held',
    ),
  ];
  return [wrong('parts', `${faults.filter((one) => one !== undefined).join('; ')}: ${advice}`)];
}

function told(paths: readonly string[], what: string): string | undefined {
  if (paths.length === 0) return undefined;
  const more = paths.length > namedMax ? `, and ${paths.length - namedMax} more` : '';
  return `${paths.slice(0, namedMax).join(', ')}${more} ${what}`;
}

/**
 * The digests that a hold names, none of a block. A block is named after its digest; what went away since it
 * was listed is whole.
 */
async function lookAt(
  root: string,
  file: string,
  isHold: boolean,
): Promise<readonly Uint8Array[] | 'damaged'> {
  try {
    const bytes = await readFile(join(root, file));
    if (isHold) return digestsOfHold(bytes) ?? 'damaged';
    return file === blockFileOf(new Uint8Array(hash('sha256', bytes, 'buffer'))) ? [] : 'damaged';
  } catch (cause) {
    return codeOf(cause) === 'ENOENT' ? [] : 'damaged';
  }
}

async function filesBelow(root: string): Promise<readonly string[]> {
  try {
    const entries = await readdir(root, { recursive: true, withFileTypes: true });
    return entries
      .filter((one) => one.isFile())
      .map((one) => join(one.parentPath, one.name).slice(root.length + 1));
  } catch (cause) {
    if (codeOf(cause) === 'ENOENT') return [];
    throw cause;
  }
}
