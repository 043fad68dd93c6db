/**
 * Statements of logs, scattered by the first bits of their key into pages of memory: a head of 32 bytes
 * that the reducer reads as it is, and a tail for the tables.
 */

/** Words of a head: those of a reduction row, with the time in the place of the segment. */
export const headWords = 8;
export const statementAt = { key: 0, priceLow: 4, priceHigh: 5, statement: 6, seconds: 7 } as const;
/** Words of a tail: of one without and of one with the place of the statement's text. */
export const tailAt = { campaign: 0, placement: 1, textLow: 2, textHigh: 3 } as const;
export const plainTailWords = 2;
export const textTailWords = 4;

export const pageRows = 64;
const tailsAt = pageRows * headWords;

export const partitions = 2_048;

/** Whose log a statement is from, in byte 1 of its statement word until participants are numbered. */
export const roleNumber = { dsp: 0, ssp: 1, auditor: 2 } as const;
export type LogRole = keyof typeof roleNumber;

/** The whole state of pages, in memory that threads share. */
export interface StatementMemory {
  readonly pages: number;
  readonly tailWords: number;
  readonly words: SharedArrayBuffer;
  readonly tables: SharedArrayBuffer;
}

/** Takes rows run by run: their heads and tails in `words` from `head` and from `tail` on. */
export type TakeRows = (words: Uint32Array, head: number, tail: number, rows: number) => void;

function pageWordsOf(tailWords: number): number {
  return pageRows * (headWords + tailWords);
}

/** Memory is taken from the system as pages are filled. */
export function allocateStatements(bytes: number, tailWords: number): StatementMemory {
  const pageBytes = pageWordsOf(tailWords) * 4;
  const pages = Math.max(2 * partitions, Math.floor(bytes / pageBytes));
  return {
    pages,
    tailWords,
    words: new SharedArrayBuffer(pages * pageBytes),
    tables: new SharedArrayBuffer(4 * (1 + 2 * partitions + pages + 1)),
  };
}

/** Views on the memory; any number may read, one may write. */
export class StatementPages {
  readonly words: Uint32Array;
  readonly tailWords: number;
  readonly pageWords: number;
  readonly #pages: number;
  readonly #used: Int32Array;
  /** Of each partition the page that is being filled, from 1, and how many rows it has. */
  readonly #page: Int32Array;
  readonly #rows: Int32Array;
  /** The page before, of the same partition, from 1. */
  readonly #before: Int32Array;

  constructor({ pages, tailWords, words, tables }: StatementMemory) {
    this.words = new Uint32Array(words);
    this.tailWords = tailWords;
    this.pageWords = pageWordsOf(tailWords);
    this.#pages = pages;
    this.#used = new Int32Array(tables, 0, 1);
    this.#page = new Int32Array(tables, 4, partitions);
    this.#rows = new Int32Array(tables, 4 * (1 + partitions), partitions);
    this.#before = new Int32Array(tables, 4 * (1 + 2 * partitions), pages + 1);
  }

  /** Whether so many rows fit, whatever their keys. */
  hasRoomFor(rows: number): boolean {
    return this.#pages - this.#used[0] >= Math.min(rows, partitions) + Math.ceil(rows / pageRows);
  }

  /** Rows that always fit into empty pages. */
  get roomAtLeast(): number {
    return (this.#pages - partitions) * pageRows;
  }

  /** Adds rows [from, to) of heads and tails that follow one another; the caller has asked `hasRoomFor`. */
  add(heads: Uint32Array, tails: Uint32Array, start: number, end: number): void {
    const { words, tailWords, pageWords } = this;
    for (let row = start; row < end; row++) {
      const from = row * headWords;
      const partition = heads[from] & (partitions - 1);
      let place = this.#rows[partition];
      if (place === pageRows || this.#page[partition] === 0) {
        this.#newPage(partition);
        place = 0;
      }
      this.#rows[partition] = place + 1;
      const page = (this.#page[partition] - 1) * pageWords;
      const to = page + place * headWords;
      words[to] = heads[from];
      words[to + 1] = heads[from + 1];
      words[to + 2] = heads[from + 2];
      words[to + 3] = heads[from + 3];
      words[to + 4] = heads[from + 4];
      words[to + 5] = heads[from + 5];
      words[to + 6] = heads[from + 6];
      words[to + 7] = heads[from + 7];
      const tail = page + tailsAt + place * tailWords;
      for (let word = 0; word < tailWords; word++) words[tail + word] = tails[row * tailWords + word];
    }
  }

  /**
   * The pages of a partition, the one that is being filled first: where each begins and how many rows it
   * has.
   */
  forEachPage(partition: number, take: (word: number, rows: number) => void): void {
    let rows = this.#rows[partition];
    for (let page = this.#page[partition]; page !== 0; page = this.#before[page]) {
      take((page - 1) * this.pageWords, rows);
      rows = pageRows;
    }
  }

  take(partition: number, take: TakeRows): void {
    this.forEachPage(partition, (from, rows) => take(this.words, from, from + tailsAt, rows));
  }

  clear(): void {
    this.#used[0] = 0;
    this.#page.fill(0);
    this.#rows.fill(0);
  }

  #newPage(partition: number): void {
    const page = ++this.#used[0];
    if (page > this.#pages) throw new Error('statements were added beyond their pages');
    this.#before[page] = this.#page[partition];
    this.#page[partition] = page;
  }
}

/** The rows of a page that was taken out of its memory. */
export function takePage(words: Uint32Array, from: number, rows: number, take: TakeRows): void {
  take(words, from, from + tailsAt, rows);
}
