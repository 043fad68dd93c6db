/** What `dispute show` says of gas is what was measured, or held by tests of the contracts. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import { type GasOf, gasOf } from './dispute-gas.js';

const page = readFileSync(join(import.meta.dirname, '../../../../docs/reference/gas.md'), 'utf8');

/** Rows of the page. */
const rows: Readonly<Record<GasOf, readonly string[]>> = {
  settle: ['settle at the lowest common of two', 'settle at the lowest of two, parts differed'],
  release: ['release, the result was taken back'],
  reveal: ['reveal an own result that opens a dispute', 'reveal in the window for new results'],
  accept: ['accept a result'],
  accuse: ['accuse'],
  accuserMove: ['name an entry', 'doubt a record', 'show what a leaf lacks'],
  openNode: ['open a node of 256'],
  openLeaf: ['open a leaf of 16 records'],
  placeRecord: ['place a record'],
  timeOut: ['time out, the result falls'],
  question: ["ask about a part's first row", 'ask about another row', 'ask whether a part was served'],
  publish: ['publish a row of 256 batches'],
  disprove: ['disprove a row', 'disprove a row by its length'],
  drawPanel: ['draw 31 of 200 validators'],
  commitPanel: ['commit to a word'],
  revealPanel: ['reveal a word'],
  appeal: ['appeal'],
  concludePanel: ['conclude after three rounds'],
};

/** The dearest of a row, whatever it is of: with few or many participants, or the least that a chain takes. */
function figureOf(row: string): number {
  const [line] = page.split('\n').filter((one) => one.startsWith(`| ${row} |`));
  const cells = (line ?? '').split('|').map((cell) => cell.trim().replaceAll(',', ''));
  return Math.max(...cells.filter((cell) => /^\d+$/.test(cell)).map(Number));
}

it.each(Object.entries(rows))('%s takes no more than is said, and not much less', (act, names) => {
  const most = Math.max(...names.map(figureOf));
  const said = gasOf[act as GasOf];
  expect(said).toBeGreaterThanOrEqual(most);
  expect(said).toBeLessThan(most * 1.3);
});
