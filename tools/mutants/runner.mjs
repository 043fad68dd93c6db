/**
 * Runs the specs of the cores for Stryker in one process that loads them once: a mistake is switched on and off between
 * runs, so that one costs milliseconds where jest, which loads every file anew, takes seconds.
 */
import { readdirSync } from 'node:fs';
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

/** The tests that have to notice a mistake in the cores: their own, and those against the second implementation. */
const folders = ['libs/encoding', 'libs/crypto', 'libs/protocol', 'libs/reduction', 'test/reference'];
const files = ['test/vectors.spec.ts'];

// The name by which instrumented files find which mistake is on, and count what they pass.
globalThis[INSTRUMENTER_CONSTANTS.NAMESPACE] ??= {};
const state = globalThis[INSTRUMENTER_CONSTANTS.NAMESPACE];

class SpecRunner {
  #isLoaded = false;
  /** How long each test took when it last passed: the quick ones go first. */
  #durations = new Map();

  capabilities() {
    return { reloadEnvironment: false };
  }

  async dryRun() {
    await this.#load();
    state.mutantCoverage ??= { static: {}, perTest: {} };
    const results = await this.#run(tests, true);
    return { status: DryRunStatus.Complete, tests: results, mutantCoverage: state.mutantCoverage };
  }

  async mutantRun({ activeMutant, testFilter, hitLimit, disableBail, mutantActivation }) {
    if (mutantActivation === 'static') state.activeMutant = activeMutant.id;
    await this.#load();
    state.activeMutant = activeMutant.id;
    state.hitLimit = hitLimit;
    state.hitCount = hitLimit === undefined ? undefined : 0;
    const wanted = testFilter === undefined ? tests : tests.filter(({ id }) => testFilter.includes(id));
    const results = await this.#run(this.#quickFirst(wanted), disableBail);
    const timeout = determineHitLimitReached(state.hitCount, state.hitLimit);
    return toMutantRunResult(timeout ?? { status: DryRunStatus.Complete, tests: results }, disableBail);
  }

  async #load() {
    if (this.#isLoaded) return;
    this.#isLoaded = true;
    const specs = folders.flatMap((folder) =>
      readdirSync(folder, { recursive: true })
        .filter((name) => name.endsWith('.spec.ts'))
        .map((name) => join(folder, name)),
    );
    for (const spec of [...specs, ...files]) await import(pathToFileURL(spec).href);
  }

  #quickFirst(some) {
    return [...some].sort((a, b) => (this.#durations.get(a.id) ?? 0) - (this.#durations.get(b.id) ?? 0));
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
      if (failure === undefined) this.#durations.set(test.id, timeSpentMs);
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

export const strykerPlugins = [declareClassPlugin(PluginKind.TestRunner, 'specs-in-one-process', SpecRunner)];
