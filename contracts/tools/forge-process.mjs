/** Starts forge offline with the npm packages' compiler. */
import { spawn } from 'node:child_process';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

const project = join(import.meta.dirname, '../..');

/** The program itself: the script that forge's package puts before it ends with 0 even where a test failed. */
function forgeBinary() {
  const require = createRequire(import.meta.url);
  const fromForge = createRequire(require.resolve('@foundry-rs/forge/package.json'));
  const architecture = process.arch === 'x64' ? 'amd64' : process.arch;
  const suffix = process.platform === 'win32' ? '.exe' : '';
  return fromForge.resolve(`@foundry-rs/forge-${process.platform}-${architecture}/bin/forge${suffix}`);
}

/** Forge wants one executable as its compiler; it is written anew, since this checkout's paths are in it. */
function compilerWrapper() {
  const path = join(project, 'contracts/cache/solc');
  mkdirSync(dirname(path), { recursive: true });
  const compiler = join(import.meta.dirname, 'solc.mjs');
  writeFileSync(path, `#!/bin/sh\nexec "${process.execPath}" "${compiler}" "$@"\n`);
  chmodSync(path, 0o755);
  return path;
}

/** Resolves with the exit code. `root`: the folder with foundry.toml. */
export function runForge(args, { root = join(project, 'contracts'), environment = {}, stdio = 'inherit' } = {}) {
  const child = spawn(forgeBinary(), [...args, '--root', root], {
    stdio,
    cwd: project,
    env: { ...process.env, FOUNDRY_SOLC: compilerWrapper(), ...environment },
  });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('exit', (code, signal) => resolve(signal === null ? (code ?? 1) : 1));
  });
}
