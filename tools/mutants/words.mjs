/** The words of `@jest/globals` that specs of the cores use: they note tests, which runner.mjs runs as often as it likes. */
import { format } from 'node:util';

export { expect } from 'expect';

/** What was noted since the program began, in order: { id, run, before }. */
export const tests = [];
const titles = [];
let before = [];

export function describe(title, body) {
  const outer = before;
  before = [...outer];
  titles.push(title);
  body();
  titles.pop();
  before = outer;
}

export function beforeAll(run) {
  before.push({ run, isDone: false });
}

/** Tests with a time limit of their own take long, and are left out: the search would run them thousands of times. */
export function it(title, run, limitMs) {
  if (limitMs !== undefined) return;
  const name = [...titles, title].join(' ');
  const same = tests.filter((test) => test.name === name).length;
  tests.push({ name, id: same === 0 ? name : `${name} (${same + 1})`, run, before });
}

it.each = (rows) => (title, run, limitMs) => {
  for (const row of rows) {
    const values = Array.isArray(row) ? row : [row];
    it(format(title, ...values.slice(0, title.split('%').length - 1)), () => run(...values), limitMs);
  }
};

/** Runs one test, and what has to run once before it. */
export async function runTest(test) {
  for (const step of test.before) {
    if (step.isDone) continue;
    step.isDone = true;
    await step.run();
  }
  await test.run();
}
