/** The tables at the end of demo and replay. */
import { kinds } from '../traffic/impression.js';
import { formatCount, formatNano, type Output } from './output.js';
import type { RunResult } from './run-result.js';

const meaning: Readonly<Record<(typeof kinds)[number], string>> = {
  matched: 'impressions paid',
  'missing-dsp': 'the DSP has no win: not paid',
  'missing-ssp': 'the SSP has no win: paid, the DSP signed',
  'price-differs': 'two prices: the lower is paid',
  contradictory: 'a seller has two prices: its lower counts',
  repeated: 'records that stand twice: counted once',
  late: 'records after the block closed: refused',
  'missing-audit': 'no audit: not paid',
  'invalid-traffic': 'audited as invalid traffic: not paid',
  'not-viewable': 'never in view: not paid',
  invalid: 'submissions against a rule: refused',
};

const shownUnusable = 5;
const shownIdCharacters = 50;
const secondsALine = 4;

export function printRun(result: RunResult, output: Output): void {
  for (const channel of result.channels) {
    output.line();
    output.line(`Channel ${channel.channelId}`);
    printBlocks(channel, output);
    output.line();
    output.line('Injected and found, by kind');
    output.table(
      ['kind', 'what happens', 'injected', 'found', ''],
      kinds.map((kind) => {
        const [injected, found] = [result.injected[kind], result.found[kind]];
        const mark = injected === found ? '=' : '≠';
        return [kind, meaning[kind], formatCount(injected), formatCount(found), mark];
      }),
      2,
    );
    printMoney(channel, output);
  }
  printUnusable(result, output);
  const spent = Object.entries(result.seconds).map(([stage, seconds]) => `${stage} ${seconds.toFixed(1)}`);
  output.line(`Seconds: ${spent.slice(0, secondsALine).join(' · ')}`);
  if (spent.length > secondsALine) output.line(`         ${spent.slice(secondsALine).join(' · ')}`);
}

function printBlocks(channel: RunResult['channels'][number], output: Output): void {
  const shown = channel.blocks.map((block) => {
    const paid = block.outputTransactions.reduce((sum, { nano }) => sum + BigInt(nano), 0n);
    const valid = block.parts.filter((part) => part.valid).length;
    return [
      String(block.blockNumber),
      block.stage,
      `${valid}/${block.parts.length}`,
      formatCount(block.recordsDistinct),
      formatCount(block.impressions),
      formatCount(block.reasons.matched?.impressions ?? 0),
      formatNano(paid),
      block.settlementRoot.slice(0, 10),
    ];
  });
  const head = [
    'block',
    'stage',
    'parts',
    'records',
    'impressions',
    'matched',
    `${hasArrived(channel) ? 'paid' : 'owed'} ${channel.currency}`,
    'root',
  ];
  output.table(head, shown, 2);
}

/** Nothing that was owed says paid while some of it is missing. */
function hasArrived({ participants }: RunResult['channels'][number]): boolean {
  return participants.every(({ missingNano }) => missingNano === '0');
}

function printMoney(channel: RunResult['channels'][number], output: Output): void {
  const [payer, ...payees] = channel.participants;
  const earning = payees.filter(({ owedNano }) => owedNano !== '0');
  const isShort = !hasArrived(channel);
  output.line();
  output.line(`Who paid whom, ${channel.currency}`);
  output.table(
    ['from', 'to', ...(isShort ? ['owed', 'paid', 'missing'] : ['amount'])],
    earning.map(({ name, owedNano, paidNano, missingNano }) => {
      const amounts = isShort ? [owedNano, paidNano, missingNano] : [paidNano];
      return [payer.name, name, ...amounts.map((one) => formatNano(BigInt(one)))];
    }),
    2,
  );
  output.line();
  output.line(`Balances on chain, ${channel.currency}`);
  const rows = channel.participants.map((one) => {
    const [before, after] = [BigInt(one.balanceBeforeNano), BigInt(one.balanceAfterNano)];
    return [one.name, one.role, formatNano(before), formatNano(after), formatNano(after - before)];
  });
  const sum = (pick: (one: (typeof channel.participants)[number]) => string): bigint =>
    channel.participants.reduce((all, one) => all + BigInt(pick(one)), 0n);
  const [before, after] = [sum((one) => one.balanceBeforeNano), sum((one) => one.balanceAfterNano)];
  rows.push(['together', '', formatNano(before), formatNano(after), formatNano(after - before)]);
  output.table(['participant', 'role', 'before', 'after', 'change'], rows, 2);
}

/** Rows that were left out, and ids that are no ids. */
export function printUnusable(
  { unusable, unusableCounts, flooding }: Pick<RunResult, 'unusable' | 'unusableCounts' | 'flooding'>,
  output: Output,
): void {
  const counts = Object.entries(unusableCounts);
  if (counts.length > 0) {
    output.line();
    const all = counts.reduce((sum, [, count]) => sum + count, 0);
    output.line(`Rows that cannot be used: ${formatCount(all)} (--json lists each)`);
    output.table(
      ['reason', 'rows', 'first lines'],
      counts.map(([code, count]) => {
        const lines = unusable.filter((row) => row.code === code).slice(0, shownUnusable);
        return [code, formatCount(count), lines.map(({ line }) => line).join(', ')];
      }),
    );
  }
  if (flooding.length === 0) return;
  output.line();
  output.line('Ids that stand for many records: one impression is paid for each exchange');
  output.table(
    ['id', 'exchange', 'records'],
    flooding.map(({ auctionId, exchange, records }) => [cut(auctionId), exchange, formatCount(records)]),
  );
}

/** So that a table stays as wide as a terminal. */
function cut(text: string): string {
  return text.length > shownIdCharacters ? `${text.slice(0, shownIdCharacters - 1)}…` : text;
}
