/**
 * Runs the specs of the cores for Stryker in one process that loads them once: a mistake is switched on and off between
 * runs, so that one costs milliseconds where jest, which loads every file anew, takes seconds.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { INSTRUMENTER_CONSTANTS } from '@stryker-mutator/api/core';
import { declareClassPlugin, PluginKind } from '@stryker-mutator/api/plugin';
import {
  DryRunStatus,
  determineHitLimitReached,
  TestStatus,
  toMutantRunResult,
} from '@stryker-mutator/api/test-runner';
import { runTest, tests } from './words.mjs';

/** The cores, each of which may use those before it. */
const libs = ['encoding', 'crypto', 'protocol', 'reduction', 'dispute'];
/** Tests of all cores together: by golden vectors, and against the second implementation. */
const files = ['test/vectors.spec.ts', 'test/records-equal-reference.spec.ts'];

/** The tests that have to notice a mistake in a lib: its own, and those of what is built on it. */
function specsOf(lib) {
  const own = libs.slice(libs.indexOf(lib)).flatMap((one) => {
    const folder = join('libs', one);
    const names = readdirSync(folder, { recursive: true });
    return names.filter((name) => name.endsWith('.spec.ts')).map((name) => join(folder, name));
  });
  return [...own, ...files];
}

/**
 * Tests that take longer than this, instrumented, are left out, as those with a time limit of their own. What only
 * they notice counts as unnoticed, so that the score is never too good.
 */
const slowMs = 2_000;
/** Where the process of the first run tells those of all others how long each test takes. */
const durationsFile = 'test-durations.json';

// The name by which instrumented files find which mistake is on, and count what they pass.
globalThis[INSTRUMENTER_CONSTANTS.NAMESPACE] ??= {};
const state = globalThis[INSTRUMENTER_CONSTANTS.NAMESPACE];

class SpecRunner {
  static inject = ['options'];
  #lib;
  #isLoaded = false;

  constructor({ mutate: [first] }) {
    this.#lib = first.split('/')[1];
  }

  capabilities() {
    return { reloadEnvironment: false };
  }

  async dryRun() {
    await this.#load();
    state.mutantCoverage ??= { static: {}, perTest: {} };
    const results = await this.#run(tests, true);
    const quick = results.filter(({ timeSpentMs }) => timeSpentMs <= slowMs);
    for (const { id, timeSpentMs } of results) {
      if (timeSpentMs > slowMs) delete state.mutantCoverage.perTest[id];
    }
    const durations = quick.map(({ id, timeSpentMs }) => [id, timeSpentMs]);
    writeFileSync(durationsFile, JSON.stringify(durations));
    return { status: DryRunStatus.Complete, tests: quick, mutantCoverage: state.mutantCoverage };
  }

  async mutantRun({ activeMutant, testFilter, hitLimit, disableBail, mutantActivation }) {
    if (mutantActivation === 'static') state.activeMutant = activeMutant.id;
    await this.#load();
    state.activeMutant = activeMutant.id;
    state.hitLimit = hitLimit;
    state.hitCount = hitLimit === undefined ? undefined : 0;
    const results = await this.#run(quickFirst(testFilter), disableBail);
    const timeout = determineHitLimitReached(state.hitCount, state.hitLimit);
    return toMutantRunResult(timeout ?? { status: DryRunStatus.Complete, tests: results }, disableBail);
  }

  async #load() {
    if (this.#isLoaded) return;
    this.#isLoaded = true;
    for (const spec of specsOf(this.#lib)) await import(pathToFileURL(spec).href);
  }

  async #run(some, goOn) {
    const results = [];
    for (const test of some) {
      state.currentTestId = test.id;
      const start = performance.now();
      const failure = await runTest(test).then(
        () => undefined,
        (thrown) => String(thrown),
      );
      state.currentTestId = undefined;
      const timeSpentMs = performance.now() - start;
      const about = { id: test.id, name: test.id, timeSpentMs };
      results.push(
        failure === undefined
          ? { ...about, status: TestStatus.Success }
          : { ...about, status: TestStatus.Failed, failureMessage: failure },
      );
      if (failure !== undefined && !goOn) break;
    }
    return results;
  }
}

/** Of the wanted tests those that are not slow, the quickest first: most mistakes end with one of them. */
function quickFirst(wanted) {
  const durations = new Map(JSON.parse(readFileSync(durationsFile, 'utf8')));
  return tests
    .filter(({ id }) => durations.has(id) && (wanted === undefined || wanted.includes(id)))
    .sort((a, b) => durations.get(a.id) - durations.get(b.id));
}

export const strykerPlugins = [declareClassPlugin(PluginKind.TestRunner, 'specs-in-one-process', SpecRunner)];
