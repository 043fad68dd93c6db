/** Statements of one scan: in pages of memory, and in a temporary file once those are full. */
import {
  allocateStatements,
  pageRows,
  partitions,
  type StatementMemory,
  StatementPages,
  type Statements,
  type TakeRows,
  takePage,
} from '#reconciliation';
import { readFully, TemporaryFile } from './temporary-file.js';

/**
 * Pages of a partition in the file, one after the other; the first has `firstRows` rows, the others are
 * full.
 */
interface SpilledRun {
  readonly page: number;
  readonly pages: number;
  readonly firstRows: number;
}

/** What another thread needs to read the statements. */
export interface StoredStatements {
  readonly memory: StatementMemory;
  readonly descriptor: number | undefined;
  /** Of each spill: run by partition. */
  readonly spills: readonly (readonly SpilledRun[])[];
}

const stagingPages = 512;

export class StatementStore {
  readonly #memory: StatementMemory;
  readonly #pages: StatementPages;
  readonly #folder: string | undefined;
  #file: TemporaryFile | undefined;
  readonly #spills: SpilledRun[][] = [];

  constructor(memoryBytes: number, tailWords: number, folder?: string) {
    this.#memory = allocateStatements(memoryBytes, tailWords);
    this.#pages = new StatementPages(this.#memory);
    this.#folder = folder;
  }

  add({ heads, tails, count }: Statements): void {
    for (let from = 0; from < count; ) {
      const to = Math.min(count, from + this.#pages.roomAtLeast);
      if (!this.#pages.hasRoomFor(to - from)) this.#spill();
      this.#pages.add(heads, tails, from, to);
      from = to;
    }
  }

  stored(): StoredStatements {
    return { memory: this.#memory, descriptor: this.#file?.descriptor, spills: this.#spills };
  }

  close(): void {
    this.#file?.close();
  }

  #spill(): void {
    this.#file ??= new TemporaryFile(this.#folder);
    const { pageWords, words } = this.#pages;
    const staging = new Uint32Array(stagingPages * pageWords);
    const file = this.#file;
    let staged = 0;
    let page = file.length / (pageWords * 4);
    const flush = (): void => {
      file.append(new Uint8Array(staging.buffer, 0, staged * pageWords * 4));
      staged = 0;
    };
    const runs: SpilledRun[] = [];
    for (let partition = 0; partition < partitions; partition++) {
      const start = page;
      let firstRows = 0;
      this.#pages.forEachPage(partition, (from, rows) => {
        if (page === start) firstRows = rows;
        staging.set(words.subarray(from, from + pageWords), staged * pageWords);
        staged += 1;
        page += 1;
        if (staged === stagingPages) flush();
      });
      runs.push({ page: start, pages: page - start, firstRows });
    }
    flush();
    this.#spills.push(runs);
    this.#pages.clear();
  }
}

/** Reads the statements of a scan by partition, in any thread. */
export class StatementReading {
  readonly #pages: StatementPages;
  readonly #stored: StoredStatements;
  #words = new Uint32Array(0);

  constructor(stored: StoredStatements) {
    this.#stored = stored;
    this.#pages = new StatementPages(stored.memory);
  }

  take(partition: number, take: TakeRows): void {
    this.#pages.take(partition, take);
    const { descriptor, spills } = this.#stored;
    if (descriptor === undefined) return;
    const { pageWords } = this.#pages;
    for (const runs of spills) {
      const { page, pages, firstRows } = runs[partition];
      if (pages === 0) continue;
      if (this.#words.length < pages * pageWords) this.#words = new Uint32Array(pages * pageWords * 2);
      const bytes = new Uint8Array(this.#words.buffer, 0, pages * pageWords * 4);
      readFully(descriptor, bytes, page * pageWords * 4);
      for (let at = 0; at < pages; at++) {
        takePage(this.#words, at * pageWords, at === 0 ? firstRows : pageRows, take);
      }
    }
  }
}
