/** Which records of an impression can decide, so that saying more changes nothing (wire-formats.md 7). */
import { limits, recordFlag, recordKind } from '#protocol';
import { headAt, headWords } from '../../reduction-row.js';
import { invalidFlags } from './group-statements.js';

/** Counterparties of one author: sellers, or the payer, or every seller. */
const sidesMax = limits.participantsMax + 1;
const none = -1;

/** Works through the rows of one group, which are ordered by (kind, author, recordHash). */
export class KeptRecords {
  /** Authors that wrote more of the group kept last than anybody has reason to, as bits. */
  flooding = 0;
  /** By counterparty: the places of the first record, and of those that decide. */
  readonly #first = new Int32Array(sidesMax).fill(none);
  readonly #one = new Int32Array(sidesMax).fill(none);
  readonly #other = new Int32Array(sidesMax).fill(none);
  readonly #places = new Uint32Array(2 * sidesMax);

  /** Moves the kept of the distinct rows order[from, to) to the front, in order; returns their number. */
  keep(rows: Uint32Array, order: Uint32Array, from: number, to: number): number {
    this.flooding = 0;
    let last = none;
    for (let at = from; at < to; at++) {
      const statement = rows[order[at] * headWords + headAt.statement];
      const author = statement & 0xffff;
      if (author === last || ((statement >>> 24) & recordFlag.test) !== 0)
        return this.#choose(rows, order, from, to);
      last = author;
    }
    return to - from;
  }

  /** The same where an author says something more than once, or tests. */
  #choose(rows: Uint32Array, order: Uint32Array, from: number, to: number): number {
    let kept = from;
    for (let start = from; start < to; ) {
      const run = rows[order[start] * headWords + headAt.statement] & 0xffff;
      const isWin = (run & 0xff) === recordKind.win;
      let records = 0;
      let at = start;
      for (; at < to; at++) {
        const statement = rows[order[at] * headWords + headAt.statement];
        if ((statement & 0xffff) !== run) break;
        if (((statement >>> 24) & recordFlag.test) !== 0) continue;
        records += 1;
        const side = Math.min((statement >>> 16) & 0xff, sidesMax - 1);
        if (this.#first[side] === none) this.#first[side] = at;
        if (isWin) this.#hearWin(rows, order, side, at);
        else this.#hearAudit(side, at, statement >>> 24);
      }
      if (records > limits.usualRecordsMax) this.flooding |= 1 << (run >>> 8);
      kept = this.#moveKept(order, kept);
      start = at;
    }
    return kept - from;
  }

  /** Of equal prices the first stays: its hash is the lowest. */
  #hearWin(rows: Uint32Array, order: Uint32Array, side: number, at: number): void {
    const highest = this.#one[side];
    if (highest === none) {
      this.#one[side] = at;
      this.#other[side] = at;
      return;
    }
    if (comparePrices(rows, order[at], order[highest]) > 0) this.#one[side] = at;
    if (comparePrices(rows, order[at], order[this.#other[side]]) < 0) this.#other[side] = at;
  }

  #hearAudit(side: number, at: number, flags: number): void {
    if ((flags & invalidFlags) !== 0 && this.#one[side] === none) this.#one[side] = at;
    if ((flags & recordFlag.viewable) === 0 && this.#other[side] === none) this.#other[side] = at;
  }

  /** Writes the rows that decide from `kept` on, in order, and forgets them; returns where they end. */
  #moveKept(order: Uint32Array, kept: number): number {
    const places = this.#places;
    let count = 0;
    for (let side = 0; side < sidesMax; side++) {
      if (this.#first[side] === none) continue;
      const one = this.#one[side];
      const other = this.#other[side];
      if (one !== none) places[count++] = one;
      if (other !== none && other !== one) places[count++] = other;
      if (one === none && other === none) places[count++] = this.#first[side];
      this.#first[side] = none;
      this.#one[side] = none;
      this.#other[side] = none;
    }
    places.subarray(0, count).sort();
    for (let at = 0; at < count; at++) order[kept++] = order[places[at]];
    return kept;
  }
}

function comparePrices(rows: Uint32Array, row: number, other: number): number {
  const at = row * headWords;
  const otherAt = other * headWords;
  return (
    rows[at + headAt.priceHigh] - rows[otherAt + headAt.priceHigh] ||
    rows[at + headAt.priceLow] - rows[otherAt + headAt.priceLow]
  );
}
