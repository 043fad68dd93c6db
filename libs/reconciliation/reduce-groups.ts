/** Reduces the groups of partitions with the network's own reducer and adds up what came out of them. */
import { impressionReasons, limits, recordKind } from '#protocol';
import type { GroupReducer } from '#reduction';
import { addNano, FigureRows, figureAt } from './money-sums.js';
import type { StatementOrder } from './statement-order.js';
import { headWords, statementAt, tailAt } from './statement-pages.js';

/** What one (impression, seller) pair came to; overwritten by the next. */
export interface Pair {
  /** The group's kept rows are order.order[from, to). */
  readonly from: number;
  readonly to: number;
  /** Index of the participant; -1 where no seller is named. */
  readonly seller: number;
  /** Index of `impressionReasons`: how it ended. */
  readonly reason: number;
  /** -1 where that side says nothing. */
  readonly sellerNano: number;
  readonly buyerNano: number;
  /** The price that stands, or the larger of the two where none does. */
  readonly nano: number;
  /** Rows in hand of seller and payer. */
  readonly sellerRows: number;
  readonly buyerRows: number;
  readonly seconds: number;
  /** Ranks of their names, 0 for none. */
  readonly campaign: number;
  readonly placement: number;
}

/** Is told of every pair that did not simply match. */
export type PairVisit = (pair: Pair, order: StatementOrder) => void;

const matched = impressionReasons.indexOf('matched');
const priceDiffers = impressionReasons.indexOf('price-differs');
const auditOnly = impressionReasons.indexOf('audit-only');
/** By seller: count, and two doubles of money a reason. */
const reasonLength = 3;
const two32 = 2 ** 32;
const hourSeconds = 3_600;
const none = -1;

/** Everything that is added up; one a thread, and all are added together. */
export interface GroupTotals {
  readonly impressions: number;
  /** By participant and reason: impressions, and two doubles of nano-units. */
  readonly reasons: Float64Array;
  /** What each participant earns, two doubles each; the first is what the payer owes. */
  readonly earned: Float64Array;
  readonly sellers: Float64Array;
  readonly campaigns: Float64Array;
  readonly placements: Float64Array;
  /** Hours since the epoch in the order of their rows. */
  readonly hours: readonly number[];
  readonly hourFigures: Float64Array;
  /**
   * By participant: rows beyond the first that say the same or contradict, impressions contradicted,
   * flooded.
   */
  readonly repeated: Float64Array;
  readonly contradictory: Float64Array;
  readonly flooding: Float64Array;
}

class SellerSide {
  rows = 0;
  nano = none;
}

export class GroupReduction {
  readonly #reducer: GroupReducer;
  readonly #participants: number;
  readonly #visit: PairVisit | undefined;
  readonly #visitsAll: boolean;
  readonly #amounts: Uint32Array;
  readonly #reasons: Float64Array;
  readonly #earned: Float64Array;
  readonly #sellerFigures = new FigureRows();
  readonly #campaigns = new FigureRows();
  readonly #placements = new FigureRows();
  readonly #hourFigures = new FigureRows();
  readonly #hours: number[] = [];
  readonly #hourRow = new Map<number, number>();
  readonly #repeated: Float64Array;
  readonly #contradictory: Float64Array;
  readonly #flooding: Float64Array;
  #impressions = 0;
  /** Of the group in hand, by seller. */
  readonly #sold = Array.from({ length: limits.participantsMax }, () => new SellerSide());
  readonly #bought = Array.from({ length: limits.participantsMax }, () => new SellerSide());
  readonly #seconds = new Float64Array(limits.participantsMax);
  readonly #campaign = new Float64Array(limits.participantsMax);
  readonly #placement = new Float64Array(limits.participantsMax);
  readonly #authorRows = new Float64Array(limits.participantsMax);
  #seen = 0;
  /** The hour that came last, and its row. */
  #lastHour = -1;
  #lastHourRow = 0;

