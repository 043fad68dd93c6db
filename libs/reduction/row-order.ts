/** Orders the rows of a bucket by (impressionKey, kind, author, recordHash), as bytes. */
import { rowWordAt, rowWords, swapBytes } from './reduction-row.js';

/** Cells of the first pass with more rows than this are merge-sorted: insertion alone is quadratic, and others choose the keys. */
const insertionRowsMax = 32;

/** Reusable memory for ordering buckets of any size; grows to the largest seen. */
export class RowOrder {
  #capacity = 0;
  #prefixes = new Uint32Array(0);
  #sorted = new Uint32Array(0);
  #order = new Uint32Array(0);
  #spare = new Uint32Array(0);
  #cells = new Uint32Array(0);

  /** Row numbers of `rows` in order, a view that the next call overwrites. All rows share the first `skipBits` bits
   *  of the key (0 to 16). O(n) for spread keys, O(n log n) for any. */
  order(rows: Uint32Array, count: number, skipBits: number): Uint32Array {
    this.#reserve(count);
    this.#distribute(rows, count, skipBits);
    this.#insert(rows, count);
    return this.#order.subarray(0, count);
  }

  #reserve(count: number): void {
    if (count <= this.#capacity) return;
    const capacity = Math.max(1_024, 2 ** Math.ceil(Math.log2(count)));
    this.#prefixes = new Uint32Array(capacity);
    this.#sorted = new Uint32Array(capacity);
    this.#order = new Uint32Array(capacity);
    this.#spare = new Uint32Array(capacity);
    this.#capacity = capacity;
  }

  /** One counting pass over as many prefix bits as give a cell a row; then long cells are sorted. */
  #distribute(rows: Uint32Array, count: number, skipBits: number): void {
    const digitBits = Math.min(18, Math.max(1, 32 - Math.clz32(count)));
    const shift = 32 - digitBits;
    const cellCount = 2 ** digitBits;
    if (this.#cells.length < cellCount + 1) this.#cells = new Uint32Array(cellCount + 1);
    const cells = this.#cells.fill(0, 0, cellCount + 1);
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
    const order = this.#order;
    for (let row = 0; row < count; row++) {
      const prefix = prefixes[row];
      const at = cells[prefix >>> shift]++;
      sorted[at] = prefix;
      order[at] = row;
    }
    if (longest > insertionRowsMax) this.#sortLongCells(rows, cellCount);
  }

  /** After placing, `cells[c]` is the end of cell c. */
  #sortLongCells(rows: Uint32Array, cellCount: number): void {
    let from = 0;
    for (let cell = 0; cell < cellCount; cell++) {
      const to = this.#cells[cell];
      if (to - from > insertionRowsMax) {
        mergeSort(rows, this.#order, this.#spare, from, to);
        for (let at = from; at < to; at++) this.#sorted[at] = this.#prefixes[this.#order[at]];
      }
      from = to;
    }
  }

  /** Every row is within its cell, so this is linear. */
  #insert(rows: Uint32Array, count: number): void {
    const sorted = this.#sorted;
    const order = this.#order;
    for (let at = 1; at < count; at++) {
      const prefix = sorted[at];
      const row = order[at];
      let to = at;
      while (to > 0) {
        const before = sorted[to - 1];
        if (before < prefix) break;
        if (before === prefix && compareRows(rows, order[to - 1], row) <= 0) break;
        sorted[to] = before;
        order[to] = order[to - 1];
        to -= 1;
      }
      sorted[to] = prefix;
      order[to] = row;
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
