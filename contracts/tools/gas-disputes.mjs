/**
 * The sections of docs/reference/gas.md about disputes, of what the tests of test/gas log: of acts `act; what`, of
 * games `game; side; what`, gas in units and bonds in gwei.
 */
import { griefPicture } from './gas-picture.mjs';

const sizes = [3, 16];
/** By kind of dispute, which the tests are named by, the acts in the order of the page. */
const orders = {
  tree: [
    'accuse',
    'accuse, a later one',
    'open a node of 256',
    'open a node of 16 leaves',
    'name an entry',
    'open a leaf of one record',
    'open a leaf of two records',
    'open a leaf of 4 records',
    'open a leaf of 16 records',
    'show what a leaf lacks',
    'show that a tree of nothing lacks a record',
    'doubt a record',
    'place a record',
    'time out, the result falls',
    'time out, the accusation fails',
    'release, the result was taken back',
    'settle at what stands alone',
  ],
  part: [
    "ask about a part's first row",
    'ask about another row',
    'publish a row of 1,021 records',
    'publish a row of 256 batches',
    'disprove a row',
    'disprove a row by its length',
    'prove disorder',
    'prove too many rows',
    'conclude, nobody published',
    'conclude, it was published',
    'reveal in the window for new results',
    'settle at two that pay the same',
    'settle at the lowest of two, parts differed',
  ],
  panel: [
    'ask whether a part was served',
    'draw 7 of 200 validators',
    'draw 15 of 200 validators',
    'draw 31 of 200 validators',
    'commit to a word',
    'reveal a word',
    'appeal',
    'begin the next round, after a tie',
    'conclude after one round',
    'conclude after three rounds',
    'release, the block is over',
  ],
};
const kinds = Object.keys(orders);

const aboutActs = `
## Acts of disputes

On all contracts as they are deployed: an accusation over 1,000,000 impressions, records that are the first of a batch of 1,021 in a part of 1,959 segments, the
largest rows that there can be (64 KiB, none of whose sealed bytes is zero), 200 validators. Read a row as: what the act takes with 3 and with 16 participants; how
much of that are the bytes of the transaction; and what a chain takes at least that charges 10 and 40 for each byte (EIP-7623): where that is more, it is the price.
The largest row is published in one transaction, below the 16,777,216 that one may take (EIP-7825), so that nothing is parted over several.

`;

const aboutGames = `
A leaf that pays what the reducer does not give, is malformed, or stands out of order does not open: its accusation ends by *time out*, and so does one whose doubted
record nobody places.

## Whole disputes

In thousands of gas, the dearer of measured and least: who accuses or asks, who answers, and all, with the validators of a panel, for 3 and for 16 participants. From
the result that opens the dispute to the block that is settled, but for those that end where somebody who is wrong has failed: *the accuser leaves*, *a true
result*, *one more*, *a good row*, *a part that was served*. A million impressions take three openings of nodes and one of a leaf.

`;

const aboutGrief = `
## What a griefer pays for each unit of harm

What each side spends in such a dispute, in thousands of gas, and what it loses of its bonds, in thousandths of a coin (− is what it gains). An own result that
begins the dispute is counted, a seat's is not, and nor is what that loses when it falls itself. *Even to*: the price of gas, in gwei, up to which those who are
right lose nothing, since what they gain of bonds pays their gas. *At 1* and *at 10* gwei: what the griefer loses for each coin that it makes them lose; below 1
harm is cheaper than it hurts; *gains* where they lose nothing. Assumed: all gas at one price; those who are right do by themselves whatever nobody is made to
do (draws, concludes, times out); all validators of a panel speak, and what a word earns pays their gas up to WORD gwei; rows are the largest, the tree has a
million impressions.

![For each way to grief, the griefer's loss for each coin of harm](../pictures/griefing.svg)

`;

const aboutDelays = `
Bonds are wei, and gas has a price, so the dearer gas is, the less bonds weigh. What bounds harm then is how often it can be done: one accusation of a result for
each participant that stands for another and one for its validator, one row of a part for each participant, one panel for each part, two appeals.

How long a block that is not disputed otherwise is held up, where each act of the griefer's comes in the last second that it may, and each answer at once.
*c*, *p* and *a* are the terms' challengePeriod, processingPeriod and answerPeriod.

`;

