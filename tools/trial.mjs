/** Runs one trial of test/trials: `npm run trial -- NAME [COUNT]`. What it found goes to docs/reference/reliability.md. */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

const folder = join(import.meta.dirname, '../dist/test/trials');
const [name, ...more] = process.argv.slice(2);
const file = join(folder, `${name}.trial.js`);
if (name === undefined || !existsSync(file)) {
  const names = existsSync(folder) ? readdirSync(folder).filter((one) => one.endsWith('.trial.js')) : [];
  const known = names.map((one) => one.replace('.trial.js', '')).join(', ');
  process.stderr.write(`which trial? there are: ${known || 'none'}\n`);
  process.exit(2);
}
const { runTrial } = await import(file);
const startedAt = performance.now();
const isGood = await runTrial(more);
process.stdout.write(
  `${name}: ${isGood ? 'passed' : 'FAILED'} in ${Math.round((performance.now() - startedAt) / 1_000)} s\n`,
);
process.exit(isGood ? 0 : 1);
