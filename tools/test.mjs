/**
 * Runs the tests of one project: `npm run test:unit -- libs/protocol` those of that folder alone. What names a file or
 * folder of this house means it and nothing with the same beginning; anything else goes to jest as it is.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';

const root = join(import.meta.dirname, '..');
const [project, ...given] = process.argv.slice(2);

/** An anchored pattern of the path, looked for where npm was called and then from the top of the house. */
function patternOf(name) {
  const places = [process.env.INIT_CWD ?? root, root].map((folder) => resolve(folder, name));
  const path = places.find((place) => existsSync(place) && place.startsWith(root));
  if (name.startsWith('-') || path === undefined) return name;
  const literal = path.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  return `^${literal}${statSync(path).isDirectory() ? '/' : '$'}`;
}

// The option that takes the project's name takes every word after it, up to the next option.
const jest = [
  join(root, 'node_modules/jest/bin/jest.js'),
  '--selectProjects',
  project,
  '--config',
  join(root, 'jest.config.mjs'),
];
// Properties draw the cases of this seed; one that is given stands later and counts.
const seed = given.some((word) => word.startsWith('--seed')) ? [] : ['--seed', '1'];
const { status, signal } = spawnSync(
  process.execPath,
  ['--experimental-vm-modules', '--no-warnings', ...jest, ...seed, ...given.map(patternOf)],
  { cwd: root, stdio: 'inherit' },
);
process.exitCode = signal === null ? status : 1;
