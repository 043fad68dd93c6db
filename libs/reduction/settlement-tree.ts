/** The settlement tree: a Merkle tree over the impressions whose nodes carry the sums of the amounts
 *  (wire-formats.md 7). */
import { hash64Into } from '#crypto';
import { AmountDigests, addAmountPairs, bytesOf } from './amount-digests.js';

export interface SettlementRoot {
  readonly settlementRoot: Uint8Array;
  readonly impressionCount: number;
  /** The sums at the root, a participant each. */
  readonly amounts: readonly bigint[];
  /** What settlementRoot = sha256(x ‖ amountsDigest) takes; undefined if there is no impression. */
  readonly x: Uint8Array | undefined;
}

interface Subtree {
  readonly leaves: number;
  readonly hash: Uint8Array;
  /** High and low words, as in `AmountDigests`. */
  readonly amounts: Uint32Array;
}

const tileLeaves = 2_048;

/** Takes the leaves in order and holds one tile of them and one subtree a level: bounded for any number of
 *  leaves. */
export class SettlementTree {
  readonly #values: number;
  readonly #digests: AmountDigests;
  readonly #nodes = new Uint8Array(tileLeaves * 32);
  readonly #amounts: Uint32Array;
  readonly #halves = new Uint8Array(tileLeaves * 16);
  readonly #halfQuads = new BigUint64Array(this.#halves.buffer);
  readonly #messages = new Uint32Array(tileLeaves * 8);
  readonly #messageQuads = new BigUint64Array(this.#messages.buffer);
  readonly #stack: Subtree[] = [];
  #inTile = 0;
  #count = 0;
  #x: Uint8Array | undefined;

  constructor(participants: number) {
    this.#values = participants * 2;
    this.#digests = new AmountDigests(participants);
    this.#amounts = new Uint32Array(tileLeaves * this.#values);
  }

  /** The next `count` leaves: 32 bytes each, their amounts as in `AmountDigests`, and of the first leaf the
   *  hash
   *  that is joined with its amounts. */
  add(leaves: Uint8Array, amounts: Uint32Array, count: number, firstHalf: Uint8Array): void {
    if (this.#count === 0 && count > 0) this.#x = firstHalf.slice(0, 32);
    for (let at = 0; at < count; ) {
      const take = Math.min(count - at, tileLeaves - this.#inTile);
      this.#nodes.set(leaves.subarray(at * 32, (at + take) * 32), this.#inTile * 32);
      const values = amounts.subarray(at * this.#values, (at + take) * this.#values);
      this.#amounts.set(values, this.#inTile * this.#values);
      this.#inTile += take;
      at += take;
      if (this.#inTile === tileLeaves) this.#closeTile();
    }
    this.#count += count;
  }

  /** The root over all leaves so far; nothing may be added afterwards. */
  finish(): SettlementRoot {
    if (this.#inTile > 0) this.#closeTile();
    while (this.#stack.length > 1) this.#joinTop();
    const root = this.#stack.pop();
    const participants = this.#values / 2;
    return {
      settlementRoot: root?.hash ?? new Uint8Array(32),
      impressionCount: this.#count,
      amounts: Array.from({ length: participants }, (_, at) =>
        root === undefined ? 0n : (BigInt(root.amounts[at * 2]) << 32n) | BigInt(root.amounts[at * 2 + 1]),
      ),
      x: this.#x,
    };
  }

  /** Reduces the tile to one node and joins it with subtrees of its size, as a binary counter carries. */
  #closeTile(): void {
    const leaves = this.#inTile;
    for (let count = leaves; count > 1; ) count = this.#closeLevel(count);
    this.#stack.push({
      leaves,
      hash: this.#nodes.slice(0, 32),
      amounts: this.#amounts.slice(0, this.#values),
    });
    this.#inTile = 0;
    while (this.#stack.length > 1 && this.#stack.at(-1)?.leaves === this.#stack.at(-2)?.leaves) {
      this.#joinTop();
    }
  }

  #joinTop(): void {
    const right = this.#stack.pop() as Subtree;
    const left = this.#stack.pop() as Subtree;
    this.#nodes.set(left.hash);
    this.#nodes.set(right.hash, 32);
    this.#amounts.set(left.amounts);
    this.#amounts.set(right.amounts, this.#values);
    this.#closeLevel(2);
    this.#stack.push({
      leaves: left.leaves + right.leaves,
      hash: this.#nodes.slice(0, 32),
      amounts: this.#amounts.slice(0, this.#values),
    });
  }

  /** Replaces `count` nodes of the tile by those of the next level, in place; returns their number. */
  #closeLevel(count: number): number {
    const pairs = count >> 1;
    hash64Into(this.#nodes.subarray(0, pairs * 64), this.#halves);
    addAmountPairs(this.#amounts, this.#amounts, pairs, this.#values);
    this.#digests.write(this.#amounts, pairs, this.#messages);
    const halves = this.#halfQuads;
    const messages = this.#messageQuads;
    for (let pair = 0; pair < pairs; pair++) {
      messages[pair * 8] = halves[pair * 4];
      messages[pair * 8 + 1] = halves[pair * 4 + 1];
      messages[pair * 8 + 2] = halves[pair * 4 + 2];
      messages[pair * 8 + 3] = halves[pair * 4 + 3];
    }
    // The last level of all that is joined is the root's: its first half is what opens the root.
    this.#x = this.#halves.slice(0, 32);
    if ((count & 1) === 1) {
      this.#nodes.copyWithin(pairs * 32, (count - 1) * 32, count * 32);
      this.#amounts.copyWithin(pairs * this.#values, (count - 1) * this.#values, count * this.#values);
    }
    hash64Into(bytesOf(this.#messages, pairs * 16), this.#nodes);
    return pairs + (count & 1);
  }
}