  constructor(reducer: GroupReducer, participants: number, visit?: PairVisit, visitsAll = false) {
    this.#reducer = reducer;
    this.#participants = participants;
    this.#visit = visit;
    this.#visitsAll = visitsAll;
    this.#amounts = new Uint32Array(participants * 2);
    this.#reasons = new Float64Array(participants * impressionReasons.length * reasonLength);
    this.#earned = new Float64Array(participants * 2);
    this.#repeated = new Float64Array(participants);
    this.#contradictory = new Float64Array(participants);
    this.#flooding = new Float64Array(participants);
  }

  /** Reduces the groups of a sorted partition. */
  reduce(order: StatementOrder): void {
    for (let from = 0; from < order.rows; ) {
      const to = order.groupEnd(from);
      this.#reduceGroup(order, from, to);
      from = to;
    }
  }

  totals(): GroupTotals {
    return {
      impressions: this.#impressions,
      reasons: this.#reasons,
      earned: this.#earned,
      sellers: this.#sellerFigures.values,
      campaigns: this.#campaigns.values,
      placements: this.#placements.values,
      hours: this.#hours,
      hourFigures: this.#hourFigures.values,
      repeated: this.#repeated,
      contradictory: this.#contradictory,
      flooding: this.#flooding,
    };
  }

  #reduceGroup(order: StatementOrder, from: number, to: number): void {
    this.#impressions += 1;
    this.#hear(order, from, to);
    const reducer = this.#reducer;
    const kept = reducer.keep(order.heads, order.order, from, to);
    reducer.reduce(order.heads, order.order, from, from + kept, this.#amounts, 0);
    for (let one = 0; one < this.#participants; one++) {
      addNano(this.#earned, one * 2, this.#amounts[one * 2] * two32 + this.#amounts[one * 2 + 1]);
    }
    for (let rest = reducer.lastContradictory; rest !== 0; rest &= rest - 1) {
      this.#contradictory[31 - Math.clz32(rest & -rest)] += 1;
    }
    this.#addOutcomes(order, from, from + kept);
  }

  /** What each side says of the group, for the figures beside the reducer's. */
  #hear(order: StatementOrder, from: number, to: number): void {
    for (let rest = this.#seen; rest !== 0; rest &= rest - 1) this.#forget(31 - Math.clz32(rest & -rest));
    this.#seen = 0;
    this.#authorRows.fill(0);
    const { heads } = order;
    for (let at = from; at < to; at++) {
      const row = order.order[at];
      const head = row * headWords;
      const statement = heads[head + statementAt.statement];
      const author = (statement >>> 8) & 0xff;
      this.#authorRows[author] += 1;
      if ((statement & 0xff) !== recordKind.win) continue;
      const seller = author === 0 ? (statement >>> 16) & 0xff : author;
      this.#seen |= 1 << seller;
      const side = author === 0 ? this.#bought[seller] : this.#sold[seller];
      const nano = heads[head + statementAt.priceHigh] * two32 + heads[head + statementAt.priceLow];
      // Rows ascend by price: the payer's last is its highest, the seller's first its lowest.
      if (author === 0 || side.rows === 0) side.nano = nano;
      side.rows += 1;
      this.#seconds[seller] ||= heads[head + statementAt.seconds];
      this.#campaign[seller] ||= order.tails[row * order.tailWords + tailAt.campaign];
      this.#placement[seller] ||= order.tails[row * order.tailWords + tailAt.placement];
    }
    for (let author = 0; author < this.#participants; author++) {
      if (this.#authorRows[author] > limits.usualRecordsMax) this.#flooding[author] += 1;
    }
  }

  #forget(seller: number): void {
    this.#sold[seller].rows = 0;
    this.#sold[seller].nano = none;
    this.#bought[seller].rows = 0;
    this.#bought[seller].nano = none;
    this.#seconds[seller] = 0;
    this.#campaign[seller] = 0;
    this.#placement[seller] = 0;
  }

  #addOutcomes(order: StatementOrder, from: number, to: number): void {
    const { lastOutcomeCount: count, lastOutcomeWords: words } = this.#reducer;
    for (let outcome = 0; outcome < count; outcome++) {
      const at = outcome * 4;
      const seller = words[at];
      const reason = words[at + 1];
      const nano = words[at + 2] * two32 + words[at + 3];
      const cell = (Math.max(seller, 0) * impressionReasons.length + reason) * reasonLength;
      this.#reasons[cell] += 1;
      addNano(this.#reasons, cell + 1, nano);
      // Beside it stands how the pair ended.
      if (reason === priceDiffers) continue;
      if (reason === auditOnly) this.#visitPair(order, from, to, none, reason, 0);
      else if (this.#addPair(seller, reason, nano)) {
        this.#visitPair(order, from, to, seller, reason, nano);
      }
    }
  }

  /** Whether somebody wants to see it. */
  #addPair(seller: number, reason: number, nano: number): boolean {
    const sold = this.#sold[seller];
    const bought = this.#bought[seller];
    this.#repeated[seller] += Math.max(0, sold.rows - 1);
    this.#repeated[0] += Math.max(0, bought.rows - 1);
    // Whatever the policy makes of it: the two do not say the same.
    const isDifferent = sold.nano !== bought.nano;
    const agreed = reason === matched ? nano : 0;
    this.#addFigures(this.#sellerFigures, seller, seller, isDifferent, agreed);
    this.#addFigures(this.#campaigns, this.#campaign[seller], seller, isDifferent, agreed);
    this.#addFigures(this.#placements, this.#placement[seller], seller, isDifferent, agreed);
    this.#addFigures(this.#hourFigures, this.#rowOfHour(this.#seconds[seller]), seller, isDifferent, agreed);
    return this.#visitsAll || isDifferent || reason !== matched;
  }

