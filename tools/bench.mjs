/** `npm run bench -- STAGE [options]`: builds what is stale and runs one bench; without STAGE it lists them. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';

await import('./build.mjs');
const folder = join(import.meta.dirname, '..', 'dist/test/bench');
const stages = readdirSync(folder)
  .filter((name) => name.endsWith('.bench.js'))
  .map((name) => name.replace('.bench.js', ''));
const [stage, ...options] = process.argv.slice(2);
if (!stages.includes(stage)) {
  console.error(`npm run bench -- STAGE [options], where STAGE is one of: ${stages.join(', ')}`);
  process.exit(2);
}
const { main } = await import(join(folder, `${stage}.bench.js`));
await main(options);
process.exit(0);
