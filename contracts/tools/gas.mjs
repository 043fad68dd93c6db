/**
 * Measures what each act costs and writes docs/reference/gas.md and its picture: `npm run gas`. Runs the tests of
 * test/gas, so that figures are written only where the goals hold. `node contracts/tools/gas.mjs check` writes
 * nothing, tells the lines that are not as measured, and fails if there is one.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { disputePicture, disputeSections, whole } from './gas-disputes.mjs';

const root = join(import.meta.dirname, '../..');
const pagePath = join(root, 'docs/reference/gas.md');
const picturePath = join(root, 'docs/pictures/griefing.svg');

/** By act: figures of the contracts before they were divided by who may touch money; [3, 16] participants. */
const before = {
  open: [660_164, 1_550_800],
  "deposit, the token's and line's first": [96_097],
  deposit: [61_897],
  "post part, the block's first": [136_586],
  'post part, its second': [129_612, 139_922],
  'post part, its last': [129_612, 198_767],
  commit: [130_052, 130_052],
  "reveal, the block's first": [169_558, 245_559],
  'reveal, a later one': [81_619, 89_724],
  settle: [106_939, 322_837],
  "settle, everybody's first": [141_127, 579_325],
  'all of a block': [1_200_000],
  'request a withdrawal': [59_825],
  'withdraw tokens': [62_636],
  close: [38_995],
};

const head = `# Gas

What each act costs as a transaction of its own, 21,000 and calldata included, with 3 and with 16 participants.
\`npm run gas\` measures it and writes this page; \`contracts/test/gas/\` has what is done in which order, and what it may cost at most. *Before* are the contracts
that this version replaces (a dash: there was no such act, or it was not measured).

| act | 3, before | 3 | 16, before | 16 |
|---|---|---|---|---|
`;

const middle = `
"First" is the first of its kind that writes a slot which was empty: of an account, of a token, of a block. The keys of these channels are 11, so that a commit
proves its key by four siblings; each further doubling of blocksMax costs a commit about 1,600 more. *All of a block*: every participant posts, commits and
reveals, and somebody settles; the second block of a channel and each later one.
`;

const foot = `
## What stays bounded

| act | at most | before |
|---|---|---|
| a settled block of 3 participants | 1,200,000 | about 1,200,000 |
| post part, the last of 16 | the first of 16 | 198,767 against 139,922 |
| cover, also of the last of 2^20 blocks, after a quiet week of one-minute blocks | 200,000 | about 50,000,000 |
| settle with 32 live blocks before it | 250,000 | |
| the fall of a result with 32 accusations and 32 posters | 1,600,000 | |
| any act of a dispute, as a transaction | 16,777,216 | |

Nothing is walked block by block: how many blocks are not over is counted by bits, 128 a slot, with sums above them, so that a void or quiet block costs nothing.
`;

function measured() {
  const args = ['contracts/tools/forge.mjs', 'test', '--match-path', 'test/gas/*', '-vv'];
  const forge = spawnSync(process.execPath, args, { cwd: root, encoding: 'utf8' });
  if (forge.status !== 0) throw new Error(`forge ended with ${forge.status}\n${forge.stdout}${forge.stderr}`);
  const figures = {};
  let into;
  for (const line of forge.stdout.split('\n')) {
    const test = /^\[PASS\] test_(?:gas_(\w+))?/.exec(line);
    if (test !== null) into = test[1] && (figures[test[1]] ??= new Map());
    const log = /^ {2}(\S.*): (\d+)$/.exec(line);
    if (log !== null) into?.set(log[1], Number(log[2]));
  }
  return figures;
}

/** Lines of the page that was found and of the one that was measured which the other lacks. */
function staleLines(found, made) {
  const [before, now] = [found.split('\n'), made.split('\n')];
  const gone = before.filter((line) => !now.includes(line)).map((line) => `- ${line}`);
  const stale = [...gone, ...now.filter((line) => !before.includes(line)).map((line) => `+ ${line}`)];
  return stale.length === 0 && found !== made ? ['the order of the lines differs'] : stale;
}

const figures = measured();
const rows = [...figures[3].keys()].map((act) => {
  const [three, sixteen] = before[act] ?? [];
  const cells = [three, figures[3].get(act), sixteen, figures[16].get(act)];
  return `| ${act} | ${cells.map(whole).join(' | ')} |\n`;
});
const page = head + rows.join('') + middle + disputeSections(figures) + foot;
const made = [
  [pagePath, page],
  [picturePath, disputePicture(figures)],
];
if (process.argv[2] === 'check') {
  const stale = made.flatMap(([path, text]) => staleLines(readFileSync(path, 'utf8'), text));
  for (const line of stale) process.stdout.write(`${line}\n`);
  process.exitCode = stale.length === 0 ? 0 : 1;
} else {
  for (const [path, text] of made) writeFileSync(path, text);
  process.stdout.write('docs/reference/gas.md says what was measured\n');
}
