/** Orders the rows of a bucket by (impressionKey, kind, author, recordHash), as bytes, leaves out
 *  repetitions, finds the groups. */
import { hashWords, headAt, headWords, swapBytes } from './reduction-row.js';
import type { RowRuns } from './row-runs.js';

/** Views that the next call overwrites. */
export interface OrderedGroups {
  /** Places of the distinct rows, in order. */
  readonly order: Uint32Array;
  readonly records: number;
  /** Group g is order[starts[g]] to order[starts[g + 1] − 1]: the rows of one impression key. */
  readonly starts: Uint32Array;
  readonly groups: number;
}

/** Cells of the first pass with more rows than this are merge-sorted: insertion alone is quadratic, and
 *  others choose the keys. */
const insertionRowsMax = 32;
/** A sort key is the key's leading bits and, in its last bits, kind and author. */
const rankBits = 5;
const rankMask = (1 << rankBits) - 1;

/** Reusable memory for ordering buckets of any size; grows to the largest seen. */
export class GroupOrder {
  #capacity = 0;
  #keys = new Uint32Array(0);
  #sorted = new Uint32Array(0);
  #order = new Uint32Array(0);
  #spare = new Uint32Array(0);
  #distinct = new Uint32Array(0);
  #starts = new Uint32Array(1);
  #cells = new Uint32Array(0);

  /** All rows share the first `skipBits` bits of the key (0 to 16).
   *  O(n) for spread keys, O(n log n) for any. */
  order(rows: RowRuns, skipBits: number): OrderedGroups {
    this.#reserve(rows.count);
    this.#distribute(rows, skipBits);
    this.#insert(rows.count);
    return this.#settle(rows.words, rows.count);
  }

  #reserve(count: number): void {
    if (count <= this.#capacity) return;
    const capacity = Math.max(1_024, 2 ** Math.ceil(Math.log2(count)));
    this.#keys = new Uint32Array(capacity);
    this.#sorted = new Uint32Array(capacity);
    this.#order = new Uint32Array(capacity);
    this.#spare = new Uint32Array(capacity);
    this.#distinct = new Uint32Array(capacity);
    this.#starts = new Uint32Array(capacity + 1);
    this.#capacity = capacity;
  }

  /** One counting pass over as many key bits as give a cell about two rows; then long cells are sorted. */
  #distribute(rows: RowRuns, skipBits: number): void {
    const { words, runs, count } = rows;
    const digitBits = Math.min(16, Math.max(1, 31 - Math.clz32(count)));
    const shift = 32 - digitBits;
    const cellCount = 2 ** digitBits;
    if (this.#cells.length < cellCount) this.#cells = new Uint32Array(cellCount);
    const cells = this.#cells.fill(0, 0, cellCount);
    const keys = this.#keys;
    let index = 0;
    for (let run = 0; run < rows.length; run += 2) {
      const end = (runs[run] + runs[run + 1]) * headWords;
      for (let word = runs[run] * headWords; word < end; word += headWords) {
        const key = sortKey(words, word, skipBits);
        keys[index++] = key;
        cells[key >>> shift] += 1;
      }
    }
    const longest = startCells(cells, cellCount);
    const sorted = this.#sorted;
    const order = this.#order;
    index = 0;
    for (let run = 0; run < rows.length; run += 2) {
      const end = runs[run] + runs[run + 1];
      for (let row = runs[run]; row < end; row++) {
        const key = keys[index++];
        const cell = key >>> shift;
        const at = cells[cell];
        cells[cell] = at + 1;
        sorted[at] = key;
        order[at] = row;
      }
    }
    if (longest > insertionRowsMax) this.#sortLongCells(words, cellCount, skipBits);
  }

  /** After placing, `cells[c]` is the end of cell c. Rows sorted here keep their places: their keys lose
   *  the rank. */
  #sortLongCells(rows: Uint32Array, cellCount: number, skipBits: number): void {
    let from = 0;
    for (let cell = 0; cell < cellCount; cell++) {
      const to = this.#cells[cell];
      if (to - from > insertionRowsMax) {
        mergeSort(rows, this.#order, this.#spare, from, to);
        for (let at = from; at < to; at++) {
          this.#sorted[at] = sortKey(rows, this.#order[at] * headWords, skipBits) & ~rankMask;
        }
      }
      from = to;
    }
  }

