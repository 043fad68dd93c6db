/** What a reconciliation found, in figures that can be shown, sent and compared. */
import { impressionReasons, type ImpressionReason } from '#protocol';
import { type Figures, FigureRows, nanoAt } from './money-sums.js';
import type { Participants } from './participants.js';
import type { GroupTotals } from './reduce-groups.js';

export interface ReasonLine {
  readonly reason: ImpressionReason;
  readonly impressions: number;
  readonly nano: bigint;
}

/** What the two sides say of an impression, whatever the policy makes of it. */
const differenceKinds = ['same', 'other-price', 'only-seller', 'only-buyer'] as const;
export type DifferenceKind = (typeof differenceKinds)[number];

export interface DifferenceLine {
  readonly kind: DifferenceKind;
  readonly impressions: number;
}

export interface NamedFigures extends Figures {
  readonly name: string;
}

export interface CounterpartyReport extends NamedFigures {
  readonly reasons: readonly ReasonLine[];
  readonly earnedNano: bigint;
  readonly difference: readonly DifferenceLine[];
  /** differing ÷ impressions, and |seller's − buyer's| ÷ the larger of both, of impressions and of money. */
  readonly differingPpm: number;
  readonly countPpm: number;
  readonly moneyPpm: number;
  /** The largest of the three. */
  readonly discrepancyPpm: number;
  readonly isAboveLimit: boolean;
}

export interface Report {
  readonly impressions: number;
  /** Over all counterparties. */
  readonly total: Figures;
  readonly reasons: readonly ReasonLine[];
  readonly difference: readonly DifferenceLine[];
  readonly counterparties: readonly CounterpartyReport[];
  readonly auditorEarnedNano: bigint;
  readonly payerOwesNano: bigint;
  readonly limitPpm: number;
  /** Worst first, by the money that differs. */
  readonly placements: readonly NamedFigures[];
  readonly campaigns: readonly NamedFigures[];
  /** Seconds since the epoch as names, ascending; without those whose time is not known. */
  readonly hours: readonly (Figures & { readonly startSeconds: number })[];
  readonly repeated: readonly ByParty[];
  readonly contradictory: readonly ByParty[];
  readonly flooding: readonly ByParty[];
}

export interface ByParty {
  readonly name: string;
  readonly count: number;
}

/** Names by rank, as the figures are numbered: 0 is for none. */
export interface RankedNames {
  readonly campaigns: readonly string[];
  readonly placements: readonly string[];
}

const reasonLength = 3;
const hourSeconds = 3_600;
const partsPerMillion = 1_000_000;

export function makeReport(
  totals: readonly GroupTotals[],
  participants: Participants,
  names: RankedNames,
  limitPpm: number,
): Report {
  const sellers = sumFigures(totals.map((one) => one.sellers));
  const counterparties = participants.names.flatMap((name, at) =>
    at === 0 || at === participants.auditor ? [] : [counterpartyReport(totals, sellers, at, name, limitPpm)],
  );
  const earned = (at: number): bigint => totals.reduce((sum, one) => sum + nanoAt(one.earned, at * 2), 0n);
  const all = new FigureRows();
  for (let row = 0; row < sellers.rows; row++) all.addRow(0, sellers, row);
  const parties = (pick: (one: GroupTotals) => Float64Array): ByParty[] =>
    participants.names.map((name, at) => ({
      name,
      count: totals.reduce((sum, one) => sum + pick(one)[at], 0),
    }));
  return {
    impressions: totals.reduce((sum, one) => sum + one.impressions, 0),
    total: all.figures(0),
    reasons: reasonLines(
      totals,
      participants.names.map((_, at) => at),
    ),
    difference: differenceLines(all.figures(0)),
    counterparties,
    auditorEarnedNano: participants.auditor === undefined ? 0n : earned(participants.auditor),
    payerOwesNano: earned(0),
    limitPpm,
    placements: worstFirst(sumFigures(totals.map((one) => one.placements)), names.placements),
    campaigns: worstFirst(sumFigures(totals.map((one) => one.campaigns)), names.campaigns),
    hours: hourFigures(totals),
    repeated: parties((one) => one.repeated),
    contradictory: parties((one) => one.contradictory),
    flooding: parties((one) => one.flooding),
  };
}

