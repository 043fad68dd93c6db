/** The rows of one bucket where they lie: runs of neighbouring rows in one memory, so that nothing is
 *  copied to be reduced. */
import { rowQuads, rowWordAt, rowWords } from './reduction-row.js';

/** Reusable; filled anew for each bucket. */
export class RowRuns {
  /** The memory that row numbers count in, as words of 32 and 64 bits. */
  words: Uint32Array = new Uint32Array(0);
  quads: BigUint64Array = new BigUint64Array(0);
  /** First row and number of rows, run after run; `length` entries are used. */
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

  /** Begins a bucket of `count` rows in memory of its own, which the caller fills. */
  beginOwn(count: number): BigUint64Array {
    if (this.#own.length < count * rowQuads) {
      this.#own = new BigUint64Array(Math.max(1_024, Math.ceil(count * 1.25)) * rowQuads);
    }
    this.begin(this.#own.buffer);
    this.add(0, count);
    return this.#own;
  }

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
        if (alive[this.words[row * rowWords + rowWordAt.segment]] !== 0) continue;
        this.add(start, row - start);
        start = row + 1;
      }
      this.add(start, end - start);
    }
  }
}
