/** Scatters records as reduction rows into buckets by the top bits of the impression key, so that each
 *  bucket fits a cache. */
import {
  hashQuads,
  headAt,
  headQuads,
  headWords,
  pageBytes,
  pagePlaces,
  pageRows,
  rowQuads,
  swapBytes,
} from './reduction-row.js';
import type { RowRuns } from './row-runs.js';

/** The whole state of a scatter, in memory that threads may share and hand on to one another. */
export interface ScatterMemory {
  /** Buckets are told apart by this many top bits of the key, 1 to 16. */
  readonly bits: number;
  readonly pages: number;
  /** Pages of 64 rows, see `pageRows`; several scatters may have pages in one arena. */
  readonly arena: ArrayBufferLike;
  readonly firstPage: number;
  readonly tables: ArrayBufferLike;
}

/** `arena` may be memory of an earlier scatter, if it is large enough; threads share what is a
 *  SharedArrayBuffer. */
export function allocateScatter(
  bits: number,
  pages: number,
  arena?: ArrayBufferLike,
  firstPage = 0,
): ScatterMemory {
  if (bits < 1 || bits > 16) throw new RangeError(`buckets by ${bits} bits`);
  const buckets = 2 ** bits;
  const arenaBytes = (firstPage + pages) * pageBytes;
  const rows = arena ?? new ArrayBuffer(arenaBytes);
  if (rows.byteLength < arenaBytes) throw new RangeError(`${pages} pages need ${arenaBytes} bytes`);
  const tableBytes = 4 * (1 + buckets + 2 * pages + buckets + 1);
  const isShared = rows instanceof SharedArrayBuffer;
  const tables = isShared ? new SharedArrayBuffer(tableBytes) : new ArrayBuffer(tableBytes);
  new Uint32Array(tables, 4, buckets).fill(pageRows);
  return { bits, pages, arena: rows, firstPage, tables };
}

/** Bits that give buckets of about `bucketRows` rows for so many rows of evenly spread keys. */
export function bucketBitsFor(rows: number, bucketRows = 8_192): number {
  const wanted = Math.ceil(Math.log2(Math.max(1, rows / bucketRows)));
  return Math.min(16, Math.max(1, wanted));
}

/** Pages that hold `rows` rows whatever their keys. */
export function pagesFor(rows: number, bits: number): number {
  return Math.ceil(rows / pageRows) + Math.min(2 ** bits, rows);
}

/** Views on a scatter's memory; any number may exist, one at a time may write. */
export class RowScatter {
  readonly buckets: number;
  readonly #shift: number;
  readonly #pages: number;
  readonly #firstPage: number;
  readonly #arena: ArrayBufferLike;
  readonly #words: Uint32Array;
  readonly #quads: BigUint64Array;
  readonly #used: Uint32Array;
  /** Where the next row of each bucket goes; beyond the heads of a page: into a new page. */
  readonly #next: Uint32Array;
  readonly #pageBucket: Uint32Array;
  readonly #pageOrder: Uint32Array;
  readonly #orderStart: Uint32Array;

  constructor(memory: ScatterMemory) {
    this.buckets = 2 ** memory.bits;
    this.#shift = 32 - memory.bits;
    this.#pages = memory.pages;
    this.#firstPage = memory.firstPage;
    this.#arena = memory.arena;
    this.#words = new Uint32Array(memory.arena);
    this.#quads = new BigUint64Array(memory.arena);
    const { tables, pages } = memory;
    let at = 0;
    const take = (length: number): Uint32Array => {
      const table = new Uint32Array(tables, at, length);
      at += length * 4;
      return table;
    };
    this.#used = take(1);
    this.#next = take(this.buckets);
    this.#pageBucket = take(pages);
    this.#pageOrder = take(pages);
    this.#orderStart = take(this.buckets + 1);
  }

  /** Whether `rows` more rows fit, whatever their keys. */
  hasRoomFor(rows: number): boolean {
    return this.#pages - this.#used[0] >= Math.min(rows, this.buckets) + Math.ceil(rows / pageRows);
  }

