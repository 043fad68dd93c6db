/**
 * `npm run test:vectors -- DIR`: checks a folder of protocol vectors, as of another seed, by the product, the slow
 * reference, Python and the contracts; without DIR the project's own golden ones.
 */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';

await import('./build.mjs');
const { runVectors, vectorChecks } = await import('../dist/test/vectors/run.js');

const root = join(import.meta.dirname, '..');
const given = process.argv[2] ?? join(root, 'test/vectors/protocol');
const folder =
  [process.env.INIT_CWD ?? root, root].map((place) => resolve(place, given)).find(existsSync) ?? given;

function run(script, args, env = {}) {
  const options = { cwd: root, stdio: 'inherit', env: { ...process.env, PAPYRUS_VECTORS: folder, ...env } };
  return spawnSync(process.execPath, [join(root, script), ...args], options).status === 0;
}

console.log(`== product: ${folder}`);
let isEqual = runVectors(folder, (line) => console.log(line)) === 0;
if (vectorChecks.every(([file]) => existsSync(join(folder, file)))) {
  console.log('== slow reference, Python');
  const specs = ['test/reference/reference.spec.ts', 'test/interop/vectors.spec.ts'];
  isEqual = run('tools/test.mjs', ['whole', ...specs]) && isEqual;
  console.log('== contracts');
  const contracts = 'ChannelsVectorsTest|RecordProofTest|ReducerVectorsTest';
  const profile = { FOUNDRY_PROFILE: 'elsewhere' };
  isEqual = run('contracts/tools/forge.mjs', ['test', '--match-contract', contracts], profile) && isEqual;
  console.log(isEqual ? '== all equal' : '== not equal');
} else console.log('== slow reference, Python and contracts ask for a whole folder: not run');
process.exitCode = isEqual ? 0 : 1;
