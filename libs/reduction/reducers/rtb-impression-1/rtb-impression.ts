/** The reducer `rtb-impression/1`: what one impression pays and why, from what its records say
 *  (wire-formats.md 7). */
import { type ImpressionReason, impressionReasons, limits } from '#protocol';
import { ImpressionTally } from '../../impression-tally.js';
import type { GroupReducer, ImpressionOutcome, Reducer } from '../../reducer.js';
import { everySellerBit, GroupStatements } from './group-statements.js';
import { KeptRecords } from './kept-records.js';
import {
  decodeParameters,
  encodeParameters,
  onMissing,
  onPriceMismatch,
  partsPerMillion,
  type RtbImpressionParameters,
} from './parameters.js';

export const rtbImpression1: Reducer<RtbImpressionParameters> = {
  id: 'rtb-impression/1',
  decodeParameters,
  encodeParameters,
  auditorFeeNano: (parameters) => parameters.auditorFeeNano,
  open: (parameters, roles) => new RtbImpressionReducer(parameters, roles),
};

const two32 = 2 ** 32;
const reason = Object.fromEntries(impressionReasons.map((name, index) => [name, index])) as Record<
  ImpressionReason,
  number
>;

/** At most two reasons a seller. */
const outcomesMax = 2 * limits.participantsMax;

class RtbImpressionReducer implements GroupReducer {
  readonly tally = new ImpressionTally();
  readonly #parameters: RtbImpressionParameters;
  readonly #tolerancePpm: number;
  readonly #feeHigh: number;
  readonly #feeLow: number;
  readonly #participants: number;
  readonly #kept = new KeptRecords();
  readonly #said = new GroupStatements();
  // Where the amounts of the group in hand go.
  #amounts: Uint32Array = new Uint32Array(0);
  #at = 0;
  readonly #outcomes = new Float64Array(outcomesMax * 4);
  #outcomeCount = 0;
  // The price that stands for the seller in hand.
  #priceHigh = 0;
  #priceLow = 0;

  constructor(parameters: RtbImpressionParameters, roles: readonly number[]) {
    this.#parameters = parameters;
    // |s − d| never exceeds the larger price, so beyond all of it tolerance changes nothing.
    this.#tolerancePpm = Math.min(parameters.priceTolerancePpm, partsPerMillion);
    this.#feeHigh = Number(parameters.auditorFeeNano >> 32n);
    this.#feeLow = Number(parameters.auditorFeeNano & 0xffff_ffffn);
    this.#participants = roles.length;
  }

  get lastContradictory(): number {
    return this.#said.contradictory;
  }

  get lastFlooding(): number {
    return this.#kept.flooding;
  }

  get lastOutcomeCount(): number {
    return this.#outcomeCount;
  }

  get lastOutcomeWords(): Float64Array {
    return this.#outcomes;
  }

  keep(rows: Uint32Array, order: Uint32Array, from: number, to: number): number {
    const count = this.#kept.keep(rows, order, from, to);
    for (let rest = this.#kept.flooding; rest !== 0; rest &= rest - 1) {
      this.tally.noteFlooding(31 - Math.clz32(rest & -rest));
    }
    return count;
  }

