/** The page to send: one file of HTML that loads nothing, with tables and charts of what was found. */
import { basename } from 'node:path';
import type { NamedFigures } from '#reconciliation';
import { formatCount, formatNano } from '../report/output.js';
import { differenceMeaning, hourText, percent, reasonMeaning } from './meanings.js';
import { barChart, escaped, hourChart, shortName } from './page-charts.js';
import { pageScript, pageStyle } from './page-style.js';
import type { Reconciliation } from './reconcile-logs.js';
import { policyWords } from './policy.js';

const barsMax = 10;
const rowsMax = 50;

/** `version` is that of the program. */
export function pageOf(found: Reconciliation, version: string): string {
  const { report, currency, participants } = found;
  const sellers = report.counterparties.map((one) => one.name).join(', ');
  const title = `Reconciliation: ${sellers} and ${participants.names[0]}`;
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'">
<title>${escaped(title)}</title><style>${pageStyle}</style></head><body>
<header><div><h1>${escaped(title)}</h1>
<p class="soft">${escaped(spanOf(found))} · amounts in ${escaped(currency)}</p></div>
<button class="theme" type="button" hidden>Dark</button></header>
<main>
${cardsOf(found)}
<div class="grid">
<section><h2>What the two sides have</h2>${differencesOf(found)}</section>
<section><h2>What a channel would pay</h2>${reasonsOf(found)}</section>
</div>
<h2>By counterparty</h2>
${counterpartiesOf(found)}
${hoursOf(found)}
<div class="grid">
<section>${worstOf('Placements', report.placements, currency)}</section>
<section>${worstOf('Campaigns', report.campaigns, currency)}</section>
</div>
${largestOf(found)}
${logsOf(found)}
</main>
<footer>Made by Papyrus ${escaped(version)} with the reducer rtb-impression/1, the one by which channels pay.
${escaped(policyWords(found.parameters))}</footer>
<script>${pageScript}</script></body></html>
`;
}

function spanOf({ report: { hours } }: Reconciliation): string {
  if (hours.length === 0) return 'no times in the logs';
  return `${hourText(hours[0].startSeconds)} to ${hourText(hours[hours.length - 1].startSeconds + 3_600)} UTC`;
}

function cardsOf({ report, currency }: Reconciliation): string {
  const worst = report.counterparties.reduce((high, one) => Math.max(high, one.discrepancyPpm), 0);
  const isAbove = report.counterparties.some((one) => one.isAboveLimit);
  const limit = `${percent(report.limitPpm)} % tolerated`;
  const card = (name: string, value: string, more: string, mark = ''): string =>
    `<div class="card ${mark}"><span class="soft">${name}</span><b>${value}</b><span class="soft">${more}</span></div>`;
  const verdict = `${isAbove ? '▲ above' : '✓ within'} the ${limit}`;
  return `<div class="cards">
${card('Discrepancy', `${percent(worst)} %`, verdict, isAbove ? 'verdict above' : 'verdict')}
${card('Impressions that differ', formatCount(report.total.differing), `of ${formatCount(report.total.impressions)}`)}
${card('Money that differs', formatNano(report.total.gapNano), currency)}
${card('A channel would pay', formatNano(report.payerOwesNano), currency)}
</div>`;
}

function differencesOf({ report }: Reconciliation): string {
  return barChart(
    'impressions by what the two sides have',
    report.difference.map(({ kind, impressions }) => ({
      name: differenceMeaning[kind],
      value: impressions,
      text: formatCount(impressions),
      isSame: kind === 'same',
    })),
  );
}

function reasonsOf({ report, currency }: Reconciliation): string {
  return tableOf(
    ['reason', 'what it is', 'impressions', currency],
    report.reasons.map(({ reason, impressions, nano }) => [
      text(reason),
      { html: escaped(reasonMeaning[reason]), mark: 'left' },
      count(impressions),
      money(nano),
    ]),
  );
}

function counterpartiesOf({ report }: Reconciliation): string {
  const head = ['seller', 'impressions', 'differ', 'differ %', 'count %', 'money %'];
  return tableOf(
    [...head, 'seller says', 'buyer says', 'differs by', 'seller earns'],
    report.counterparties.map((one) => [
      text(one.isAboveLimit ? `▲ ${one.name}` : one.name),
      count(one.impressions),
      count(one.differing),
      rate(one.differingPpm),
      rate(one.countPpm),
      rate(one.moneyPpm),
      money(one.sellerNano),
      money(one.buyerNano),
      money(one.gapNano),
      money(one.earnedNano),
    ]),
    'sorts',
  );
}

function hoursOf({ report: { hours } }: Reconciliation): string {
  if (hours.length === 0) return '';
  const bars = hours.map(({ startSeconds, impressions, differing }) => ({
    label: hourText(startSeconds),
    same: impressions - differing,
    differing,
  }));
  return `<h2>By hour</h2><div class="legend"><span><i style="background:var(--same)"></i>both agree</span>
<span><i style="background:var(--differ)"></i>they differ</span></div>
${hourChart('impressions by hour', bars)}`;
}

function worstOf(what: string, figures: readonly NamedFigures[], currency: string): string {
  const worst = figures.filter((one) => one.differing > 0);
  const heading = `<h2>${what} that differ most, ${escaped(currency)}</h2>`;
  if (worst.length === 0) return `${heading}<p class="soft">None differs.</p>`;
  const chart = barChart(
    `${what} by the money that differs`,
    worst.slice(0, barsMax).map(({ name, gapNano }) => ({
      name,
      value: Number(gapNano),
      text: formatNano(gapNano),
    })),
  );
  const rows = worst
    .slice(0, rowsMax)
    .map((one) => [text(one.name), count(one.impressions), count(one.differing), money(one.gapNano)]);
  const head = [what.slice(0, -1).toLowerCase(), 'impressions', 'differ', 'differs by'];
  return `${heading}${chart}
<details><summary>${rows.length} of ${formatCount(worst.length)} as a table</summary>
${tableOf(head, rows, 'sorts')}</details>`;
}

function largestOf({ largest, currency }: Reconciliation): string {
  if (largest.length === 0) return '';
  const said = (nano: number): Cell => (nano < 0 ? { html: 'nothing', value: -1 } : money(BigInt(nano)));
  const rows = largest.map((one) => [
    { html: `<span title="${escaped(one.id)}">${escaped(shortName(one.id, 40))}</span>`, mark: 'id' },
    text(one.imp),
    text(one.seller),
    text(one.reason),
    said(one.sellerNano),
    said(one.buyerNano),
    money(BigInt(one.gapNano)),
    text(one.rows.filter((row) => row !== '').join(' ')),
  ]);
  const head = ['impression', 'imp', 'seller', 'reason', 'seller says', 'buyer says', 'differs by', 'rows'];
  return `<h2>The ${largest.length} largest differences, ${escaped(currency)}</h2>
<label for="find">Find among them</label><br><input id="find" type="search" autocomplete="off">
${tableOf(head, rows, 'sorts', 'impressions')}`;
}

function logsOf({ logs }: Reconciliation): string {
  const rows = logs.map((log) => {
    const unusable = [...log.unusable.values()].reduce((sum, one) => sum + one, 0);
    const codes = [...log.unusable].map(([code, rowCount]) => `${code} ${formatCount(rowCount)}`).join(', ');
    return [
      text(basename(log.path)),
      text(log.role),
      count(log.rows),
      count(log.used),
      count(log.leftOut),
      count(unusable),
      text(codes),
      { html: `<code>${escaped(log.mappingText)}</code>`, mark: 'left' },
    ];
  });
  const head = ['file', 'log', 'rows', 'used', 'left out', 'unusable', 'why', 'columns'];
  return `<h2>The logs</h2>${tableOf(head, rows)}`;
}

interface Cell {
  readonly html: string;
  /** What it is sorted by, where that is a number. */
  readonly value?: number;
  readonly mark?: string;
}

const text = (value: string): Cell => ({ html: escaped(value) });
const count = (value: number): Cell => ({ html: formatCount(value), value });
const money = (nano: bigint): Cell => ({ html: formatNano(nano), value: Number(nano) });
const rate = (ppm: number): Cell => ({ html: percent(ppm), value: ppm });

function tableOf(head: readonly string[], rows: readonly (readonly Cell[])[], mark = '', id = ''): string {
  const heads = head
    .map(
      (name, at) =>
        `<th scope="col"${rows[0]?.[at]?.mark === 'left' ? ' class="left"' : ''}>${escaped(name)}</th>`,
    )
    .join('');
  const body = rows.map((row) => `<tr>${row.map(cellOf).join('')}</tr>`).join('\n');
  const named = id === '' ? '' : ` id="${id}"`;
  return `<div class="scroll" tabindex="0" role="region" aria-label="${escaped(head[0])} table"><table${named} class="${mark}">
<thead><tr>${heads}</tr></thead><tbody>${body}</tbody></table></div>`;
}

function cellOf({ html, value, mark }: Cell): string {
  const sorted = value === undefined ? '' : ` data-value="${value}"`;
  const marked = mark === undefined ? '' : ` class="${mark}"`;
  return `<td${marked}${sorted}>${html}</td>`;
}
