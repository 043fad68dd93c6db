/** Statements of logs, scattered by the first bits of their key into pages of memory: a head of 32 bytes that the
 *  reducer reads as it is, and a tail for the tables. */

/** Words of a head: those of a reduction row, with the time in the place of the segment. */
export const headWords = 8;
export const statementAt = { key: 0, priceLow: 4, priceHigh: 5, statement: 6, seconds: 7 } as const;
/** Words of a tail. */
export const tailWords = 2;
export const tailAt = { campaign: 0, placement: 1 } as const;

export const pageRows = 64;
const tailsAt = pageRows * headWords;
export const pageWords = pageRows * (headWords + tailWords);

export const partitionBits = 11;
export const partitions = 2 ** partitionBits;

/** Whose log a statement is from, in byte 1 of its statement word until participants are numbered. */
export const roleNumber = { dsp: 0, ssp: 1, auditor: 2 } as const;
export type LogRole = keyof typeof roleNumber;

/** Takes rows run by run: their heads and tails in `words` from `head` and from `tail` on. */
export type TakeRows = (words: Uint32Array, head: number, tail: number, rows: number) => void;

export class StatementPages {
  readonly #words: Uint32Array;
  readonly #pages: number;
  #used = 0;
  /** Of each partition the page that is being filled, from 1, and how many rows it has. */
  readonly #page = new Int32Array(partitions);
  readonly #rows = new Uint8Array(partitions);
  /** The page before, of the same partition, from 1. */
  readonly #before: Int32Array;

  constructor(bytes: number) {
    this.#pages = Math.max(partitions, Math.floor(bytes / (pageWords * 4)));
    this.#words = new Uint32Array(new ArrayBuffer(this.#pages * pageWords * 4));
    this.#before = new Int32Array(this.#pages + 1);
  }

  /** Whether so many rows fit, whatever their keys. */
  hasRoomFor(rows: number): boolean {
    return this.#pages - this.#used >= Math.min(rows, partitions) + Math.ceil(rows / pageRows);
  }

  /** Adds `count` rows whose heads and tails follow one another; the caller has asked `hasRoomFor`. */
  add(heads: Uint32Array, tails: Uint32Array, count: number): void {
    const words = this.#words;
    for (let row = 0; row < count; row++) {
      const from = row * headWords;
      const partition = heads[from] & (partitions - 1);
      if (this.#page[partition] === 0 || this.#rows[partition] === pageRows) this.#newPage(partition);
      const place = this.#rows[partition]++;
      const page = (this.#page[partition] - 1) * pageWords;
      const to = page + place * headWords;
      for (let word = 0; word < headWords; word++) words[to + word] = heads[from + word];
      const tail = page + tailsAt + place * tailWords;
      words[tail] = tails[row * tailWords];
      words[tail + 1] = tails[row * tailWords + 1];
    }
  }

  rowsOf(partition: number): number {
    let rows = 0;
    this.take(partition, (_words, _head, _tail, count) => {
      rows += count;
    });
    return rows;
  }

  take(partition: number, take: TakeRows): void {
    let rows = this.#rows[partition];
    for (let page = this.#page[partition]; page !== 0; page = this.#before[page]) {
      const from = (page - 1) * pageWords;
      take(this.#words, from, from + tailsAt, rows);
      rows = pageRows;
    }
  }

  clear(): void {
    this.#used = 0;
    this.#page.fill(0);
    this.#rows.fill(0);
  }

  #newPage(partition: number): void {
    const page = ++this.#used;
    if (page > this.#pages) throw new Error('statements were added beyond their pages');
    this.#before[page] = this.#page[partition];
    this.#page[partition] = page;
    this.#rows[partition] = 0;
  }
}
