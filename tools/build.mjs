/** Compiles what is stale into dist/: TypeScript by swc, contracts by solc. Run with --all to build everything again. */
import { existsSync, mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { transformFile } from '@swc/core';

const root = join(import.meta.dirname, '..');
const all = process.argv.includes('--all');
if (all) rmSync(join(root, 'dist'), { recursive: true, force: true });

/** Source files below `folder`, without those that only tests load. */
function sources(folder) {
  if (!existsSync(join(root, folder))) return [];
  return readdirSync(join(root, folder), { recursive: true })
    .map((name) => join(folder, name))
    .filter((name) => name.endsWith('.ts') && !name.endsWith('.d.ts') && !name.endsWith('.spec.ts'));
}

function isStale(source, target) {
  if (!existsSync(target)) return true;
  return statSync(source).mtimeMs > statSync(target).mtimeMs;
}

async function compile(name) {
  const source = join(root, name);
  const target = join(root, 'dist', name.replace(/\.ts$/, '.js'));
  if (!isStale(source, target)) return 0;
  const { code, map } = await transformFile(source, { configFile: join(root, '.swcrc') });
  mkdirSync(dirname(target), { recursive: true });
  writeFileSync(`${target}.map`, map);
  writeFileSync(target, `${code}\n//# sourceMappingURL=${target.split('/').pop()}.map\n`);
  return 1;
}

const names = [...sources('libs'), ...sources('apps'), ...sources('test')];
const built = await Promise.all(names.map(compile));
const count = built.reduce((sum, one) => sum + one, 0);
if (count > 0) process.stderr.write(`built ${count} of ${names.length} files\n`);

if (existsSync(join(root, 'contracts/tools/compile.mjs'))) {
  const { compileContracts } = await import('../contracts/tools/compile.mjs');
  await compileContracts();
}
