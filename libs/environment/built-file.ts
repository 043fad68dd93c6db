/**
 * Where a compiled file lies: worker threads run what the build wrote into dist, also when a test runs from
 * source.
 */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';

/**
 * Absolute path of `name` (for example `libs/reduction/reduce-worker.js`) below the dist folder of this
 * package. Throws an assertion error when the build has not written it.
 */
export function builtFile(name: string): string {
  const file = join(packageRoot(import.meta.dirname), 'dist', name);
  if (!existsSync(file)) throw new Error(`${name} is not built: run \`npm run build\` first`);
  return file;
}

/** The version in package.json. */
export function packageVersion(): string {
  const text = readFileSync(join(packageRoot(import.meta.dirname), 'package.json'), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}

/**
 * The nearest folder upward that holds package.json; dist itself holds none, so both layouts end at the same
 * root.
 */
function packageRoot(from: string): string {
  for (let folder = resolve(from); ; folder = dirname(folder)) {
    if (existsSync(join(folder, 'package.json'))) return folder;
    if (folder === dirname(folder)) throw new Error(`no package.json above ${from}`);
  }
}