function counterpartyReport(
  totals: readonly GroupTotals[],
  sellers: FigureRows,
  at: number,
  name: string,
  limitPpm: number,
): CounterpartyReport {
  const figures = sellers.figures(at);
  const { differing, impressions, sellerImpressions, buyerImpressions, sellerNano, buyerNano } = figures;
  const differingPpm = ratePpm(BigInt(differing), BigInt(impressions));
  const countPpm = gapPpm(BigInt(sellerImpressions), BigInt(buyerImpressions));
  const moneyPpm = gapPpm(sellerNano, buyerNano);
  const discrepancyPpm = Math.max(differingPpm, countPpm, moneyPpm);
  return {
    name,
    ...figures,
    reasons: reasonLines(totals, [at]),
    difference: differenceLines(figures),
    earnedNano: totals.reduce((sum, one) => sum + nanoAt(one.earned, at * 2), 0n),
    differingPpm,
    countPpm,
    moneyPpm,
    discrepancyPpm,
    isAboveLimit: discrepancyPpm > limitPpm,
  };
}

function differenceLines({
  impressions,
  differing,
  sellerImpressions,
  buyerImpressions,
}: Figures): DifferenceLine[] {
  const onlySeller = impressions - buyerImpressions;
  const onlyBuyer = impressions - sellerImpressions;
  const counts = {
    same: impressions - differing,
    'other-price': differing - onlySeller - onlyBuyer,
    'only-seller': onlySeller,
    'only-buyer': onlyBuyer,
  };
  return differenceKinds.map((kind) => ({ kind, impressions: counts[kind] }));
}

/** |a − b| ÷ the larger, rounded up, so that no discrepancy is told as none. */
function gapPpm(a: bigint, b: bigint): number {
  const [low, high] = a < b ? [a, b] : [b, a];
  return ratePpm(high - low, high);
}

function ratePpm(part: bigint, whole: bigint): number {
  return whole === 0n ? 0 : Number((part * BigInt(partsPerMillion) + whole - 1n) / whole);
}

function reasonLines(totals: readonly GroupTotals[], participants: readonly number[]): ReasonLine[] {
  return impressionReasons.flatMap((reason, index) => {
    let impressions = 0;
    let nano = 0n;
    for (const { reasons } of totals) {
      for (const participant of participants) {
        const at = (participant * impressionReasons.length + index) * reasonLength;
        impressions += reasons[at];
        nano += nanoAt(reasons, at + 1);
      }
    }
    return impressions === 0 ? [] : [{ reason, impressions, nano }];
  });
}

function sumFigures(values: readonly Float64Array[]): FigureRows {
  const sum = new FigureRows();
  for (const one of values) sum.add(new FigureRows(one));
  return sum;
}

function worstFirst(figures: FigureRows, names: readonly string[]): NamedFigures[] {
  const found: NamedFigures[] = [];
  for (let row = 1; row < Math.min(figures.rows, names.length); row++) {
    const one = figures.figures(row);
    if (one.impressions > 0) found.push({ name: names[row], ...one });
  }
  // Names ascend already, and sorting keeps the order of equals.
  return found.sort((a, b) => compare(b.gapNano, a.gapNano) || b.differing - a.differing);
}

function compare(a: bigint, b: bigint): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function hourFigures(totals: readonly GroupTotals[]): Report['hours'] {
  const rows = new Map<number, number>();
  const sum = new FigureRows();
  for (const { hours, hourFigures: values } of totals) {
    const figures = new FigureRows(values);
    for (const [row, hour] of hours.entries()) {
      if (!rows.has(hour)) rows.set(hour, rows.size);
      sum.addRow(rows.get(hour)!, figures, row);
    }
  }
  return [...rows]
    .filter(([hour]) => hour > 0)
    .sort(([a], [b]) => a - b)
    .map(([hour, row]) => ({ startSeconds: hour * hourSeconds, ...sum.figures(row) }));
}