const aboutEnd = `
What has more turns than these ends by disputeMax, which opening makes long enough for 24 answer periods beside all windows.
`;

/** What a griefer does, in which game, on which side of it. */
const ways = [
  ['lies, and opens its tree down to the leaf', 'a leaf that lacks a record', 'answerer'],
  ['lies, and opens nothing', 'nobody opens the tree', 'answerer'],
  ['accuses a true result, down to a record', 'a true result', 'asker'],
  ['accuses one, and leaves after the root', 'the accuser leaves after the root', 'asker'],
  ['floods: each accusation more, its own way', 'one more accusation of a true result', 'asker'],
  ['asks about a good row of 1,021 records', 'a good row of 1,021 records', 'asker'],
  ['asks about a good row of 256 batches', 'a good row of 256 batches', 'asker'],
  ['posts a bad row, and publishes it', 'a row that does not decrypt', 'answerer'],
  ['asks whether a served part was served', 'a part that was served', 'asker'],
  ['the same, and appeals twice', 'a part that was served, appealed twice', 'asker'],
  ['does not serve its part', 'a part that was not served', 'answerer'],
];
const slowWays = [
  ['speaks last and accuses slowly', 'accuses, slowly'],
  ['a panel, two appeals, then the same', 'asks a panel, appeals twice, then accuses, slowly'],
];
/** The terms' periods in contracts/test/gas/DelayGas.t.sol in seconds, and what is counted of them. */
const periods = [
  ['c', 100_000, 100_000],
  ['p', 2_000, 1_000],
  ['a', 20, 20],
];
/** What a validator is paid for a word: Bonds.PANEL_PAY. */
const panelPayGwei = 150_000;
const gweiPerGas = [1, 10];

export function whole(number) {
  return number === undefined ? '–' : number.toLocaleString('en-US');
}

function tableOf(head, rows) {
  const [first, ...rest] = [head, ...rows].map((cells) => `| ${cells.join(' | ')} |\n`);
  return `${first}|${'---|'.repeat(head.length)}\n${rest.join('')}`;
}

/** Of `head; rest` logs what stands behind each head, by the rest. */
function grouped(figures, parts) {
  const all = new Map();
  for (const [key, value] of figures ?? []) {
    const words = key.split('; ');
    if (words.length !== parts) continue;
    const rest = words.slice(1).join(' ');
    all.set(words[0], { ...all.get(words[0]), [rest]: value });
  }
  return all;
}

function bySize(figures, kind, parts) {
  return sizes.map((size) => grouped(figures[`${kind}_${size}`], parts));
}

function actsOf(figures) {
  return kinds.flatMap((kind) => {
    const [three, sixteen] = bySize(figures, kind, 2);
    const missing = [...three.keys(), ...sixteen.keys()].filter((act) => !orders[kind].includes(act));
    if (missing.length > 0) throw new Error(`measured, and not in the order of the page: ${missing}`);
    return orders[kind].map((act) => {
      const [few, many] = [three.get(act), sixteen.get(act)];
      const { calldata, least } = many ?? few;
      return [act, ...[few?.gas, many?.gas, calldata, least].map(whole)];
    });
  });
}

function thousands(gas) {
  return whole(Math.round(gas / 1000));
}

function gamesOf(figures) {
  return kinds.flatMap((kind) => {
    const [three, sixteen] = bySize(figures, kind, 3);
    return [...sixteen].map(([game, many]) => {
      const acts = many['asker acts'] + (many['answerer acts'] ?? 0) + (many['member acts'] ?? 0);
      const cells = [three.get(game), many].flatMap((one) => {
        const [asker, answerer, member] = ['asker', 'answerer', 'member'].map((side) => one[`${side} gas`] ?? 0);
        return [asker, answerer, asker + answerer + member].map(thousands);
      });
      return [game, acts, ...cells];
    });
  });
}

/** What a side of a game spends in gas, and loses of its bonds in gwei; below zero it gains. */
function lossOf(game, side) {
  const [gas, lost, gained] = ['gas', 'lost', 'gained'].map((what) => game[`${side} ${what}`] ?? 0);
  return { gas, bonds: lost - gained };
}

