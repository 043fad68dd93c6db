/** Makes a folder with what it lies in. */
import { existsSync, mkdirSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { codeOf } from './fault.js';

/**
 * One that is there is fine. Throws the error of Node. Not by Node's own `recursive`: that asks again for
 * ever where the file system takes no folder and says ENOENT, as /proc does.
 */
export function makeFolders(path: string): void {
  const parent = dirname(path);
  if (parent !== path && !existsSync(parent)) makeFolders(parent);
  try {
    mkdirSync(path);
  } catch (cause) {
    const isThere = codeOf(cause) === 'EEXIST' && statSync(path, { throwIfNoEntry: false })?.isDirectory();
    if (isThere !== true) throw cause;
  }
}
