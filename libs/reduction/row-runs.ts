/** The rows of one bucket where they lie: runs of neighbouring rows in one memory, so that nothing is
 *  copied to be reduced. */
import {
  hashQuads,
  headAt,
  headQuads,
  headWords,
  pageBytes,
  pagePlaces,
  pageRows,
  rowQuads,
} from './reduction-row.js';

/** Reusable; filled anew for each bucket. */
export class RowRuns {
  /** The memory that places are in, as words of 32 and 64 bits. */
  words: Uint32Array = new Uint32Array(0);
  quads: BigUint64Array = new BigUint64Array(0);
  /** Place of the first row and number of rows, run after run; `length` entries are used. */
  runs = new Uint32Array(64);
  length = 0;
  /** Rows of all runs. */
  count = 0;
  #own = new BigUint64Array(0);

  /** Begins a bucket whose rows lie in `memory`. */
  begin(memory: ArrayBufferLike): void {
    if (this.words.buffer !== memory) {
      this.words = new Uint32Array(memory);
      this.quads = new BigUint64Array(memory);
    }
    this.length = 0;
    this.count = 0;
  }

  /** Begins a bucket of the first `count` of rows that stand by themselves, head and hash each: they are
   *  laid into pages of its own. */
  beginPacked(rows: BigUint64Array, count: number): void {
    const pages = Math.ceil(count / pageRows);
    const pageQuads = pageBytes / 8;
    if (this.#own.length < pages * pageQuads) {
      this.#own = new BigUint64Array(Math.max(16, Math.ceil(pages * 1.25)) * pageQuads);
    }
    this.begin(this.#own.buffer);
    const own = this.#own;
    for (let row = 0; row < count; row++) {
      const from = row * rowQuads;
      const head = Math.floor(row / pageRows) * pageQuads + (row % pageRows) * headQuads;
      for (let quad = 0; quad < headQuads; quad++) {
        own[head + quad] = rows[from + quad];
        own[head + hashQuads + quad] = rows[from + headQuads + quad];
      }
    }
    for (let page = 0; page < pages; page++) {
      this.add(page * pagePlaces, Math.min(pageRows, count - page * pageRows));
    }
  }

  /** Adds `rows` rows of one page from place `start` on. */
  add(start: number, rows: number): void {
    if (rows === 0) return;
    if (this.length === this.runs.length) {
      const longer = new Uint32Array(this.runs.length * 2);
      longer.set(this.runs);
      this.runs = longer;
    }
    this.runs[this.length++] = start;
    this.runs[this.length++] = rows;
    this.count += rows;
  }

  /** Leaves out the rows of segments that stand in no valid part: alive[segment] is 0. */
  keepAlive(alive: Uint8Array): void {
    const runs = this.runs.slice(0, this.length);
    this.length = 0;
    this.count = 0;
    for (let run = 0; run < runs.length; run += 2) {
      const end = runs[run] + runs[run + 1];
      let start = runs[run];
      for (let row = start; row < end; row++) {
        if (alive[this.words[row * headWords + headAt.segment]] !== 0) continue;
        this.add(start, row - start);
        start = row + 1;
      }
      this.add(start, end - start);
    }
  }
}
