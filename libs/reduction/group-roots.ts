/** Merkle roots over the record hashes of many groups at once: one bulk call a level for all groups
 *  together. */
import { hash64Into } from '#crypto';
import { hashQuads, headQuads } from './reduction-row.js';

/** Groups of up to this many records go straight from rows to root in two levels; others take the general
 *  way. */
const smallRecordsMax = 4;

/** Reusable memory; grows to the largest bucket. */
export class GroupRoots {
  #messages = new BigUint64Array(0);
  #first = new BigUint64Array(0);
  #second = new BigUint64Array(0);
  #nodes = new BigUint64Array(0);
  #counts = new Uint32Array(0);
  #active = new Uint32Array(0);

  /** Group g has the rows order[starts[g]] and on, counts[g] of them, at least one. Writes its root to the
   *  second half
   *  of the g-th 64 bytes of `leaves`. */
  write(
    rows: BigUint64Array,
    order: Uint32Array,
    starts: Uint32Array,
    counts: Uint32Array,
    groups: number,
    leaves: BigUint64Array,
  ): void {
    this.#reserve(groups, starts[groups]);
    const firstPairs = this.#writeFirstPairs(rows, order, starts, counts, groups);
    hash64Into(bytesOf(this.#messages, firstPairs * 8), bytesOf(this.#first, firstPairs * 4));
    const secondPairs = this.#writeSecondPairs(rows, order, starts, counts, groups, leaves);
    hash64Into(bytesOf(this.#messages, secondPairs * 8), bytesOf(this.#second, secondPairs * 4));
    let pair = 0;
    let large = 0;
    for (let group = 0; group < groups; group++) {
      const count = counts[group];
      if (count > smallRecordsMax) this.#active[large++] = group;
      else if (count > 2) copyHash(this.#second, pair++ * 4, leaves, group * 8 + 4);
    }
    if (large > 0) this.#writeLarge(rows, order, starts, counts, large, leaves);
  }

  #reserve(groups: number, rows: number): void {
    if (this.#active.length < groups) {
      this.#counts = new Uint32Array(groups * 2);
      this.#active = new Uint32Array(groups * 2);
    }
    const pairs = (rows >> 1) + 1;
    if (this.#first.length < pairs * 4) {
      this.#messages = new BigUint64Array(pairs * 2 * 8);
      this.#first = new BigUint64Array(pairs * 2 * 4);
      this.#second = new BigUint64Array(pairs * 2 * 4);
    }
  }

  #writeFirstPairs(
    rows: BigUint64Array,
    order: Uint32Array,
    starts: Uint32Array,
    counts: Uint32Array,
    groups: number,
  ): number {
    const messages = this.#messages;
    let pair = 0;
    for (let group = 0; group < groups; group++) {
      const start = starts[group];
      const count = counts[group];
      if (count < 2 || count > smallRecordsMax) continue;
      copyHash(rows, order[start] * headQuads + hashQuads, messages, pair * 8);
      copyHash(rows, order[start + 1] * headQuads + hashQuads, messages, pair * 8 + 4);
      pair += 1;
      if (count < 4) continue;
      copyHash(rows, order[start + 2] * headQuads + hashQuads, messages, pair * 8);
      copyHash(rows, order[start + 3] * headQuads + hashQuads, messages, pair * 8 + 4);
      pair += 1;
    }
    return pair;
  }

  /** Groups of one and two have their roots now; those of three and four one pair more. */
  #writeSecondPairs(
    rows: BigUint64Array,
    order: Uint32Array,
    starts: Uint32Array,
    counts: Uint32Array,
    groups: number,
    leaves: BigUint64Array,
  ): number {
    const messages = this.#messages;
    const first = this.#first;
    let from = 0;
    let pair = 0;
    for (let group = 0; group < groups; group++) {
      const start = starts[group];
      const count = counts[group];
      if (count > smallRecordsMax) continue;
      if (count === 1) {
        copyHash(rows, order[start] * headQuads + hashQuads, leaves, group * 8 + 4);
        continue;
      }
      if (count === 2) {
        copyHash(first, from++ * 4, leaves, group * 8 + 4);
        continue;
      }
      copyHash(first, from++ * 4, messages, pair * 8);
      if (count === 3) copyHash(rows, order[start + 2] * headQuads + hashQuads, messages, pair * 8 + 4);
      else copyHash(first, from++ * 4, messages, pair * 8 + 4);
      pair += 1;
    }
    return pair;
  }

  /** The groups named by the first `large` of #active, of any size. */
  #writeLarge(
    rows: BigUint64Array,
    order: Uint32Array,
    starts: Uint32Array,
    counts: Uint32Array,
    large: number,
    leaves: BigUint64Array,
  ): void {
    const groups = this.#active.slice(0, large);
    const end = starts[groups[large - 1] + 1];
    if (this.#nodes.length < end * 4) this.#nodes = new BigUint64Array(end * 4);
    for (const group of groups) {
      this.#counts[group] = counts[group];
      for (let at = starts[group]; at < starts[group] + counts[group]; at++) {
        copyHash(rows, order[at] * headQuads + hashQuads, this.#nodes, at * 4);
      }
    }
    for (let active = large; active > 0; ) active = this.#hashLevel(starts, active);
    for (const group of groups) copyHash(this.#nodes, starts[group] * 4, leaves, group * 8 + 4);
  }

  /** Hashes the pairs of the groups of #active, which have more than one node left; returns how many such
   *  remain. */
  #hashLevel(starts: Uint32Array, active: number): number {
    const nodes = this.#nodes;
    let pair = 0;
    for (let at = 0; at < active; at++) {
      const group = this.#active[at];
      const from = starts[group] * 4;
      const pairs = this.#counts[group] >> 1;
      this.#messages.set(nodes.subarray(from, from + pairs * 8), pair * 8);
      pair += pairs;
    }
    hash64Into(bytesOf(this.#messages, pair * 8), bytesOf(this.#first, pair * 4));
    pair = 0;
    let remaining = 0;
    for (let at = 0; at < active; at++) {
      const group = this.#active[at];
      const to = starts[group] * 4;
      const count = this.#counts[group];
      const pairs = count >> 1;
      nodes.set(this.#first.subarray(pair * 4, (pair + pairs) * 4), to);
      pair += pairs;
      if ((count & 1) === 1) copyHash(nodes, to + (count - 1) * 4, nodes, to + pairs * 4);
      this.#counts[group] = pairs + (count & 1);
      if (this.#counts[group] > 1) this.#active[remaining++] = group;
    }
    return remaining;
  }
}

/** Copies 32 bytes; offsets in words of 64 bits. */
function copyHash(from: BigUint64Array, at: number, to: BigUint64Array, toAt: number): void {
  to[toAt] = from[at];
  to[toAt + 1] = from[at + 1];
  to[toAt + 2] = from[at + 2];
  to[toAt + 3] = from[at + 3];
}

function bytesOf(quads: BigUint64Array, length: number): Uint8Array {
  return new Uint8Array(quads.buffer, quads.byteOffset, length * 8);
}