  #addFigures(figures: FigureRows, row: number, seller: number, isDifferent: boolean, agreed: number): void {
    const sold = this.#sold[seller].nano;
    const bought = this.#bought[seller].nano;
    const at = figures.at(row);
    const { values } = figures;
    values[at] += 1;
    if (isDifferent) values[at + figureAt.differing] += 1;
    if (sold >= 0) {
      values[at + figureAt.sellerImpressions] += 1;
      addNano(values, at + figureAt.sellerNano, sold);
    }
    if (bought >= 0) {
      values[at + figureAt.buyerImpressions] += 1;
      addNano(values, at + figureAt.buyerNano, bought);
    }
    if (agreed > 0) addNano(values, at + figureAt.agreedNano, agreed);
    const gap = Math.abs(Math.max(sold, 0) - Math.max(bought, 0));
    if (gap > 0) addNano(values, at + figureAt.gapNano, gap);
  }

  #rowOfHour(seconds: number): number {
    const hour = Math.floor(seconds / hourSeconds);
    if (hour === this.#lastHour) return this.#lastHourRow;
    let row = this.#hourRow.get(hour);
    if (row === undefined) {
      row = this.#hours.length;
      this.#hours.push(hour);
      this.#hourRow.set(hour, row);
    }
    this.#lastHour = hour;
    this.#lastHourRow = row;
    return row;
  }

  #visitPair(
    order: StatementOrder,
    from: number,
    to: number,
    seller: number,
    reason: number,
    nano: number,
  ): void {
    const at = Math.max(seller, 0);
    this.#visit?.(
      {
        from,
        to,
        seller,
        reason,
        sellerNano: this.#sold[at].nano,
        buyerNano: this.#bought[at].nano,
        nano,
        sellerRows: this.#sold[at].rows,
        buyerRows: this.#bought[at].rows,
        seconds: this.#seconds[at],
        campaign: this.#campaign[at],
        placement: this.#placement[at],
      },
      order,
    );
  }
}