  reduce(
    rows: Uint32Array,
    order: Uint32Array,
    from: number,
    to: number,
    amounts: Uint32Array,
    at: number,
  ): void {
    const said = this.#said;
    said.gather(rows, order, from, to);
    this.#outcomeCount = 0;
    this.#amounts = amounts;
    this.#at = at;
    for (let word = at; word < at + this.#participants * 2; word++) amounts[word] = 0;
    const sellers = said.selling | said.bought;
    if (sellers === 0) this.#note(-1, reason['audit-only'], 0, 0);
    for (let rest = sellers; rest !== 0; rest &= rest - 1) this.#reduceSeller(31 - Math.clz32(rest & -rest));
    for (let rest = said.contradictory; rest !== 0; rest &= rest - 1) {
      this.tally.noteContradictory(31 - Math.clz32(rest & -rest));
    }
    this.#sumUp();
  }

  lastOutcomes(): ImpressionOutcome[] {
    return Array.from({ length: this.#outcomeCount }, (_, index) => {
      const [seller, why, high, low] = this.#outcomes.subarray(index * 4, index * 4 + 4);
      return {
        seller: seller < 0 ? undefined : seller,
        reason: impressionReasons[why],
        nano: (BigInt(high) << 32n) + BigInt(low),
      };
    });
  }

  #reduceSeller(seller: number): void {
    if (!this.#findPrice(seller)) return;
    const high = this.#priceHigh;
    const low = this.#priceLow;
    const sellers = (1 << seller) | everySellerBit;
    const said = this.#said;
    let haveSpoken = false;
    let isInvalid = false;
    let isViewable = true;
    for (let rest = said.auditors; rest !== 0; rest &= rest - 1) {
      const auditor = 31 - Math.clz32(rest & -rest);
      if ((said.spokenFor[auditor] & sellers) === 0) continue;
      haveSpoken = true;
      this.#earn(auditor, this.#feeHigh, this.#feeLow);
      if ((said.invalidFor[auditor] & sellers) !== 0) isInvalid = true;
      if ((said.notViewableFor[auditor] & sellers) !== 0) isViewable = false;
    }
    if (isInvalid) this.#note(seller, reason['invalid-traffic'], high, low);
    else if (!haveSpoken && this.#parameters.onMissingAudit === onMissing.reject) {
      this.#note(seller, reason['missing-audit'], high, low);
    } else if (haveSpoken && this.#parameters.requireViewable && !isViewable) {
      this.#note(seller, reason['not-viewable'], high, low);
    } else {
      this.#note(seller, reason.matched, high, low);
      this.#pay(seller, high, low);
    }
  }

  /** Step 1: whether a price stands; it is then in #priceHigh and #priceLow. */
  #findPrice(seller: number): boolean {
    const said = this.#said;
    const bit = 1 << seller;
    const { sellHigh, sellLow, buyHigh, buyLow } = said;
    if ((said.bought & bit) === 0) {
      this.#setPrice(sellHigh[seller], sellLow[seller]);
      if (this.#parameters.onMissingDsp === onMissing.pay) return true;
      return this.#reject(seller, reason['missing-dsp']);
    }
    this.#setPrice(buyHigh[seller], buyLow[seller]);
    if ((said.selling & bit) === 0) {
      if (this.#parameters.onMissingSsp === onMissing.pay) return true;
      return this.#reject(seller, reason['missing-ssp']);
    }
    const difference = sellHigh[seller] - buyHigh[seller] || sellLow[seller] - buyLow[seller];
    if (difference === 0) return true;
    const isSellLower = difference < 0;
    const policy = this.#isTolerated(seller, isSellLower) ? onPriceMismatch.lower : this.#policyFor(bit);
    const takesSell =
      policy === onPriceMismatch.reject
        ? !isSellLower
        : policy === onPriceMismatch.ssp || (policy === onPriceMismatch.lower && isSellLower);
    if (takesSell) this.#setPrice(sellHigh[seller], sellLow[seller]);
    if (policy === onPriceMismatch.reject) return this.#reject(seller, reason['price-mismatch']);
    this.#note(seller, reason['price-differs'], this.#priceHigh, this.#priceLow);
    return true;
  }

  /** Who contradicts itself cannot reject: where the payer states two prices, the lower stands. */
  #policyFor(seller: number): number {
    const policy = this.#parameters.onPriceMismatch;
    const isContradicted = (this.#said.twicePriced & seller) !== 0;
    return policy === onPriceMismatch.reject && isContradicted ? onPriceMismatch.lower : policy;
  }

  /** |s − d| × 1,000,000 ≤ priceTolerancePpm × max(s, d), exactly: each product as two words. */
  #isTolerated(seller: number, isSellLower: boolean): boolean {
    if (this.#tolerancePpm === 0) return false;
    const { sellHigh, sellLow, buyHigh, buyLow } = this.#said;
    const sign = isSellLower ? -1 : 1;
    const gapHigh = sign * (sellHigh[seller] - buyHigh[seller]);
    // May be below zero: its carry is rounded down, so that what is left never is.
    const gap = sign * (sellLow[seller] - buyLow[seller]) * partsPerMillion;
    const gapCarry = Math.floor(gap / two32);
    const gapTop = gapHigh * partsPerMillion + gapCarry;
    const most = (isSellLower ? buyLow[seller] : sellLow[seller]) * this.#tolerancePpm;
    const mostCarry = Math.floor(most / two32);
    const mostTop = (isSellLower ? buyHigh[seller] : sellHigh[seller]) * this.#tolerancePpm + mostCarry;
    const difference = gapTop - mostTop || gap - gapCarry * two32 - (most - mostCarry * two32);
    return difference <= 0;
  }

  /** Step 4: shares are floor(p × ppm / 1,000,000), the seller has the rest. */
  #pay(seller: number, high: number, low: number): void {
    let restHigh = high;
    let restLow = low;
    const { shares } = this.#parameters;
    for (let at = 0; at < shares.length; at++) {
      const { participant, ppm } = shares[at];
      // Long division by words: (high × ppm mod 1e6) × 2^32 + low × ppm stays below 2^53.
      const top = high * ppm;
      const topRest = top % partsPerMillion;
      const quotient = Math.floor((topRest * two32 + low * ppm) / partsPerMillion);
      const carry = Math.floor(quotient / two32);
      const shareHigh = (top - topRest) / partsPerMillion + carry;
      const shareLow = quotient - carry * two32;
      this.#earn(participant, shareHigh, shareLow);
      restLow -= shareLow;
      restHigh -= shareHigh;
      if (restLow < 0) {
        restLow += two32;
        restHigh -= 1;
      }
    }
    this.#earn(seller, restHigh, restLow);
  }

  /** Adds to what the participant earns of this group. */
  #earn(participant: number, high: number, low: number): void {
    const amounts = this.#amounts;
    const at = this.#at + participant * 2;
    const sum = amounts[at + 1] + low;
    amounts[at + 1] = sum;
    amounts[at] += sum >= two32 ? high + 1 : high;
  }

  #setPrice(high: number, low: number): void {
    this.#priceHigh = high;
    this.#priceLow = low;
  }

  /** No price stands; the price set last is what the report shows. */
  #reject(seller: number, why: number): false {
    this.#note(seller, why, this.#priceHigh, this.#priceLow);
    return false;
  }

  #note(seller: number, why: number, high: number, low: number): void {
    this.tally.note(why, high, low);
    const at = this.#outcomeCount++ * 4;
    this.#outcomes[at] = seller;
    this.#outcomes[at + 1] = why;
    this.#outcomes[at + 2] = high;
    this.#outcomes[at + 3] = low;
  }

  /** Entry 0 is what the payer owes: the sum of what the others earn. */
  #sumUp(): void {
    const amounts = this.#amounts;
    const end = this.#at + this.#participants * 2;
    for (let at = this.#at + 2; at < end; at += 2) {
      if (amounts[at] !== 0 || amounts[at + 1] !== 0) this.#earn(0, amounts[at], amounts[at + 1]);
    }
  }
}
