/**
 * `npm run -s notice`: writes NOTICE, what an image carries of others' work and under which licences, from the lock file
 * alone. Run it after a change of dependencies; a test says when it is due.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');

const head = `Papyrus
Licensed under the Apache License, Version 2.0; see LICENSE.

Container images and installations without development packages carry the packages below, each in node_modules/ with
the licence text that it came with. A package for another platform than the installation's is left out there.
Images also carry Node.js (MIT, with the licences of what it contains in its own LICENSE) and a Debian base, whose
licences are in /usr/share/doc/*/copyright.
`;

/** The text of NOTICE; throws where a package of an image states no licence. */
export function noticeOf(lock) {
  const lines = Object.entries(lock.packages)
    .filter(([path, { dev }]) => path !== '' && dev !== true)
    .map(([path, { name, version, license }]) => {
      const shown = name ?? path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length);
      if (typeof license !== 'string' || license === '')
        throw new Error(`${shown} ${version} states no licence`);
      return `${shown} ${version}: ${license}`;
    });
  return `${head}\n${[...new Set(lines)].sort().join('\n')}\n`;
}

if (process.argv[1] === import.meta.filename) {
  const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'));
  writeFileSync(join(root, 'NOTICE'), noticeOf(lock));
}
