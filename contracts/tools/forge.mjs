/** Runs forge, offline, with the npm packages' compiler and OpenZeppelin: `node contracts/tools/forge.mjs test [args]`. */
import { spawn } from 'node:child_process';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

const root = join(import.meta.dirname, '../..');
const forge = join(dirname(createRequire(import.meta.url).resolve('@foundry-rs/forge/package.json')), 'bin.mjs');

/** Forge wants one executable file as its compiler; it is written anew, since the paths of this checkout are in it. */
function compilerWrapper() {
  const path = join(root, 'contracts/cache/solc');
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, `#!/bin/sh\nexec "${process.execPath}" "${join(import.meta.dirname, 'solc.mjs')}" "$@"\n`);
  chmodSync(path, 0o755);
  return path;
}

const [command = 'test', ...rest] = process.argv.slice(2);
const child = spawn(process.execPath, [forge, command, '--root', join(root, 'contracts'), ...rest], {
  stdio: 'inherit',
  cwd: root,
  env: { ...process.env, TARGET_TOOL: 'forge', FOUNDRY_SOLC: compilerWrapper() },
});
child.on('exit', (code, signal) => process.exit(signal === null ? (code ?? 1) : 1));
