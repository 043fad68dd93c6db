/** Reduces one bucket: order, deduplicate, keep, reduce, and the hashes of all its impressions in bulk. */
import { hash64Into } from '#crypto';
import { AmountDigests } from './amount-digests.js';
import { GroupOrder, type OrderedGroups } from './group-order.js';
import { GroupRoots } from './group-roots.js';
import type { GroupReducer } from './reducer.js';
import { hashQuads, headQuads, swapBytes } from './reduction-row.js';
import type { RowRuns } from './row-runs.js';

/** Views on memory that the next bucket overwrites. */
export interface BucketOutput {
  /** Distinct records, also tests and those not kept. */
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
  /** Of each group the impression key, 16 bytes each. */
  readonly keys: Uint8Array;
}

/** A group that was just reduced: its number in the bucket, and its kept rows order[from, from + kept). */
export interface ReducedGroup {
  readonly group: number;
  readonly rows: Pick<RowRuns, 'words' | 'quads'>;
  readonly order: Uint32Array;
  readonly from: number;
  readonly kept: number;
  /** Distinct records, also those not kept. */
  readonly records: number;
}

export type GroupVisit = (found: ReducedGroup) => void;

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
  #keys = new BigUint64Array(0);

  constructor(reducer: GroupReducer, participants: number, visit?: GroupVisit) {
    this.#reducer = reducer;
    this.#values = participants * 2;
    this.#visit = visit;
    this.#digests = new AmountDigests(participants);
  }

  /** Reduces the rows, whose keys share their first `skipBits` bits, and hashes what it found. */
  reduce(rows: RowRuns, skipBits: number): BucketOutput {
    const found = this.#groupOrder.order(rows, skipBits);
    const { records } = found;
    // The hashes of all distinct records, before those that are not kept leave the order.
    this.#copyRecordHashes(rows.quads, found);
    const groups = this.#reduceGroups(rows, found);
    this.#hashGroups(rows.quads, found, groups);
    return {
      records,
      recordHashes: new Uint8Array(this.#recordHashes.buffer, 0, records * 32),
      groups,
      leaves: this.#leaves.subarray(0, groups * 32),
      amounts: this.#amounts.subarray(0, groups * this.#values),
      halves: new Uint8Array(this.#halves.buffer, 0, groups * 32),
      keys: new Uint8Array(this.#keys.buffer, 0, groups * 16),
    };
  }

  /** As `reduce`, without any hash: amounts and counts only. */
  reduceRecords(rows: RowRuns, skipBits: number): Pick<BucketOutput, 'records' | 'groups' | 'amounts'> {
    const found = this.#groupOrder.order(rows, skipBits);
    const groups = this.#reduceGroups(rows, found);
    const { records } = found;
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

  /**
   * Leaves in `order` from each start on a group's kept rows, and in `#kept` their number. Returns how many
   * groups have any; their starts come first.
   */
  #reduceGroups(rows: RowRuns, { order, starts, groups }: OrderedGroups): number {
    const { words } = rows;
    const values = this.#values;
    this.#reserveGroups(groups);
    const kept = this.#kept;
    const amounts = this.#amounts;
    let reduced = 0;
    for (let group = 0; group < groups; group++) {
      const from = starts[group];
      const to = starts[group + 1];
      const count = this.#reducer.keep(words, order, from, to);
      if (count === 0) continue;
      kept[reduced] = count;
      starts[reduced] = from;
      this.#reducer.reduce(words, order, from, from + count, amounts, reduced * values);
      this.#visit?.({ group: reduced, rows, order, from, kept: count, records: to - from });
      reduced += 1;
    }
    starts[reduced] = starts[groups];
    return reduced;
  }

  #reserveGroups(groups: number): void {
    if (this.#kept.length >= groups) return;
    const capacity = Math.ceil(groups * 1.25);
    this.#kept = new Uint32Array(capacity);
    this.#amounts = new Uint32Array(capacity * this.#values);
    this.#messages = new BigUint64Array(capacity * 8);
    this.#halves = new BigUint64Array(capacity * 4);
    this.#leaves = new Uint8Array(capacity * 32);
    this.#keys = new BigUint64Array(capacity * 2);
  }

  /** leaf = sha256( sha256(key ‖ kept ‖ zero ‖ group root) ‖ amountsDigest ), four bulk calls for groups of
   *  three. */
  #hashGroups(rows: BigUint64Array, { order, starts }: OrderedGroups, groups: number): void {
    const messages = this.#messages;
    const messageWords = new Uint32Array(messages.buffer);
    this.#groupRoots.write(rows, order, starts, this.#kept, groups, messages);
    for (let group = 0; group < groups; group++) {
      const key = order[starts[group]] * headQuads;
      const to = group * 8;
      messages[to] = rows[key];
      messages[to + 1] = rows[key + 1];
      this.#keys[group * 2] = rows[key];
      this.#keys[group * 2 + 1] = rows[key + 1];
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
