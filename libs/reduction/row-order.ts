/** Orders the rows of a bucket by (impressionKey, kind, author, recordHash), as bytes. */
import { rowWordAt, rowWords, swapBytes } from './reduction-row.js';

/** How a row stands to the one before it in order. */
export const rowRelation = { newGroup: 0, sameGroup: 1, duplicate: 2 } as const;

/** Views that the next call overwrites. */
export interface OrderedRows {
  /** Row numbers in order. */
  readonly order: Uint32Array;
  /** A `rowRelation` each. */
  readonly relations: Uint8Array;
}

/** Cells of the first pass with more rows than this are merge-sorted: insertion alone is quadratic, and others choose the keys. */
const insertionRowsMax = 32;

/** Reusable memory for ordering buckets of any size; grows to the largest seen. */
export class RowOrder {
  #capacity = 0;
  #prefixes = new Uint32Array(0);
  #sorted = new Uint32Array(0);
  #ties = new Uint16Array(0);
  #order = new Uint32Array(0);
  #spare = new Uint32Array(0);
  #relations = new Uint8Array(0);
  #cells = new Uint32Array(0);

  /** All of the first `count` rows share the first `skipBits` bits of the key (0 to 16).
   *  O(n) for spread keys, O(n log n) for any. */
  order(rows: Uint32Array, count: number, skipBits: number): OrderedRows {
    this.#reserve(count);
    this.#distribute(rows, count, skipBits);
    this.#insert(count);
    this.#settle(rows, count);
    return { order: this.#order.subarray(0, count), relations: this.#relations.subarray(0, count) };
  }

  #reserve(count: number): void {
    if (count <= this.#capacity) return;
    const capacity = Math.max(1_024, 2 ** Math.ceil(Math.log2(count)));
    this.#prefixes = new Uint32Array(capacity);
    this.#sorted = new Uint32Array(capacity);
    this.#ties = new Uint16Array(capacity);
    this.#order = new Uint32Array(capacity);
    this.#spare = new Uint32Array(capacity);
    this.#relations = new Uint8Array(capacity);
    this.#capacity = capacity;
  }

  /** One counting pass over as many prefix bits as give a cell a row; then long cells are sorted. */
  #distribute(rows: Uint32Array, count: number, skipBits: number): void {
    const digitBits = Math.min(18, Math.max(1, 32 - Math.clz32(count)));
    const shift = 32 - digitBits;
    const cellCount = 2 ** digitBits;
    if (this.#cells.length < cellCount) this.#cells = new Uint32Array(cellCount);
    const cells = this.#cells.fill(0, 0, cellCount);
    const prefixes = this.#prefixes;
    for (let row = 0; row < count; row++) {
      const prefix = keyPrefix(rows, row, skipBits);
      prefixes[row] = prefix;
      cells[prefix >>> shift] += 1;
    }
    let start = 0;
    let longest = 0;
    for (let cell = 0; cell < cellCount; cell++) {
      const size = cells[cell];
      if (size > longest) longest = size;
      cells[cell] = start;
      start += size;
    }
    const sorted = this.#sorted;
    const ties = this.#ties;
    const order = this.#order;
    for (let row = 0; row < count; row++) {
      const prefix = prefixes[row];
      const at = cells[prefix >>> shift]++;
      const statement = rows[row * rowWords + rowWordAt.statement];
      sorted[at] = prefix;
      ties[at] = (statement << 8) | ((statement >>> 8) & 0xff);
      order[at] = row;
    }
    if (longest > insertionRowsMax) this.#sortLongCells(rows, cellCount);
  }

  /** After placing, `cells[c]` is the end of cell c. Rows sorted here keep their places: their ties are made equal. */
  #sortLongCells(rows: Uint32Array, cellCount: number): void {
    let from = 0;
    for (let cell = 0; cell < cellCount; cell++) {
      const to = this.#cells[cell];
      if (to - from > insertionRowsMax) {
        mergeSort(rows, this.#order, this.#spare, from, to);
        for (let at = from; at < to; at++) this.#sorted[at] = this.#prefixes[this.#order[at]];
        this.#ties.fill(0, from, to);
      }
      from = to;
    }
  }

  /** Orders by (prefix, kind, author) without looking at rows. Every row is within its cell, so this is linear. */
  #insert(count: number): void {
    const sorted = this.#sorted;
    const ties = this.#ties;
    const order = this.#order;
    for (let at = 1; at < count; at++) {
      const prefix = sorted[at];
      const tie = ties[at];
      let to = at - 1;
      if (sorted[to] < prefix || (sorted[to] === prefix && ties[to] <= tie)) continue;
      const row = order[at];
      while (to >= 0 && (sorted[to] > prefix || (sorted[to] === prefix && ties[to] > tie))) {
        sorted[to + 1] = sorted[to];
        ties[to + 1] = ties[to];
        order[to + 1] = order[to];
        to -= 1;
      }
      sorted[to + 1] = prefix;
      ties[to + 1] = tie;
      order[to + 1] = row;
    }
  }

