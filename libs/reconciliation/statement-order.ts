/** The statements of one partition, ordered by impression, kind, author and counterparty. */
import { headWords, partitions, statementAt, tailAt } from './statement-pages.js';

/** Cells of more rows are sorted by comparing; fewer are inserted. */
const insertionRowsMax = 24;
/** The low bits of a key's first word tell partitions apart, the high ones the cells of one. */
const cellBitsMax = 32 - Math.log2(partitions);

/** Reusable; filled anew for each partition. */
export class StatementOrder {
  heads: Uint32Array = new Uint32Array(0);
  tails: Uint32Array = new Uint32Array(0);
  rows = 0;
  /** Rows in order, after `sort`. */
  order: Uint32Array = new Uint32Array(0);
  readonly tailWords: number;
  #cells = new Uint32Array(0);

  constructor(tailWords: number) {
    this.tailWords = tailWords;
  }

  clear(): void {
    this.rows = 0;
  }

  /**
   * Copies rows from pages; `statementOf` numbers the participants anew, `campaigns` and `placements` are
   * the ranks of names.
   */
  add(
    words: Uint32Array,
    head: number,
    tail: number,
    count: number,
    statementOf: (statement: number) => number,
    campaigns: Uint32Array,
    placements: Uint32Array,
  ): void {
    this.#reserve(this.rows + count);
    const { heads, tails, tailWords } = this;
    let to = this.rows * headWords;
    heads.set(words.subarray(head, head + count * headWords), to);
    for (let row = 0; row < count; row++, to += headWords) {
      heads[to + statementAt.statement] = statementOf(heads[to + statementAt.statement]);
      const tailTo = (this.rows + row) * tailWords;
      const tailFrom = tail + row * tailWords;
      tails[tailTo] = campaigns[words[tailFrom + tailAt.campaign]];
      tails[tailTo + 1] = placements[words[tailFrom + tailAt.placement]];
      for (let word = 2; word < tailWords; word++) tails[tailTo + word] = words[tailFrom + word];
    }
    this.rows += count;
  }

  /** Counting sort by bits of the key, then by everything within cells of about a row. */
  sort(): void {
    const { rows, heads } = this;
    const bits = Math.min(cellBitsMax, Math.max(1, Math.ceil(Math.log2(rows + 1))));
    const shift = 32 - bits;
    const cellCount = 2 ** bits;
    if (this.#cells.length < cellCount + 1) this.#cells = new Uint32Array(cellCount + 1);
    if (this.order.length < rows) this.order = new Uint32Array(Math.ceil(rows * 1.25));
    const cells = this.#cells.fill(0, 0, cellCount + 1);
    for (let at = 0; at < rows * headWords; at += headWords) cells[(heads[at] >>> shift) + 1] += 1;
    for (let cell = 0; cell < cellCount; cell++) cells[cell + 1] += cells[cell];
    const { order } = this;
    for (let row = 0; row < rows; row++) order[cells[heads[row * headWords] >>> shift]++] = row;
    // Each entry is now the end of its cell.
    let from = 0;
    for (let cell = 0; cell < cellCount; cell++) {
      const to = cells[cell];
      if (to - from > insertionRowsMax) order.subarray(from, to).sort((a, b) => this.#compare(a, b));
      else if (to - from > 1) this.#insert(from, to);
      from = to;
    }
  }

  /** Where the group ends whose first row is order[from]. */
  groupEnd(from: number): number {
    const { heads, order, rows } = this;
    const first = order[from] * headWords;
    let to = from + 1;
    while (to < rows) {
      const at = order[to] * headWords;
      if (
        heads[at] !== heads[first] ||
        heads[at + 1] !== heads[first + 1] ||
        heads[at + 2] !== heads[first + 2] ||
        heads[at + 3] !== heads[first + 3]
      ) {
        break;
      }
      to += 1;
    }
    return to;
  }

  #insert(from: number, to: number): void {
    const { order } = this;
    for (let at = from + 1; at < to; at++) {
      const row = order[at];
      let place = at;
      while (place > from && this.#compare(order[place - 1], row) > 0) {
        order[place] = order[place - 1];
        place -= 1;
      }
      order[place] = row;
    }
  }

  /** Rows that say the same in every respect compare as equal: which of them comes first changes nothing. */
  #compare(a: number, b: number): number {
    const { heads, tails, tailWords } = this;
    const left = a * headWords;
    const right = b * headWords;
    for (let word = 0; word < statementAt.priceLow; word++) {
      if (heads[left + word] !== heads[right + word]) return heads[left + word] - heads[right + word];
    }
    const order =
      rankOf(heads[left + statementAt.statement]) - rankOf(heads[right + statementAt.statement]) ||
      heads[left + statementAt.priceHigh] - heads[right + statementAt.priceHigh] ||
      heads[left + statementAt.priceLow] - heads[right + statementAt.priceLow] ||
      heads[left + statementAt.seconds] - heads[right + statementAt.seconds];
    if (order !== 0) return order;
    const tail = a * tailWords;
    const other = b * tailWords;
    return tails[tail] - tails[other] || tails[tail + 1] - tails[other + 1];
  }

  #reserve(rows: number): void {
    if (this.heads.length >= rows * headWords) return;
    const capacity = Math.max(1_024, Math.ceil(rows * 1.5));
    const heads = new Uint32Array(capacity * headWords);
    const tails = new Uint32Array(capacity * this.tailWords);
    heads.set(this.heads.subarray(0, this.rows * headWords));
    tails.set(this.tails.subarray(0, this.rows * this.tailWords));
    this.heads = heads;
    this.tails = tails;
  }
}

/** kind, author, counterparty, flags of a statement word, as they order. */
function rankOf(statement: number): number {
  return (
    (statement & 0xff) * 0x1000000 +
    ((statement >>> 8) & 0xff) * 0x10000 +
    ((statement >>> 16) & 0xff) * 0x100 +
    (statement >>> 24)
  );
}
