/** Reduces one bucket: order, deduplicate, keep 17, reduce, and the hashes of all its impressions in bulk. */
import { hash64Into } from '#crypto';
import { limits } from '#protocol';
import { AmountDigests } from './amount-digests.js';
import { GroupRoots } from './group-roots.js';
import type { GroupReducer } from './reducer.js';
import { rowQuads, rowWordAt, rowWords, swapBytes } from './reduction-row.js';
import { RowOrder } from './row-order.js';

/** Views on memory that the next bucket overwrites. */
export interface BucketOutput {
  /** Distinct records, also those not kept. */
  readonly records: number;
  /** Their hashes in order, 32 bytes each. */
  readonly recordHashes: Uint8Array;
  readonly groups: number;
  /** A leaf of the settlement tree a group, in order, 32 bytes each. */
  readonly leaves: Uint8Array;
  /** High and low word a participant, group after group. */
  readonly amounts: Uint32Array;
  /** Of each leaf the hash that is joined with its amounts, 32 bytes each. */
  readonly halves: Uint8Array;
}

/** Called after a group is reduced: its number in the bucket, its first row and its kept records. */
export type GroupVisit = (
  group: number,
  rows: Uint32Array,
  row: number,
  kept: number,
  records: number,
) => void;

/** One a thread; its memory grows to the largest bucket. */
export class BucketReduction {
  readonly #reducer: GroupReducer;
  readonly #values: number;
  readonly #visit: GroupVisit | undefined;
  readonly #rowOrder = new RowOrder();
  readonly #groupRoots = new GroupRoots();
  readonly #digests: AmountDigests;
  #rows = new BigUint64Array(0);
  #recordHashes = new BigUint64Array(0);
  #nodes = new BigUint64Array(0);
  #starts = new Uint32Array(0);
  #recordStarts = new Uint32Array(0);
  #amounts = new Uint32Array(0);
  #messages = new BigUint64Array(0);
  #halves = new BigUint64Array(0);
  #leaves = new Uint8Array(0);

  constructor(reducer: GroupReducer, participants: number, visit?: GroupVisit) {
    this.#reducer = reducer;
    this.#values = participants * 2;
    this.#visit = visit;
    this.#digests = new AmountDigests(participants);
  }

  /** Room for `count` rows, to be filled before `reduce`. */
  rows(count: number): BigUint64Array {
    if (this.#rows.length < count * rowQuads) {
      const capacity = Math.max(1_024, Math.ceil(count * 1.25));
      this.#rows = new BigUint64Array(capacity * rowQuads);
      this.#recordHashes = new BigUint64Array(capacity * 4);
      this.#nodes = new BigUint64Array(capacity * 4);
      this.#starts = new Uint32Array(capacity + 1);
      this.#recordStarts = new Uint32Array(capacity + 1);
    }
    return this.#rows;
  }