  /** Compares neighbours whose prefixes are equal in full, sorts the few runs that need it, and notes relations. */
  #settle(rows: Uint32Array, count: number): void {
    const sorted = this.#sorted;
    const order = this.#order;
    const relations = this.#relations;
    let runStart = 0;
    relations[0] = rowRelation.newGroup;
    for (let at = 1; at < count; at++) {
      if (sorted[at] !== sorted[at - 1]) {
        relations[at] = rowRelation.newGroup;
        runStart = at;
        continue;
      }
      const relation = relationOf(rows, order[at - 1] * rowWords, order[at] * rowWords);
      if (relation >= 0) {
        relations[at] = relation;
        continue;
      }
      let runEnd = at + 1;
      while (runEnd < count && sorted[runEnd] === sorted[at]) runEnd += 1;
      mergeSort(rows, order, this.#spare, runStart, runEnd);
      at = runStart;
    }
  }
}

/** Negative, zero or positive as row `a` stands before, with or after row `b`. */
export function compareRows(rows: Uint32Array, a: number, b: number): number {
  const left = a * rowWords;
  const right = b * rowWords;
  for (let word = 0; word < rowWordAt.recordHash; word++) {
    if (rows[left + word] !== rows[right + word]) return compareWords(rows[left + word], rows[right + word]);
  }
  const statement =
    (swapBytes(rows[left + rowWordAt.statement]) >>> 16) -
    (swapBytes(rows[right + rowWordAt.statement]) >>> 16);
  if (statement !== 0) return statement;
  for (let word: number = rowWordAt.recordHash; word < rowWordAt.priceLow; word++) {
    if (rows[left + word] !== rows[right + word]) return compareWords(rows[left + word], rows[right + word]);
  }
  return 0;
}

/** The relation of the second row (by word offset) to the first, or −1 if it belongs before it. The first words are equal
 *  in all but a few cases, and (kind, author) ascends. */
function relationOf(rows: Uint32Array, first: number, second: number): number {
  const isSameKey =
    rows[first] === rows[second] &&
    rows[first + 1] === rows[second + 1] &&
    rows[first + 2] === rows[second + 2] &&
    rows[first + 3] === rows[second + 3];
  const statement = rowWordAt.statement;
  if (isSameKey && ((rows[first + statement] ^ rows[second + statement]) & 0xffff) !== 0) {
    const isAfter = swapBytes(rows[first + statement]) >>> 16 < swapBytes(rows[second + statement]) >>> 16;
    return isAfter ? rowRelation.sameGroup : -1;
  }
  const order = compareRows(rows, first / rowWords, second / rowWords);
  if (order > 0) return -1;
  if (order === 0) return rowRelation.duplicate;
  return isSameKey ? rowRelation.sameGroup : rowRelation.newGroup;
}

/** Words of four bytes each, as bytes. */
function compareWords(left: number, right: number): number {
  return swapBytes(left) < swapBytes(right) ? -1 : 1;
}

/** The 32 bits of the key after the first `skipBits`. */
function keyPrefix(rows: Uint32Array, row: number, skipBits: number): number {
  const first = swapBytes(rows[row * rowWords]);
  if (skipBits === 0) return first;
  const second = swapBytes(rows[row * rowWords + 1]);
  return ((first << skipBits) | (second >>> (32 - skipBits))) >>> 0;
}

/** Bottom-up merge sort of order[from, to). */
function mergeSort(
  rows: Uint32Array,
  order: Uint32Array,
  spare: Uint32Array,
  from: number,
  to: number,
): void {
  for (let width = 1; width < to - from; width *= 2) {
    for (let start = from; start < to; start += 2 * width) {
      const middle = Math.min(start + width, to);
      const end = Math.min(start + 2 * width, to);
      let left = start;
      let right = middle;
      for (let at = start; at < end; at++) {
        const isLeft = left < middle && (right >= end || compareRows(rows, order[left], order[right]) <= 0);
        spare[at] = isLeft ? order[left++] : order[right++];
      }
    }
    order.set(spare.subarray(from, to), from);
  }
}