  /** Adds `count` records of 64 bytes with their hashes of 32; the caller has asked `hasRoomFor`.
   *  Both arrays start at a multiple of 8 bytes in their memory. */
  add(records: Uint8Array, hashes: Uint8Array, count: number, segment: number): void {
    const from = new Uint32Array(records.buffer, records.byteOffset, count * 16);
    const fromQuads = new BigUint64Array(records.buffer, records.byteOffset, count * 8);
    const fromHashes = new BigUint64Array(hashes.buffer, hashes.byteOffset, count * 4);
    const next = this.#next;
    const words = this.#words;
    const quads = this.#quads;
    const shift = this.#shift;
    for (let record = 0; record < count; record++) {
      const word = record * 16;
      const bucket = swapBytes(from[word + 4]) >>> shift;
      let place = next[bucket];
      if ((place & pageRows) !== 0) place = this.#newPage(bucket);
      next[bucket] = place + 1;
      const to = place * headQuads;
      const quad = record * 8;
      const hash = record * 4;
      quads[to] = fromQuads[quad + 2];
      quads[to + 1] = fromQuads[quad + 3];
      quads[to + 2] = fromQuads[quad + 4];
      const head = from[word];
      const toWord = place * headWords;
      words[toWord + headAt.statement] = (head & 0xff) | ((head >>> 8) & 0xffff00) | (from[word + 1] << 24);
      words[toWord + headAt.segment] = segment;
      quads[to + hashQuads] = fromHashes[hash];
      quads[to + hashQuads + 1] = fromHashes[hash + 1];
      quads[to + hashQuads + 2] = fromHashes[hash + 2];
      quads[to + hashQuads + 3] = fromHashes[hash + 3];
    }
  }

  /** Sorts the pages by bucket; call it when all is added and before reading buckets. */
  seal(): void {
    const used = this.#used[0];
    const start = this.#orderStart.fill(0);
    for (let page = 0; page < used; page++) start[this.#pageBucket[page] + 1] += 1;
    for (let bucket = 0; bucket < this.buckets; bucket++) start[bucket + 1] += start[bucket];
    const place = start.slice(0, this.buckets);
    for (let page = 0; page < used; page++) this.#pageOrder[place[this.#pageBucket[page]]++] = page;
  }

  /** Rows of a bucket of a sealed scatter. */
  rowsOf(bucket: number): number {
    const pages = this.#orderStart[bucket + 1] - this.#orderStart[bucket];
    return pages === 0 ? 0 : (pages - 1) * pageRows + (this.#next[bucket] & (pagePlaces - 1));
  }

  /** The memory that the places of `addRuns` are in. */
  get arena(): ArrayBufferLike {
    return this.#arena;
  }

  /** Adds the rows of a bucket of a sealed scatter, where they lie. */
  addRuns(bucket: number, runs: RowRuns): void {
    let rows = this.rowsOf(bucket);
    for (let order = this.#orderStart[bucket]; order < this.#orderStart[bucket + 1]; order++) {
      runs.add((this.#firstPage + this.#pageOrder[order]) * pagePlaces, Math.min(pageRows, rows));
      rows -= pageRows;
    }
  }

  /** Copies the rows of a bucket of a sealed scatter, each by itself, to row `at` of `into`, and returns the
   *  row after the last. */
  copyBucket(bucket: number, into: BigUint64Array, at: number): number {
    const end = at + this.rowsOf(bucket);
    let to = at;
    for (let order = this.#orderStart[bucket]; order < this.#orderStart[bucket + 1]; order++) {
      const rows = Math.min(pageRows, end - to);
      const page = (this.#firstPage + this.#pageOrder[order]) * pagePlaces * headQuads;
      packRows(this.#quads, page, rows, into, to * rowQuads);
      to += rows;
    }
    return end;
  }

  /** Forgets all rows; the memory is used again. */
  clear(): void {
    this.#used[0] = 0;
    this.#next.fill(pageRows);
  }

  #newPage(bucket: number): number {
    const page = this.#used[0]++;
    if (page >= this.#pages) throw new Error('a scatter was filled beyond its pages');
    this.#pageBucket[page] = bucket;
    return (this.#firstPage + page) * pagePlaces;
  }
}

/** Takes rows out of a page: head and hash of each beside one another. Offsets in words of 64 bits. */
function packRows(page: BigUint64Array, from: number, rows: number, into: BigUint64Array, to: number): void {
  for (let row = 0; row < rows; row++) {
    const head = from + row * headQuads;
    const at = to + row * rowQuads;
    for (let quad = 0; quad < headQuads; quad++) {
      into[at + quad] = page[head + quad];
      into[at + headQuads + quad] = page[head + hashQuads + quad];
    }
  }
}
