/** What the records of one impression say, gathered into columns: prices by seller, verdicts by auditor. */
import { limits, recordFlag, recordKind } from '#protocol';
import { headAt, headWords } from '../../reduction-row.js';

/** Bit of an audit that speaks for every seller, beside the bits of the sellers. */
export const everySellerBit = 1 << limits.participantsMax;
const invalidFlags = recordFlag.generalInvalidTraffic | recordFlag.sophisticatedInvalidTraffic;

/** Prices are two 32-bit words, high and low; sets of participants are bits. Read it after `gather`. */
export class GroupStatements {
  /** Sellers with a speaking win of their own (s), and sellers with one of the payer (d). */
  selling = 0;
  bought = 0;
  readonly sellHigh = new Float64Array(limits.participantsMax);
  readonly sellLow = new Float64Array(limits.participantsMax);
  readonly buyHigh = new Float64Array(limits.participantsMax);
  readonly buyLow = new Float64Array(limits.participantsMax);
  /** Auditors with a speaking record, and by auditor the sellers (or everySellerBit) for which one speaks. */
  auditors = 0;
  readonly spokenFor = new Int32Array(limits.participantsMax);
  readonly notViewableFor = new Int32Array(limits.participantsMax);
  readonly invalidFor = new Int32Array(limits.participantsMax);
  contradictory = 0;
  flooding = 0;

  /** The kept rows order[from, to) of one group, in group order. */
  gather(rows: Uint32Array, order: Uint32Array, from: number, to: number): void {
    this.selling = 0;
    this.bought = 0;
    this.auditors = 0;
    this.contradictory = 0;
    this.flooding = 0;
    if (to - from < limits.keptRecordsMax) {
      this.#speak(rows, order, from, to);
      return;
    }
    for (let start = from; start < to; ) {
      const end = runEnd(rows, order, start, to);
      if (end - start < limits.keptRecordsMax) this.#speak(rows, order, start, end);
      else this.flooding |= 1 << ((rows[order[start] * headWords + headAt.statement] >>> 8) & 0xff);
      start = end;
    }
  }

  #speak(rows: Uint32Array, order: Uint32Array, from: number, to: number): void {
    for (let at = from; at < to; at++) {
      const row = order[at] * headWords;
      const statement = rows[row + headAt.statement];
      const flags = statement >>> 24;
      if ((flags & recordFlag.test) !== 0) continue;
      const author = (statement >>> 8) & 0xff;
      const counterparty = (statement >>> 16) & 0xff;
      if ((statement & 0xff) === recordKind.audit) {
        this.#audit(author, counterparty, flags);
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
      if (difference !== 0) this.contradictory |= 1;
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

/** End of the rows with the kind and author of order[start]. */
function runEnd(rows: Uint32Array, order: Uint32Array, start: number, to: number): number {
  const run = rows[order[start] * headWords + headAt.statement] & 0xffff;
  let end = start + 1;
  while (end < to && (rows[order[end] * headWords + headAt.statement] & 0xffff) === run) end += 1;
  return end;
}
