/** What the command line may say stands in the docs, and nothing else. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import { commandNos, exitCode } from './command-refused.js';

const root = join(import.meta.dirname, '../../../..');
const read = (path: string): string => readFileSync(join(root, path), 'utf8');

/** The first cells of each row of the first table from there on. */
function cellsOf(text: string, from: string, cells: number): string[][] {
  expect(text).toContain(from);
  const [table] = /(^\|.*\n)+/m.exec(text.slice(text.indexOf(from))) ?? [''];
  const rows = table.trim().split('\n').slice(2);
  return rows.map((row) => row.replaceAll('`', '').slice(2).split(' | ').slice(0, cells));
}

it('its nos, with their exit codes', () => {
  const listed = cellsOf(read('docs/reference/errors.md'), '## Refusals of the command line', 2);
  const said = Object.entries(commandNos).map(([code, exit]) => [code, String(exit)]);
  expect(listed.sort()).toEqual(said.sort());
});

it('its exit codes', () => {
  const listed = cellsOf(read('docs/reference/cli.md'), '## Exit codes', 1).flat();
  const said = Object.values(exitCode).map(String);
  expect(listed.sort()).toEqual(said.sort());
});

it('its notices', () => {
  const listed = cellsOf(read('docs/reference/cli.md'), '| notice | what happened |', 1);
  const codes = listed.flatMap(([cell]) => cell.split(', '));
  const said = ['anvil-chain', 'anvil-node'].flatMap((file) =>
    [...read(`libs/chain/${file}.ts`).matchAll(/\bcode: '([a-z-]+)'/g)].map(([, code]) => code),
  );
  expect(codes.sort()).toEqual([...new Set(said)].sort());
});
