/** What the records of one impression say, gathered into columns: prices by seller, verdicts by auditor. */
import { limits, recordFlag, recordKind } from '#protocol';
import { headAt, headWords } from '../../reduction-row.js';

/** Bit of an audit that speaks for every seller, beside the bits of the sellers. */
export const everySellerBit = 1 << limits.participantsMax;
/** Either makes an impression invalid traffic. */
export const invalidFlags = recordFlag.generalInvalidTraffic | recordFlag.sophisticatedInvalidTraffic;

/** Prices are two 32-bit words, high and low; sets of participants are bits. Read it after `gather`. */
export class GroupStatements {
  /** Sellers with a win of their own (s), and sellers with one of the payer (d). */
  selling = 0;
  bought = 0;
  readonly sellHigh = new Float64Array(limits.participantsMax);
  readonly sellLow = new Float64Array(limits.participantsMax);
  readonly buyHigh = new Float64Array(limits.participantsMax);
  readonly buyLow = new Float64Array(limits.participantsMax);
  /** Auditors with a record, and by auditor the sellers (or everySellerBit) for which one speaks. */
  auditors = 0;
  readonly spokenFor = new Int32Array(limits.participantsMax);
  readonly notViewableFor = new Int32Array(limits.participantsMax);
  readonly invalidFor = new Int32Array(limits.participantsMax);
  contradictory = 0;
  /** Sellers towards which the payer states different prices. */
  twicePriced = 0;

  /** The kept rows order[from, to) of one group. */
  gather(rows: Uint32Array, order: Uint32Array, from: number, to: number): void {
    this.selling = 0;
    this.bought = 0;
    this.auditors = 0;
    this.contradictory = 0;
    this.twicePriced = 0;
    for (let at = from; at < to; at++) {
      const row = order[at] * headWords;
      const statement = rows[row + headAt.statement];
      const author = (statement >>> 8) & 0xff;
      const counterparty = (statement >>> 16) & 0xff;
      if ((statement & 0xff) === recordKind.audit) {
        this.#audit(author, counterparty, statement >>> 24);
        continue;
      }
      const high = rows[row + headAt.priceHigh];
      const low = rows[row + headAt.priceLow];
      if (author === 0) this.#buy(counterparty, high, low);
      else this.#sell(author, high, low);
    }
  }

  /** Different prices of the payer: the highest speaks. */
  #buy(seller: number, high: number, low: number): void {
    const bit = 1 << seller;
    if ((this.bought & bit) !== 0) {
      const difference = high - this.buyHigh[seller] || low - this.buyLow[seller];
      if (difference !== 0) {
        this.contradictory |= 1;
        this.twicePriced |= bit;
      }
      if (difference <= 0) return;
    }
    this.bought |= bit;
    this.buyHigh[seller] = high;
    this.buyLow[seller] = low;
  }

  /** Different prices of a seller: the lowest speaks. */
  #sell(seller: number, high: number, low: number): void {
    const bit = 1 << seller;
    if ((this.selling & bit) !== 0) {
      const difference = high - this.sellHigh[seller] || low - this.sellLow[seller];
      if (difference !== 0) this.contradictory |= bit;
      if (difference >= 0) return;
    }
    this.selling |= bit;
    this.sellHigh[seller] = high;
    this.sellLow[seller] = low;
  }

  #audit(auditor: number, counterparty: number, flags: number): void {
    const sellers = counterparty === limits.everySeller ? everySellerBit : 1 << counterparty;
    if ((this.auditors & (1 << auditor)) === 0) {
      this.auditors |= 1 << auditor;
      this.spokenFor[auditor] = 0;
      this.notViewableFor[auditor] = 0;
      this.invalidFor[auditor] = 0;
    }
    this.spokenFor[auditor] |= sellers;
    if ((flags & recordFlag.viewable) === 0) this.notViewableFor[auditor] |= sellers;
    if ((flags & invalidFlags) !== 0) this.invalidFor[auditor] |= sellers;
  }
}
