/** Merkle roots of many groups of hashes at once: one bulk call a level for all groups together. */
import { hash64Into } from '#crypto';

/** Reusable memory; grows to the largest set seen. */
export class GroupRoots {
  #messages = new BigUint64Array(0);
  #hashes = new BigUint64Array(0);
  #counts = new Uint32Array(0);
  #active = new Uint32Array(0);

  /** `nodes` holds hashes of 4 words; group g has those from starts[g] to starts[g + 1], at least one.
   *  Afterwards the root of group g stands at starts[g], the other nodes are spent. */
  hash(nodes: BigUint64Array, starts: Uint32Array, groups: number): void {
    this.#reserve(groups, starts[groups]);
    let active = 0;
    for (let group = 0; group < groups; group++) {
      const count = starts[group + 1] - starts[group];
      this.#counts[group] = count;
      if (count > 1) this.#active[active++] = group;
    }
    while (active > 0) active = this.#hashLevel(nodes, starts, active);
  }

  #reserve(groups: number, nodes: number): void {
    if (this.#counts.length < groups) {
      this.#counts = new Uint32Array(groups * 2);
      this.#active = new Uint32Array(groups * 2);
    }
    const pairs = nodes >> 1;
    if (this.#hashes.length < pairs * 4) {
      this.#messages = new BigUint64Array(pairs * 2 * 8);
      this.#hashes = new BigUint64Array(pairs * 2 * 4);
    }
  }

  /** Hashes the pairs of all groups that have more than one node left; returns how many such groups remain. */
  #hashLevel(nodes: BigUint64Array, starts: Uint32Array, active: number): number {
    const messages = this.#messages;
    let message = 0;
    for (let at = 0; at < active; at++) {
      const group = this.#active[at];
      const from = starts[group] * 4;
      const quads = (this.#counts[group] >> 1) * 8;
      for (let quad = 0; quad < quads; quad++) messages[message++] = nodes[from + quad];
    }
    hash64Into(bytesOf(messages, message), bytesOf(this.#hashes, message / 2));
    const hashes = this.#hashes;
    let hash = 0;
    let remaining = 0;
    for (let at = 0; at < active; at++) {
      const group = this.#active[at];
      const to = starts[group] * 4;
      const count = this.#counts[group];
      const pairs = count >> 1;
      for (let quad = 0; quad < pairs * 4; quad++) nodes[to + quad] = hashes[hash++];
      if ((count & 1) === 1) {
        const odd = to + (count - 1) * 4;
        for (let quad = 0; quad < 4; quad++) nodes[to + pairs * 4 + quad] = nodes[odd + quad];
      }
      this.#counts[group] = pairs + (count & 1);
      if (this.#counts[group] > 1) this.#active[remaining++] = group;
    }
    return remaining;
  }
}

function bytesOf(quads: BigUint64Array, length: number): Uint8Array {
  return new Uint8Array(quads.buffer, quads.byteOffset, length * 8);
}
