/** What `dispute show` says of gas is what was measured, or held by tests of the contracts. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import { type GasOf, gasOf } from './dispute-gas.js';

const page = readFileSync(join(import.meta.dirname, '../../../../docs/reference/gas.md'), 'utf8');

/** Rows of the page: of acts the last figure, of what stays bounded the only one. */
const rows: Readonly<Record<GasOf, readonly string[]>> = {
  settle: ['settle at the lowest common of two'],
  release: ['release'],
  reveal: ['reveal an own result that opens a dispute'],
  accept: ['accept a result'],
  accuse: ['accuse'],
  accuserMove: ['name an entry', 'doubt a record', 'show what a leaf lacks'],
  openNode: ['open a node of 256'],
  openLeaf: ['open a leaf'],
  placeRecord: ['place a record'],
  timeOut: ['time out'],
  question: ["ask about a part's first row", 'ask about another row'],
  publish: ['publish a row of a part, whatever is in it'],
  disprove: ['disprove a row'],
  drawPanel: ['draw 7, 15 or 31 members of a panel, among 200 validators'],
  commitPanel: ['commit to or reveal a word in a panel'],
  revealPanel: ['commit to or reveal a word in a panel'],
  appeal: ['appeal against a panel'],
  concludePanel: ['count the words of a panel, after three rounds'],
};

function figureOf(row: string): number {
  const [line] = page.split('\n').filter((one) => one.startsWith(`| ${row} |`));
  return Number(
    (line ?? '')
      .split('|')
      .map((cell) => cell.trim().replaceAll(',', ''))
      .filter((cell) => /^\d+$/.test(cell))
      .at(-1),
  );
}

it.each(Object.entries(rows))('%s takes no more than is said, and not much less', (act, names) => {
  const most = Math.max(...names.map(figureOf));
  const said = gasOf[act as GasOf];
  expect(said).toBeGreaterThanOrEqual(most);
  expect(said).toBeLessThan(most * 1.3);
});
