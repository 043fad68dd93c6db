/** Says which files of a part store on files do not hold the bytes in their name. */
import { hash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { codeOf, type Finding, good, wrong } from '#environment';
import { blockFileOf } from './file-part-store.js';
import { isHoldFile } from './part-holds.js';

/** How many damaged files are named; the rest are counted. */
const namedMax = 20;

/** Changes nothing; other processes may use the store meanwhile. Reads every block once. */
export async function inspectFilePartStore(root: string): Promise<readonly Finding[]> {
  const files = await filesBelow(root);
  const damaged: string[] = [];
  let [blocks, holds] = [0, 0];
  for (const file of files) {
    const [folder] = file.split(sep);
    if (folder === '.holds') holds++;
    else if (folder.startsWith('.')) continue;
    else blocks++;
    if (!(await isWhole(root, file, folder === '.holds'))) damaged.push(join(root, file));
  }
  if (damaged.length === 0)
    return [good('parts', `${blocks} blocks and ${holds} holds have their checksums`)];
  const more = damaged.length > namedMax ? `, and ${damaged.length - namedMax} more` : '';
  const advice = 'bring them back from a copy, or let the services put them again';
  const detail = `${damaged.slice(0, namedMax).join(', ')}${more} do not hold what was written: ${advice}`;
  return [wrong('parts', detail)];
}

/** A block is named after its digest; what went away since it was listed is whole. */
async function isWhole(root: string, file: string, isHold: boolean): Promise<boolean> {
  try {
    const bytes = await readFile(join(root, file));
    if (isHold) return isHoldFile(bytes);
    return file === blockFileOf(new Uint8Array(hash('sha256', bytes, 'buffer')));
  } catch (cause) {
    return codeOf(cause) === 'ENOENT';
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
