/** A reduction row: what reducing needs of one record, 64 bytes, so that rows move as words and lie one to
 *  a cache line. */

export const rowBytes = 64;
/** Rows are read as 16 native (little-endian) 32-bit words and copied as 8 words of 64 bits. */
export const rowWords = 16;
export const rowQuads = 8;

/** Word offsets within a row. The impression key and the record hash are bytes; integers are little-endian.
 *  */
export const rowWordAt = {
  impressionKey: 0,
  recordHash: 4,
  priceLow: 12,
  priceHigh: 13,
  /** kind u8 ‖ author u8 ‖ counterparty u8 ‖ flags u8. */
  statement: 14,
  /** Number of the segment that the record came in, to leave out those of no valid part. */
  segment: 15,
} as const;

if (new Uint8Array(Uint32Array.of(1).buffer)[0] !== 1) {
  throw new Error('rows are read as little-endian words: this machine is big-endian');
}

/** The word with its bytes in the other order: bytes in memory compare as big-endian numbers. */
export function swapBytes(word: number): number {
  return ((word << 24) | ((word & 0xff00) << 8) | ((word >>> 8) & 0xff00) | (word >>> 24)) >>> 0;
}
