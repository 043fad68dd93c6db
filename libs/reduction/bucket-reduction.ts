/** Reduces one bucket: order, deduplicate, keep 17, reduce, and the hashes of all its impressions in bulk. */
import { hash64Into } from '#crypto';
import { limits } from '#protocol';
import { AmountDigests } from './amount-digests.js';
import { GroupOrder, type OrderedGroups } from './group-order.js';
import { GroupRoots } from './group-roots.js';
import type { GroupReducer } from './reducer.js';
import { hashQuads, headAt, headQuads, headWords, swapBytes } from './reduction-row.js';
import type { RowRuns } from './row-runs.js';

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
  readonly #groupOrder = new GroupOrder();
  readonly #groupRoots = new GroupRoots();
  readonly #digests: AmountDigests;
  #recordHashes = new BigUint64Array(0);
  #kept = new Uint32Array(0);
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

  /** Reduces the rows, whose keys share their first `skipBits` bits, and hashes what it found. */
  reduce(rows: RowRuns, skipBits: number): BucketOutput {
    const found = this.#groupOrder.order(rows, skipBits);
    const { records, groups } = found;
    // The hashes of all distinct records, before those of floods are left out of the order.
    this.#copyRecordHashes(rows.quads, found);
    this.#reduceGroups(rows.words, found);
    this.#hashGroups(rows.quads, found);
    return {
      records,
      recordHashes: new Uint8Array(this.#recordHashes.buffer, 0, records * 32),
      groups,
      leaves: this.#leaves.subarray(0, groups * 32),
      amounts: this.#amounts.subarray(0, groups * this.#values),
      halves: new Uint8Array(this.#halves.buffer, 0, groups * 32),
    };
  }

  /** As `reduce`, without any hash: amounts and counts only. */
  reduceRecords(rows: RowRuns, skipBits: number): Pick<BucketOutput, 'records' | 'groups' | 'amounts'> {
    const found = this.#groupOrder.order(rows, skipBits);
    this.#reduceGroups(rows.words, found);
    const { records, groups } = found;
    return { records, groups, amounts: this.#amounts.subarray(0, groups * this.#values) };
  }

  #copyRecordHashes(quads: BigUint64Array, { order, records }: OrderedGroups): void {
    if (this.#recordHashes.length < records * 4) {
      this.#recordHashes = new BigUint64Array(Math.ceil(records * 1.25) * 4);
    }
    const hashes = this.#recordHashes;
    for (let record = 0; record < records; record++) {
      const from = order[record] * headQuads + hashQuads;
      const to = record * 4;
      hashes[to] = quads[from];
      hashes[to + 1] = quads[from + 1];
      hashes[to + 2] = quads[from + 2];
      hashes[to + 3] = quads[from + 3];
    }
  }

  /** Leaves in each group's place of `order` its kept rows, and in `#kept` their number. */
  #reduceGroups(words: Uint32Array, { order, starts, groups }: OrderedGroups): void {
    const values = this.#values;
    this.#reserveGroups(groups);
    const kept = this.#kept;
    const amounts = this.#amounts;
    for (let group = 0; group < groups; group++) {
      const from = starts[group];
      let count = starts[group + 1] - from;
      if (count > limits.keptRecordsMax) count = keepLowest(words, order, from, count);
      kept[group] = count;
      this.#reducer.reduce(words, order, from, from + count, amounts, group * values);
      if (this.#visit === undefined) continue;
      this.#visit(group, words, order[from], count, starts[group + 1] - from);
    }
  }

  #reserveGroups(groups: number): void {
    if (this.#kept.length >= groups) return;
    const capacity = Math.ceil(groups * 1.25);
    this.#kept = new Uint32Array(capacity);
    this.#amounts = new Uint32Array(capacity * this.#values);
    this.#messages = new BigUint64Array(capacity * 8);
    this.#halves = new BigUint64Array(capacity * 4);
    this.#leaves = new Uint8Array(capacity * 32);
  }

  /** leaf = sha256( sha256(key ‖ kept ‖ zero ‖ group root) ‖ amountsDigest ), four bulk calls for groups of
   *  three. */
  #hashGroups(rows: BigUint64Array, { order, starts, groups }: OrderedGroups): void {
    const messages = this.#messages;
    const messageWords = new Uint32Array(messages.buffer);
    this.#groupRoots.write(rows, order, starts, this.#kept, groups, messages);
    for (let group = 0; group < groups; group++) {
      const key = order[starts[group]] * headQuads;
      const to = group * 8;
      messages[to] = rows[key];
      messages[to + 1] = rows[key + 1];
      messageWords[to * 2 + 4] = 0;
      messageWords[to * 2 + 5] = swapBytes(this.#kept[group]);
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

/** Moves the 17 lowest rows of each (kind, author) of a group to the front, in order; returns their number.
 *  */
function keepLowest(words: Uint32Array, order: Uint32Array, from: number, count: number): number {
  let kept = from;
  let inRun = 0;
  let run = 0;
  for (let at = from; at < from + count; at++) {
    const statement = words[order[at] * headWords + headAt.statement] & 0xffff;
    inRun = statement === run ? inRun + 1 : 1;
    run = statement;
    if (inRun <= limits.keptRecordsMax) order[kept++] = order[at];
  }
  return kept - from;
}