/** Undefined where those who are right lose nothing. */
function ratioAt([griefer, honest], price) {
  const [own, others] = [griefer, honest].map(({ gas, bonds }) => gas * price + bonds);
  return others <= 0 ? undefined : own / others;
}

function ratioSaid(ratio) {
  return ratio === undefined ? 'gains' : ratio.toFixed(ratio < 10 ? 2 : 0);
}

/** In thousandths of a coin. */
function bondsOf(gwei) {
  return (gwei / 1e6).toLocaleString('en-US', { maximumFractionDigits: 3 }).replace('-', '−');
}

function sidesOf(game, side) {
  return [lossOf(game, side), lossOf(game, side === 'asker' ? 'answerer' : 'asker')];
}

function griefRow(games, [way, name, side]) {
  const [griefer, honest] = sidesOf(games.get(name), side);
  const even = honest.bonds < 0 ? (-honest.bonds / honest.gas).toFixed(1) : '0';
  const spent = [griefer, honest].flatMap(({ gas, bonds }) => [thousands(gas), bondsOf(bonds)]);
  return [way, ...spent, even, ...gweiPerGas.map((price) => ratioSaid(ratioAt([griefer, honest], price)))];
}

function gamesAll(figures, size) {
  return new Map(kinds.flatMap((kind) => [...grouped(figures[`${kind}_${size}`], 3)]));
}

function griefTable(figures, size) {
  const games = gamesAll(figures, size);
  const prices = gweiPerGas.map((price) => `at ${price}`);
  const head = ['what it does', 'its gas', 'bonds', 'their gas', 'bonds', 'even to', ...prices];
  return tableOf(head, ways.map((way) => griefRow(games, way)));
}

/** Seconds in the terms' periods. An act in the last second leaves that second: what is left over counts whole. */
function lasting(seconds) {
  let left = seconds;
  const counts = periods.map(([name, period, step], i) => {
    const count = i + 1 < periods.length ? Math.floor(left / step) : Math.ceil(left / step);
    left -= count * step;
    return `${(count * step) / period} ${name}`;
  });
  return counts.filter((one) => !one.startsWith('0 ')).join(' + ');
}

function delayTable(figures) {
  const rows = slowWays.flatMap(([way, name]) =>
    sizes.map((size) => {
      const game = grouped(figures[`delay_${size}`], 3).get(name);
      const [griefer, honest] = sidesOf(game, 'asker');
      const spent = [griefer, honest].flatMap(({ gas, bonds }) => [thousands(gas), bondsOf(bonds)]);
      return [`${way}, of ${size}`, ...spent, lasting(game['seconds late'])];
    }),
  );
  return tableOf(['what it does', 'its gas', 'bonds', 'their gas', 'bonds', 'ends later by'], rows);
}

/** `figures`: what was logged, by test. */
export function disputeSections(figures) {
  const acts = tableOf(['act', '3', '16', 'calldata', 'least'], actsOf(figures));
  const head = ['dispute', 'acts', 'asks, 3', 'answers', 'all', 'asks, 16', 'answers', 'all'];
  const grief = sizes.map((size) => `With ${size} participants:\n\n${griefTable(figures, size)}`).join('\n');
  const games = tableOf(head, gamesOf(figures));
  const { gas: commit } = grouped(figures.panel_16, 2).get('commit to a word');
  const { gas: reveal } = grouped(figures.panel_16, 2).get('reveal a word');
  const terms = aboutGrief.replace('WORD', (panelPayGwei / (commit + reveal)).toFixed(2));
  const delays = delayTable(figures);
  return [aboutActs, acts, aboutGames, games, terms, grief, aboutDelays, delays, aboutEnd].join('');
}

/** The picture of the ways to grief, with most participants. */
export function disputePicture(figures) {
  const games = gamesAll(figures, 16);
  const shown = ways.map(([way, name, side]) => {
    const sides = sidesOf(games.get(name), side);
    return { way, ratios: gweiPerGas.map((price) => ratioAt(sides, price)) };
  });
  return griefPicture(shown, gweiPerGas);
}