  /** Leaves out the rows of segments that stand in no valid part: alive[segment] is 0. Returns how many remain. */
  keepAlive(count: number, alive: Uint8Array): number {
    const words = new Uint32Array(this.#rows.buffer);
    let to = 0;
    for (let row = 0; row < count; row++) {
      if (alive[words[row * rowWords + rowWordAt.segment]] === 0) continue;
      if (to !== row) this.#rows.copyWithin(to * rowQuads, row * rowQuads, (row + 1) * rowQuads);
      to += 1;
    }
    return to;
  }

  /** Reduces the first `count` rows, whose keys share their first `skipBits` bits. */
  reduce(count: number, skipBits: number): BucketOutput {
    const words = new Uint32Array(this.#rows.buffer);
    const order = this.#rowOrder.order(words, count, skipBits);
    const { records, kept, groups } = this.#deduplicate(words, order, count);
    this.#starts[groups] = kept;
    this.#recordStarts[groups] = records;
    this.#reduceGroups(words, order, groups);
    if (groups > 0) this.#hashGroups(order, groups);
    return {
      records,
      recordHashes: new Uint8Array(this.#recordHashes.buffer, 0, records * 32),
      groups,
      leaves: this.#leaves.subarray(0, groups * 32),
      amounts: this.#amounts.subarray(0, groups * this.#values),
      halves: new Uint8Array(this.#halves.buffer, 0, groups * 32),
    };
  }

  /** Leaves in `order` the kept rows, in `#nodes` their hashes, in `#recordHashes` those of all distinct rows. */
  #deduplicate(
    words: Uint32Array,
    order: Uint32Array,
    count: number,
  ): { records: number; kept: number; groups: number } {
    const quads = this.#rows;
    const hashes = this.#recordHashes;
    const nodes = this.#nodes;
    let last = -1;
    let records = 0;
    let kept = 0;
    let groups = 0;
    let inRun = 0;
    for (let at = 0; at < count; at++) {
      const row = order[at];
      const word = row * rowWords;
      if (last < 0 || !haveSameKey(words, word, last)) {
        this.#recordStarts[groups] = records;
        this.#starts[groups++] = kept;
        inRun = 0;
      } else if (haveSameHash(words, word, last)) {
        continue;
      } else if (((words[word + rowWordAt.statement] ^ words[last + rowWordAt.statement]) & 0xffff) !== 0) {
        inRun = 0;
      }
      last = word;
      const quad = row * rowQuads + 2;
      const hash = records * 4;
      hashes[hash] = quads[quad];
      hashes[hash + 1] = quads[quad + 1];
      hashes[hash + 2] = quads[quad + 2];
      hashes[hash + 3] = quads[quad + 3];
      records += 1;
      if (inRun++ >= limits.keptRecordsMax) continue;
      const node = kept * 4;
      nodes[node] = quads[quad];
      nodes[node + 1] = quads[quad + 1];
      nodes[node + 2] = quads[quad + 2];
      nodes[node + 3] = quads[quad + 3];
      order[kept++] = row;
    }
    return { records, kept, groups };
  }

  #reduceGroups(words: Uint32Array, order: Uint32Array, groups: number): void {
    const values = this.#values;
    if (this.#amounts.length < groups * values) {
      const capacity = Math.ceil(groups * 1.25);
      this.#amounts = new Uint32Array(capacity * values);
      this.#messages = new BigUint64Array(capacity * 8);
      this.#halves = new BigUint64Array(capacity * 4);
      this.#leaves = new Uint8Array(capacity * 32);
    }
    for (let group = 0; group < groups; group++) {
      const from = this.#starts[group];
      const to = this.#starts[group + 1];
      this.#reducer.reduce(words, order, from, to, this.#amounts, group * values);
      if (this.#visit === undefined) continue;
      const records = this.#recordStarts[group + 1] - this.#recordStarts[group];
      this.#visit(group, words, order[from], to - from, records);
    }
  }

  /** leaf = sha256( sha256(key ‖ kept ‖ zero ‖ group root) ‖ amountsDigest ), four bulk calls for groups of three. */
  #hashGroups(order: Uint32Array, groups: number): void {
    const nodes = this.#nodes;
    const rows = this.#rows;
    const messages = this.#messages;
    const messageWords = new Uint32Array(messages.buffer);
    this.#groupRoots.hash(nodes, this.#starts, groups);
    for (let group = 0; group < groups; group++) {
      const start = this.#starts[group];
      const key = order[start] * rowQuads;
      const to = group * 8;
      messages[to] = rows[key];
      messages[to + 1] = rows[key + 1];
      messageWords[to * 2 + 4] = 0;
      messageWords[to * 2 + 5] = swapBytes(this.#starts[group + 1] - start);
      messages[to + 3] = 0n;
      for (let quad = 0; quad < 4; quad++) messages[to + 4 + quad] = nodes[start * 4 + quad];
    }
    const messageBytes = new Uint8Array(messages.buffer, 0, groups * 64);
    hash64Into(messageBytes, new Uint8Array(this.#halves.buffer));
    const halves = this.#halves;
    for (let group = 0; group < groups; group++) {
      for (let quad = 0; quad < 4; quad++) messages[group * 8 + quad] = halves[group * 4 + quad];
    }
    this.#digests.write(this.#amounts, groups, messageWords);
    hash64Into(messageBytes, this.#leaves);
  }
}

/** Both arguments are word offsets of rows. */
function haveSameKey(words: Uint32Array, a: number, b: number): boolean {
  return (
    words[a] === words[b] &&
    words[a + 1] === words[b + 1] &&
    words[a + 2] === words[b + 2] &&
    words[a + 3] === words[b + 3]
  );
}

function haveSameHash(words: Uint32Array, a: number, b: number): boolean {
  for (let word: number = rowWordAt.recordHash; word < rowWordAt.priceLow; word++) {
    if (words[a + word] !== words[b + word]) return false;
  }
  return true;
}
