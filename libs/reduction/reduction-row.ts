/** A reduction row: what reducing needs of one record, a head of 32 bytes and the record's hash of 32. */

/** A row by itself, as files keep it: head, then hash. */
export const rowBytes = 64;
export const rowQuads = 8;

/** In memory rows lie in pages: 64 heads one after the other, then their 64 hashes, so that ordering and
 *  reducing read heads only. A row's place is that of its head, in units of 32 bytes. */
export const pageRows = 64;
export const pagePlaces = 2 * pageRows;
export const pageBytes = pageRows * rowBytes;
/** From the place of a head to offsets in native (little-endian) words of 32 and of 64 bits. */
export const headWords = 8;
export const headQuads = 4;
/** From the offset of a head to that of its record hash. */
export const hashWords = pageRows * headWords;
export const hashQuads = pageRows * headQuads;

/** Word offsets within a head. The impression key is bytes; integers are little-endian. */
export const headAt = {
  impressionKey: 0,
  priceLow: 4,
  priceHigh: 5,
  /** kind u8 ‖ author u8 ‖ counterparty u8 ‖ flags u8. */
  statement: 6,
  /** Number of the segment that the record came in, to leave out those of no valid part. */
  segment: 7,
} as const;

if (new Uint8Array(Uint32Array.of(1).buffer)[0] !== 1) {
  throw new Error('rows are read as little-endian words: this machine is big-endian');
}

/** The word with its bytes in the other order: bytes in memory compare as big-endian numbers. */
export function swapBytes(word: number): number {
  return ((word << 24) | ((word & 0xff00) << 8) | ((word >>> 8) & 0xff00) | (word >>> 24)) >>> 0;
}
