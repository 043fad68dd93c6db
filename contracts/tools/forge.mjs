/**
 * Runs forge offline with the npm packages' compiler: `node contracts/tools/forge.mjs test [args]`; `long [args]` runs
 * the invariants by the long profile of foundry.toml.
 */
import { spawn } from 'node:child_process';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

const root = join(import.meta.dirname, '../..');

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
  const path = join(root, 'contracts/cache/solc');
  mkdirSync(dirname(path), { recursive: true });
  const compiler = join(import.meta.dirname, 'solc.mjs');
  writeFileSync(path, `#!/bin/sh\nexec "${process.execPath}" "${compiler}" "$@"\n`);
  chmodSync(path, 0o755);
  return path;
}

const [command = 'test', ...rest] = process.argv.slice(2);
const isLong = command === 'long';
const suites = rest.includes('--match-contract') ? [] : ['--match-contract', 'Invariants'];
const args = isLong ? ['test', ...suites, ...rest] : [command, ...rest];
const child = spawn(forgeBinary(), [...args, '--root', join(root, 'contracts')], {
  stdio: 'inherit',
  cwd: root,
  env: { ...process.env, FOUNDRY_SOLC: compilerWrapper(), ...(isLong && { FOUNDRY_PROFILE: 'long' }) },
});
child.on('exit', (code, signal) => process.exit(signal === null ? (code ?? 1) : 1));
