/** What a reconciliation found, as tables of 80 columns. */
import { basename } from 'node:path';
import type { NamedFigures } from '#reconciliation';
import { statementAt } from '#reconciliation';
import { formatCount, formatNano, type Output } from '../report/output.js';
import { differenceMeaning, hourText, percent, reasonMeaning } from './meanings.js';
import { policyWords } from './policy.js';
import type { Reconciliation } from './reconcile-logs.js';

const worstMax = 5;
const linesMax = 5;
const lineCharactersMax = 80;
const nameCharactersMax = 24;

export function printReconciliation(found: Reconciliation, output: Output): void {
  const { report, currency, parameters } = found;
  printLogs(found, output);
  output.line();
  output.line('What the two sides have');
  output.table(
    ['difference', 'what it is', 'impressions'],
    report.difference.map(({ kind, impressions }) => [
      kind,
      differenceMeaning[kind],
      formatCount(impressions),
    ]),
    2,
  );
  output.line();
  output.line('What a channel would pay');
  output.table(
    ['reason', 'what it is', 'impressions', currency],
    report.reasons.map(({ reason, impressions, nano }) => [
      reason,
      reasonMeaning[reason],
      formatCount(impressions),
      formatNano(nano),
    ]),
    2,
  );
  output.line(
    policyWords(parameters)
      .replace(/(.{1,78})(?:; |$)/g, '$1\n')
      .trimEnd(),
  );
  printCounterparties(found, output);
  printWorst('Placements', report.placements, currency, output);
  printWorst('Campaigns', report.campaigns, currency, output);
  printHours(found, output);
  printNotes(found, output);
  printUnusable(found, output);
}

function printLogs({ logs }: Reconciliation, output: Output): void {
  output.table(
    ['log', 'file', 'rows', 'used', 'left out', 'unusable'],
    logs.map((log) => {
      const counts = [log.rows, log.used, log.leftOut, unusableOf(log.unusable)].map(formatCount);
      return [log.role, cut(basename(log.path)), ...counts];
    }),
    2,
  );
  for (const log of logs) {
    const text = `${cut(basename(log.path))}: ${log.mappingText}`;
    for (const line of wrapped(text, ',')) output.line(line);
  }
}

function unusableOf(unusable: ReadonlyMap<string, number>): number {
  return [...unusable.values()].reduce((sum, one) => sum + one, 0);
}

function printCounterparties({ report, currency }: Reconciliation, output: Output): void {
  output.line();
  output.line(`By counterparty; ${percent(report.limitPpm)} % are tolerated`);
  output.table(
    ['seller', 'impressions', 'differ', 'differ %', 'count %', 'money %', ''],
    report.counterparties.map((one) => [
      cut(one.name),
      formatCount(one.impressions),
      formatCount(one.differing),
      percent(one.differingPpm),
      percent(one.countPpm),
      percent(one.moneyPpm),
      one.isAboveLimit ? '▲ above' : '✓ within',
    ]),
  );
  output.line();
  output.line(`Money by counterparty, ${currency}`);
  output.table(
    ['seller', 'seller says', 'buyer says', 'differs by', 'seller earns'],
    report.counterparties.map((one) => [
      cut(one.name),
      ...[one.sellerNano, one.buyerNano, one.gapNano, one.earnedNano].map(formatNano),
    ]),
  );
}

function printWorst(what: string, figures: readonly NamedFigures[], currency: string, output: Output): void {
  const worst = figures.filter((one) => one.differing > 0).slice(0, worstMax);
  if (worst.length === 0) return;
  output.line();
  output.line(`${what} that differ most, ${currency}`);
  output.table(
    ['name', 'impressions', 'differ', 'differs by'],
    worst.map((one) => [
      cut(one.name),
      formatCount(one.impressions),
      formatCount(one.differing),
      formatNano(one.gapNano),
    ]),
  );
}

function printHours({ report, currency }: Reconciliation, output: Output): void {
  const worst = report.hours
    .filter((one) => one.differing > 0)
    .sort((a, b) => b.differing - a.differing || a.startSeconds - b.startSeconds)
    .slice(0, worstMax);
  if (worst.length === 0) return;
  output.line();
  output.line(`Hours that differ most, UTC, ${currency}`);
  output.table(
    ['hour', 'impressions', 'differ', 'differs by'],
    worst.map((one) => [
      hourText(one.startSeconds),
      formatCount(one.impressions),
      formatCount(one.differing),
      formatNano(one.gapNano),
    ]),
  );
}

