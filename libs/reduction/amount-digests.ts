/** Digests of many lists of amounts at once: amountsDigest of wire-formats.md 7, beside the hash it is
 *  joined with. */
import { hash64Into } from '#crypto';
import { swapBytes } from './reduction-row.js';

/** Amounts are pairs of 32-bit words, high then low, `participants` pairs a list, one list after the other.
 *  */
export class AmountDigests {
  readonly #participants: number;
  readonly #wordsPerList: number;
  #words = new Uint32Array(0);
  #pairs = new Uint32Array(0);

  constructor(participants: number) {
    this.#participants = participants;
    this.#wordsPerList = Math.ceil(participants / 4);
  }

  /** Writes the digest of list i of `lists` into the second half of the i-th 64 bytes of `messages`. */
  write(amounts: Uint32Array, lists: number, messages: Uint32Array): void {
    if (this.#wordsPerList === 1) {
      const values = this.#participants * 2;
      for (let list = 0; list < lists; list++) {
        const to = list * 16 + 8;
        const from = list * values;
        for (let at = 0; at < values; at++) messages[to + at] = swapBytes(amounts[from + at]);
        for (let at = values; at < 8; at++) messages[to + at] = 0;
      }
      return;
    }
    this.#writeRoots(amounts, lists, messages);
  }

  /** Two to four words a list: one or two levels, every level one bulk call. */
  #writeRoots(amounts: Uint32Array, lists: number, messages: Uint32Array): void {
    const perList = this.#wordsPerList;
    const values = this.#participants * 2;
    const firstPairs = perList >> 1;
    if (this.#words.length < lists * 32) {
      this.#words = new Uint32Array(lists * 32);
      this.#pairs = new Uint32Array(lists * 16);
    }
    const words = this.#words;
    const pairs = this.#pairs;
    for (let list = 0; list < lists; list++) {
      const to = list * firstPairs * 16;
      const inPairs = Math.min(values, firstPairs * 16);
      for (let at = 0; at < inPairs; at++) words[to + at] = swapBytes(amounts[list * values + at]);
      for (let at = inPairs; at < firstPairs * 16; at++) words[to + at] = 0;
    }
    hash64Into(bytesOf(words, lists * firstPairs * 16), bytesOf(pairs, lists * firstPairs * 8));
    if (perList === 3) this.#joinThirdWord(amounts, lists);
    if (perList > 2) hash64Into(bytesOf(pairs, lists * 16), bytesOf(pairs, lists * 8));
    for (let list = 0; list < lists; list++) {
      for (let at = 0; at < 8; at++) messages[list * 16 + 8 + at] = pairs[list * 8 + at];
    }
  }

  /** hash(word 0 ‖ word 1) becomes hash ‖ word 2; from the last list down, since the lists widen in place. */
  #joinThirdWord(amounts: Uint32Array, lists: number): void {
    const pairs = this.#pairs;
    const values = this.#participants * 2;
    for (let list = lists - 1; list >= 0; list--) {
      for (let at = 0; at < 8; at++) pairs[list * 16 + at] = pairs[list * 8 + at];
      for (let at = 16; at < 24; at++) {
        pairs[list * 16 + at - 8] = at < values ? swapBytes(amounts[list * values + at]) : 0;
      }
    }
  }
}

/**
 * to[i] = from[2i] + from[2i + 1], lists of `values` words each; `to` may be `from`. The limits checked at
 * opening keep every sum below 2^63.
 */
export function addAmountPairs(from: Uint32Array, to: Uint32Array, pairs: number, values: number): void {
  for (let pair = 0; pair < pairs; pair++) {
    const sum = pair * values;
    const left = pair * 2 * values;
    for (let at = 0; at < values; at += 2) {
      const low = from[left + at + 1] + from[left + values + at + 1];
      const carry = low > 0xffff_ffff ? 1 : 0;
      to[sum + at] = from[left + at] + from[left + values + at] + carry;
      to[sum + at + 1] = low;
    }
  }
}

export function bytesOf(words: Uint32Array, length: number): Uint8Array {
  return new Uint8Array(words.buffer, words.byteOffset, length * 4);
}
