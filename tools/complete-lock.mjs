/**
 * Adds to package-lock.json the platform packages that a registry mirror left out, as a full registry would have written them.
 * Without their entries `npm ci` refuses the lock file on every machine. Run after `npm install`; --check only looks.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const file = join(import.meta.dirname, '..', 'package-lock.json');
const systems = {
  linux: 'linux',
  darwin: 'darwin',
  win32: 'win32',
  android: 'android',
  freebsd: 'freebsd',
  openharmony: 'openharmony',
};
const processors = {
  x64: 'x64',
  amd64: 'x64',
  arm64: 'arm64',
  arm: 'arm',
  ia32: 'ia32',
  ppc64: 'ppc64',
  s390x: 's390x',
  riscv64: 'riscv64',
  loong64: 'loong64',
};

/** Optional dependencies that have no entry of their own: [parent path, name, version]. */
export function missingOptional(lock) {
  const missing = [];
  for (const [path, entry] of Object.entries(lock.packages)) {
    for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
      if (!isPresent(lock, path, name)) missing.push([path, name, version]);
    }
  }
  return missing;
}

function isPresent(lock, from, name) {
  for (let place = from; ; place = place.slice(0, Math.max(0, place.lastIndexOf('/node_modules/')))) {
    if (lock.packages[`${place === '' ? '' : `${place}/`}node_modules/${name}`] !== undefined) return true;
    if (place === '') return false;
  }
}

function entryOf(name, version, parent) {
  const words = name.replace(/^@[^/]*\//, '').split(/[-.]/);
  const os = words.find((word) => systems[word] !== undefined);
  const cpu = words.find((word) => processors[word] !== undefined);
  const libc = words.includes('musl')
    ? ['musl']
    : words.some((word) => word.startsWith('gnu')) && os === 'linux'
      ? ['glibc']
      : undefined;
  if (/[\^~*x ]/.test(version)) throw new Error(`${name} is wanted as ${version}: pin it by an override`);
  return {
    version,
    ...(cpu === undefined ? {} : { cpu: [processors[cpu]] }),
    ...(parent.dev ? { dev: true } : {}),
    ...(libc === undefined ? {} : { libc }),
    ...(parent.license === undefined ? {} : { license: parent.license }),
    optional: true,
    ...(os === undefined ? {} : { os: [systems[os]] }),
  };
}

if (process.argv[1] === import.meta.filename) {
  const lock = JSON.parse(readFileSync(file, 'utf8'));
  const missing = missingOptional(lock);
  if (process.argv.includes('--check')) {
    for (const [path, name] of missing) console.error(`${path} wants ${name}, which the lock file lacks`);
    process.exitCode = missing.length > 0 ? 1 : 0;
  } else {
    for (const [path, name, version] of missing) {
      lock.packages[`node_modules/${name}`] = entryOf(name, version, lock.packages[path]);
    }
    const [top, ...rest] = Object.entries(lock.packages);
    const ordered = rest.sort(([a], [b]) => a.localeCompare(b, 'en'));
    lock.packages = Object.fromEntries([top, ...ordered]);
    writeFileSync(file, `${JSON.stringify(lock, null, 2)}\n`);
    console.error(`added ${missing.length} entries`);
  }
}