/** What logs themselves contain: repeats, contradictions, floods. */
function printNotes({ report, participants }: Reconciliation, output: Output): void {
  const rows = participants.names
    .map((name, at) => [
      name,
      report.repeated[at].count,
      report.contradictory[at].count,
      report.flooding[at].count,
    ])
    .filter(([, ...counts]) => counts.some((count) => Number(count) > 0));
  if (rows.length === 0) return;
  output.line();
  output.line('What the logs hold more than once, by whose log it is');
  output.table(
    ['party', 'rows repeated', 'contradict', 'flooded'],
    rows.map(([name, ...counts]) => [
      cut(String(name)),
      ...counts.map((count) => formatCount(Number(count))),
    ]),
  );
}

function printUnusable({ logs }: Reconciliation, output: Output): void {
  const rows = logs.flatMap((log) =>
    [...log.unusable].map(([code, rowCount]) => {
      const lines = log.listed.filter((row) => row.code === code).slice(0, linesMax);
      return [cut(basename(log.path)), code, formatCount(rowCount), lines.map(({ line }) => line).join(', ')];
    }),
  );
  if (rows.length > 0) {
    output.line();
    output.line('Rows that cannot be used (--json lists them)');
    output.table(['file', 'reason', 'rows', 'first lines'], rows, 2);
  }
  for (const log of logs) {
    if (log.withoutTime === 0) continue;
    output.line(
      `${cut(basename(log.path))}: ${formatCount(log.withoutTime)} rows have no time that can be read`,
    );
  }
}

/** Lines that fit, broken behind the separator. */
function wrapped(text: string, separator: string): string[] {
  const lines: string[] = [''];
  for (const part of text.split(new RegExp(`(?<=${separator})`))) {
    const last = lines[lines.length - 1];
    if (last !== '' && last.length + part.length > lineCharactersMax) lines.push(`  ${part}`);
    else lines[lines.length - 1] = last + part;
  }
  return lines.map((line) => line.trimEnd());
}

/** Names in the middle of which something is left out. */
function cut(name: string): string {
  if (name.length <= nameCharactersMax) return name;
  const half = (nameCharactersMax - 1) >> 1;
  return `${name.slice(0, half)}…${name.slice(-half)}`;
}

/** The records behind one id, and what came of them. */
export function printExplained(id: string, found: Reconciliation, output: Output): void {
  const { explained, currency, participants, parameters } = found;
  if (explained === undefined) return;
  output.line(`What the logs say of ${id}`);
  output.table(
    ['log', 'file', 'line', 'imp', currency],
    explained.statements.map(({ log, line, imp, head }) => {
      const price = (BigInt(head[statementAt.priceHigh]) << 32n) + BigInt(head[statementAt.priceLow]);
      return [log.role, cut(basename(log.path)), String(line), cut(imp), formatNano(price)];
    }),
    4,
  );
  output.line();
  output.line('What came of it');
  output.table(
    ['imp', 'seller', 'reason', 'seller says', 'buyer says', 'price'],
    explained.pairs.map((pair) => [
      cut(pair.imp),
      cut(pair.seller ?? ''),
      pair.reason,
      pair.sellerNano === undefined ? 'nothing' : formatNano(pair.sellerNano),
      pair.buyerNano === undefined ? 'nothing' : formatNano(pair.buyerNano),
      formatNano(pair.nano),
    ]),
    3,
  );
  const reasons = explained.pairs.map((pair) => pair.reason);
  for (const { sellerNano, buyerNano, reason } of explained.pairs) {
    const haveBoth = sellerNano !== undefined && buyerNano !== undefined;
    if (haveBoth && sellerNano !== buyerNano && reason !== 'price-mismatch') reasons.unshift('price-differs');
  }
  for (const reason of new Set(reasons)) {
    output.line(`${reason}: ${reasonMeaning[reason]}`);
  }
  output.line(
    policyWords(parameters)
      .replace(/(.{1,78})(?:; |$)/g, '$1\n')
      .trimEnd(),
  );
  output.line();
  output.line(`What it moves, ${currency}`);
  output.table(
    ['party', 'owes', 'earns'],
    participants.names.map((name, at) => {
      const amount = formatNano(explained.earnedNano[at]);
      return at === 0 ? [name, amount, ''] : [cut(name), '', amount];
    }),
  );
}
