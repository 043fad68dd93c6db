/**
 * Puts mistakes into the cores on purpose, one at a time, and prints those that no test notices: `npm run test:mutants`
 * for all libs, `npm run test:mutants -- reduction` for one, `… reduction/group-order.ts` for one file. Fails below 90 %.
 */
import { Stryker } from '@stryker-mutator/core';

const libs = ['encoding', 'crypto', 'protocol', 'reduction', 'dispute'];
const notMutated = ['!libs/**/*.{spec,conformance}.ts', '!libs/**/index.ts', '!libs/**/testing/**'];
const folder = import.meta.dirname;

function settings(lib, file) {
  return {
    mutate: [`libs/${lib}/${file ?? '**/*.ts'}`, ...notMutated],
    plugins: [`${folder}/runner.mjs`],
    testRunner: 'specs-in-one-process',
    testRunnerNodeArgs: ['--conditions=source', '--no-warnings', `--import=${folder}/hooks.mjs`],
    coverageAnalysis: 'perTest',
    ignorePatterns: ['.git', 'biome.json', '.ci', '.data', 'apps', 'contracts', 'docker'],
    tempDirName: '.stryker',
    reporters: ['clear-text', 'json', 'progress-append-only'],
    jsonReporter: { fileName: `.stryker/${lib}.json` },
    clearTextReporter: { allowColor: false, reportTests: false },
    allowConsoleColors: false,
    concurrency: 2,
    timeoutMS: 6_000,
    thresholds: { high: 95, low: 90, break: 90 },
  };
}

const given = process.argv.slice(2);
for (const name of given.length > 0 ? given : libs) {
  const [lib, ...file] = name.split('/');
  if (!libs.includes(lib)) throw new Error(`${lib} is none of ${libs.join(', ')}`);
  await new Stryker(settings(lib, file.length > 0 ? file.join('/') : undefined)).runMutationTest();
}
