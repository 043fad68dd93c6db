/** Reduces one bucket: order, deduplicate, keep 17, reduce, and the hashes of all its impressions in bulk. */
import { hash64Into } from '#crypto';
import { limits } from '#protocol';
import { AmountDigests } from './amount-digests.js';
import { GroupRoots } from './group-roots.js';
import type { GroupReducer } from './reducer.js';
import { rowQuads, rowWordAt, rowWords, swapBytes } from './reduction-row.js';
import { type OrderedRows, RowOrder, rowRelation } from './row-order.js';

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
  #order: Uint32Array = new Uint32Array(0);
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

  /** Reduces the first `count` rows, whose keys share their first `skipBits` bits, and hashes what it found. */
  reduce(count: number, skipBits: number): BucketOutput {
    const { records, groups } = this.reduceRecords(count, skipBits);
    if (groups > 0) this.#hashGroups(groups);
    return {
      records,
      recordHashes: new Uint8Array(this.#recordHashes.buffer, 0, records * 32),
      groups,
      leaves: this.#leaves.subarray(0, groups * 32),
      amounts: this.#amounts.subarray(0, groups * this.#values),
      halves: new Uint8Array(this.#halves.buffer, 0, groups * 32),
    };
  }

  /** As `reduce`, without the hashes of impressions: amounts and counts only. */
  reduceRecords(count: number, skipBits: number): Pick<BucketOutput, 'records' | 'groups' | 'amounts'> {
    const words = new Uint32Array(this.#rows.buffer);
    const ordered = this.#rowOrder.order(words, count, skipBits);
    this.#order = ordered.order;
    const { records, groups } = this.#deduplicate(words, ordered);
    this.#reduceGroups(words, groups);
    return { records, groups, amounts: this.#amounts.subarray(0, groups * this.#values) };
  }

  /** Leaves in `#order` the kept rows, in `#recordHashes` the hashes of all distinct ones. */
  #deduplicate(words: Uint32Array, { order, relations }: OrderedRows): { records: number; groups: number } {
    const quads = this.#rows;
    const hashes = this.#recordHashes;
    let last = 0;
    let records = 0;
    let kept = 0;
    let groups = 0;
    let inRun = 0;
    for (let at = 0; at < order.length; at++) {
      const relation = relations[at];
      if (relation === rowRelation.duplicate) continue;
      const row = order[at];
      const statement = words[row * rowWords + rowWordAt.statement] & 0xffff;
      if (relation === rowRelation.newGroup) {
        this.#recordStarts[groups] = records;
        this.#starts[groups++] = kept;
        inRun = 0;
      } else if (statement !== last) {
        inRun = 0;
      }
      last = statement;
      const quad = row * rowQuads + 2;
      const hash = records * 4;
      hashes[hash] = quads[quad];
      hashes[hash + 1] = quads[quad + 1];
      hashes[hash + 2] = quads[quad + 2];
      hashes[hash + 3] = quads[quad + 3];
      records += 1;
      if (inRun++ < limits.keptRecordsMax) order[kept++] = row;
    }
    this.#starts[groups] = kept;
    this.#recordStarts[groups] = records;
    return { records, groups };
  }

  #reduceGroups(words: Uint32Array, groups: number): void {
    const order = this.#order;
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
  #hashGroups(groups: number): void {
    const order = this.#order;
    const rows = this.#rows;
    const messages = this.#messages;
    const messageWords = new Uint32Array(messages.buffer);
    this.#groupRoots.write(rows, order, this.#starts, groups, messages);
    for (let group = 0; group < groups; group++) {
      const start = this.#starts[group];
      const key = order[start] * rowQuads;
      const to = group * 8;
      messages[to] = rows[key];
      messages[to + 1] = rows[key + 1];
      messageWords[to * 2 + 4] = 0;
      messageWords[to * 2 + 5] = swapBytes(this.#starts[group + 1] - start);
      messageWords[to * 2 + 6] = 0;
      messageWords[to * 2 + 7] = 0;
    }
    const messageBytes = new Uint8Array(messages.buffer, 0, groups * 64);
    hash64Into(messageBytes, new Uint8Array(this.#halves.buffer));
    const halves = this.#halves;
    for (let group = 0; group < groups; group++) {
      const to = group * 8;
      const from = group * 4;
      messages[to] = halves[from];
      messages[to + 1] = halves[from + 1];
      messages[to + 2] = halves[from + 2];
      messages[to + 3] = halves[from + 3];
    }
    this.#digests.write(this.#amounts, groups, messageWords);
    hash64Into(messageBytes, this.#leaves);
  }
}