  /** Orders by the sort keys without looking at rows. Every row is within its cell, so this is linear. */
  #insert(count: number): void {
    const sorted = this.#sorted;
    const order = this.#order;
    for (let at = 1; at < count; at++) {
      const key = sorted[at];
      let to = at - 1;
      if (sorted[to] <= key) continue;
      const row = order[at];
      while (to >= 0 && sorted[to] > key) {
        sorted[to + 1] = sorted[to];
        order[to + 1] = order[to];
        to -= 1;
      }
      sorted[to + 1] = key;
      order[to + 1] = row;
    }
  }

  /** Compares neighbours whose leading bits are equal in full and sorts the few runs that need it. */
  #settle(rows: Uint32Array, count: number): OrderedGroups {
    const sorted = this.#sorted;
    const order = this.#order;
    const distinct = this.#distinct;
    const starts = this.#starts;
    const run = { leading: -1, start: 0, records: 0, groups: 0 };
    let records = 0;
    let groups = 0;
    let last = 0;
    for (let at = 0; at < count; at++) {
      const row = order[at];
      const word = row * headWords;
      const leading = sorted[at] >>> rankBits;
      if (leading !== run.leading) {
        run.leading = leading;
        run.start = at;
        run.records = records;
        run.groups = groups;
        starts[groups++] = records;
      } else if (!isLaterInGroup(rows, last, word)) {
        const comparison = compareRows(rows, last / headWords, row);
        if (comparison > 0) {
          this.#sortRun(rows, run.start, count);
          records = run.records;
          groups = run.groups;
          at = run.start - 1;
          run.leading = -1;
          continue;
        }
        if (comparison === 0) continue;
        if (!haveSameKey(rows, last, word)) starts[groups++] = records;
      }
      distinct[records++] = row;
      last = word;
    }
    starts[groups] = records;
    return { order: distinct, records, starts, groups };
  }

  #sortRun(rows: Uint32Array, from: number, count: number): void {
    const leading = this.#sorted[from] >>> rankBits;
    let to = from + 1;
    while (to < count && this.#sorted[to] >>> rankBits === leading) to += 1;
    mergeSort(rows, this.#order, this.#spare, from, to);
  }
}

/** Leading bits of the key after the first `skipBits`, then kind and author. `word` is the row's first. */
function sortKey(rows: Uint32Array, word: number, skipBits: number): number {
  const statement = rows[word + headAt.statement];
  const rank = (((statement - 1) & 1) << 4) | ((statement >>> 8) & 15);
  return (((swapBytes(rows[word]) << skipBits) & ~rankMask) | rank) >>> 0;
}

/** Turns the sizes of cells into where each begins; returns the largest size. */
function startCells(cells: Uint32Array, cellCount: number): number {
  let start = 0;
  let longest = 0;
  for (let cell = 0; cell < cellCount; cell++) {
    const size = cells[cell];
    if (size > longest) longest = size;
    cells[cell] = start;
    start += size;
  }
  return longest;
}

/** Negative, zero or positive as row `a` stands before, with or after row `b`. */
function compareRows(rows: Uint32Array, a: number, b: number): number {
  const left = a * headWords;
  const right = b * headWords;
  for (let word = 0; word < headAt.priceLow; word++) {
    if (rows[left + word] !== rows[right + word]) return compareWords(rows[left + word], rows[right + word]);
  }
  const rank = statementRank(rows, left) - statementRank(rows, right);
  if (rank !== 0) return rank;
  for (let word = hashWords; word < hashWords + 8; word++) {
    if (rows[left + word] !== rows[right + word]) return compareWords(rows[left + word], rows[right + word]);
  }
  return 0;
}

/** The usual case: the second row has the key of the first and a later kind or author. Both are word
 *  offsets. */
function isLaterInGroup(rows: Uint32Array, first: number, second: number): boolean {
  return haveSameKey(rows, first, second) && statementRank(rows, first) < statementRank(rows, second);
}

function haveSameKey(rows: Uint32Array, first: number, second: number): boolean {
  return (
    rows[first] === rows[second] &&
    rows[first + 1] === rows[second + 1] &&
    rows[first + 2] === rows[second + 2] &&
    rows[first + 3] === rows[second + 3]
  );
}

/** kind and author of the row at a word offset, as they order. */
function statementRank(rows: Uint32Array, word: number): number {
  const statement = rows[word + headAt.statement];
  return ((statement & 0xff) << 8) | ((statement >>> 8) & 0xff);
}

/** Words of four bytes each, as bytes. */
function compareWords(left: number, right: number): number {
  return swapBytes(left) - swapBytes(right);
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
