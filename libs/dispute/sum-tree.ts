/**
 * A settlement tree with all its levels, to open any node of it and to find where another tree differs: a
 * column of contents and one of amounts a level, no object an entry.
 */
import { hash64Into, merkleRoot } from '#crypto';
import { concatBytes, equalBytes, viewOf } from '#encoding';
import { amountsDigest, type EntryPosition, type Nano } from '#protocol';
import { AmountDigests, addAmountPairs, type BucketOutput, bytesOf } from '#reduction';
import { openingOf } from './tree-shape.js';

/** Entries of a piece of a column: columns grow by pieces, and nothing is copied to make a longer one. */
const pieceEntries = 65_536;
/** Entries hashed in one bulk call. */
const tileEntries = 2_048;

interface Level {
  readonly count: number;
  /** 32 bytes an entry: what is hashed with its amounts. */
  readonly contents: readonly Uint8Array[];
  /** High and low word a participant, as in `AmountDigests`. */
  readonly amounts: readonly Uint32Array[];
}

/** Bytes of an entry as an opening shows it: its content, then its amounts, four to a word. */
export function entryBytesOf(participants: number): number {
  return 32 + Math.ceil(participants / 4) * 32;
}

/** sha256(content ‖ root(amount words)) of an entry as an opening shows it. */
export function entryHashOf(entry: Uint8Array): Uint8Array {
  const message = concatBytes(entry.subarray(0, 32), merkleRoot(entry.subarray(32)));
  hash64Into(message, message);
  return message.slice(0, 32);
}

export class SumTree {
  readonly participants: number;
  readonly #levels: readonly Level[];
  readonly #hasher: EntryHasher;

  constructor(participants: number, leaves: Level) {
    this.participants = participants;
    this.#hasher = new EntryHasher(participants);
    const levels = [leaves];
    while (levels[levels.length - 1].count > 1) levels.push(this.#above(levels[levels.length - 1]));
    this.#levels = levels;
  }

  /** Of entries one after the other, as an opening shows them: the tree above them. */
  static ofEntries(participants: number, entries: Uint8Array): SumTree {
    const bytes = entryBytesOf(participants);
    const count = entries.length / bytes;
    const columns = new LeafColumns(participants);
    for (let at = 0; at < count; at++) columns.addEntry(entries.subarray(at * bytes, (at + 1) * bytes));
    return columns.finish();
  }

  /** Leaves. */
  get count(): number {
    return this.#levels[0].count;
  }

  get top(): EntryPosition {
    return { level: this.#levels.length - 1, index: 0 };
  }

  /** 32 zero bytes without leaves. */
  get settlementRoot(): Uint8Array {
    return this.count === 0 ? new Uint8Array(32) : this.hashAt(this.top);
  }

  hashAt({ level, index }: EntryPosition): Uint8Array {
    const { contents, amounts } = this.#pieceOf(level, index);
    const hash = new Uint8Array(32);
    this.#hasher.write(contents, amounts, index % pieceEntries, 1, hash);
    return hash;
  }

  /** As an opening shows it, see `entryBytesOf`. */
  entryAt({ level, index }: EntryPosition): Uint8Array {
    const out = new Uint8Array(entryBytesOf(this.participants));
    this.#writeEntry(level, index, out);
    return out;
  }

  amountsAt({ level, index }: EntryPosition): Nano[] {
    const { amounts } = this.#pieceOf(level, index);
    const from = (index % pieceEntries) * this.participants * 2;
    return Array.from(
      { length: this.participants },
      (_, at) => (BigInt(amounts[from + at * 2]) << 32n) | BigInt(amounts[from + at * 2 + 1]),
    );
  }

  /** The opening of a node: its descendants `openedLevels` below, or its leaves, at most 256 entries. */
  entriesBelow(node: EntryPosition): Uint8Array {
    const { level, first, count } = openingOf(BigInt(this.count), node);
    const bytes = entryBytesOf(this.participants);
    const out = new Uint8Array(count * bytes);
    for (let at = 0; at < count; at++) {
      this.#writeEntry(level, first + at, out.subarray(at * bytes, (at + 1) * bytes));
    }
    return out;
  }

  /**
   * The way up to `toLevel`: for each level with a sibling its hash and the parent's amountsDigest, 32 bytes
   * each. A carried entry has no sibling and adds nothing.
   */
  pathOf(entry: EntryPosition, toLevel = this.top.level): Uint8Array[] {
    const path: Uint8Array[] = [];
    let { index } = entry;
    for (let { level } = entry; level < toLevel; level++) {
      const sibling = index ^ 1;
      index >>= 1;
      if (sibling >= this.#levels[level].count) continue;
      path.push(this.hashAt({ level, index: sibling }));
      path.push(amountsDigest(this.amountsAt({ level: level + 1, index })));
    }
    return path;
  }

  /** Whether the tree has this entry at the place, and as many leaves below it. */
  hasEntry({ level, index }: EntryPosition, entry: Uint8Array): boolean {
    return index < this.#levels[level]?.count && equalBytes(this.entryAt({ level, index }), entry);
  }

  #writeEntry(level: number, index: number, out: Uint8Array): void {
    const { contents, amounts } = this.#pieceOf(level, index);
    const at = index % pieceEntries;
    const values = this.participants * 2;
    out.set(contents.subarray(at * 32, at * 32 + 32));
    const view = viewOf(out);
    for (let one = 0; one < values; one++) view.setUint32(32 + one * 4, amounts[at * values + one], false);
  }

  #pieceOf(level: number, index: number): { readonly contents: Uint8Array; readonly amounts: Uint32Array } {
    const found = this.#levels[level];
    if (found === undefined || index >= found.count) throw new RangeError(`no entry ${index} at ${level}`);
    const piece = Math.floor(index / pieceEntries);
    return { contents: found.contents[piece], amounts: found.amounts[piece] };
  }

  #above(below: Level): Level {
    const values = this.participants * 2;
    const count = Math.ceil(below.count / 2);
    const contents: Uint8Array[] = [];
    const amounts: Uint32Array[] = [];
    const hashes = new Uint8Array(tileEntries * 32);
    for (let from = 0; from < count; from += pieceEntries) {
      const inPiece = Math.min(pieceEntries, count - from);
      contents.push(new Uint8Array(inPiece * 32));
      amounts.push(new Uint32Array(inPiece * values));
    }
    for (let from = 0; from < below.count; from += tileEntries) {
      const take = Math.min(tileEntries, below.count - from);
      const piece = Math.floor(from / pieceEntries);
      const at = from % pieceEntries;
      const to = (from / 2) % pieceEntries;
      const above = Math.floor(from / 2 / pieceEntries);
      const pairs = take >> 1;
      const found = below.contents[piece];
      const sums = below.amounts[piece];
      this.#hasher.write(found, sums, at, pairs * 2, hashes);
      hash64Into(hashes.subarray(0, pairs * 64), contents[above].subarray(to * 32));
      const parents = amounts[above].subarray(to * values);
      addAmountPairs(sums.subarray(at * values), parents, pairs, values);
      if ((take & 1) === 0) continue;
      const last = at + take - 1;
      contents[above].set(found.subarray(last * 32, last * 32 + 32), (to + pairs) * 32);
      parents.set(sums.subarray(last * values, (last + 1) * values), pairs * values);
    }
    return { count, contents, amounts };
  }
}

/** Takes the leaves in order, bucket by bucket, and makes the tree of them. */
export class LeafColumns {
  readonly #participants: number;
  readonly #values: number;
  readonly #contents: Uint8Array[] = [];
  readonly #amounts: Uint32Array[] = [];
  #count = 0;

  constructor(participants: number) {
    this.#participants = participants;
    this.#values = participants * 2;
  }

  add({ halves, amounts, groups }: Pick<BucketOutput, 'halves' | 'amounts' | 'groups'>): void {
    for (let from = 0; from < groups; ) {
      const at = this.#count % pieceEntries;
      const take = Math.min(groups - from, pieceEntries - at);
      const piece = this.#reserve(at + take);
      this.#contents[piece].set(halves.subarray(from * 32, (from + take) * 32), at * 32);
      const values = amounts.subarray(from * this.#values, (from + take) * this.#values);
      this.#amounts[piece].set(values, at * this.#values);
      this.#count += take;
      from += take;
    }
  }

  /** One leaf as an opening shows it. */
  addEntry(entry: Uint8Array): void {
    const view = viewOf(entry);
    const amounts = Uint32Array.from({ length: this.#values }, (_, at) => view.getUint32(32 + at * 4, false));
    this.add({ halves: entry.subarray(0, 32), amounts, groups: 1 });
  }

  finish(): SumTree {
    const leaves = { count: this.#count, contents: this.#contents, amounts: this.#amounts };
    return new SumTree(this.#participants, leaves);
  }

  /**
   * The piece of the next leaf, with room for so many; only the first grows, so that small trees are small.
   */
  #reserve(entries: number): number {
    const piece = Math.floor(this.#count / pieceEntries);
    const capacity = piece > 0 ? pieceEntries : Math.max(16, 2 ** Math.ceil(Math.log2(entries)));
    const held = this.#contents[piece];
    if (held !== undefined && held.length >= entries * 32) return piece;
    const contents = new Uint8Array(capacity * 32);
    const amounts = new Uint32Array(capacity * this.#values);
    if (held !== undefined) {
      contents.set(held);
      amounts.set(this.#amounts[piece]);
    }
    this.#contents[piece] = contents;
    this.#amounts[piece] = amounts;
    return piece;
  }
}

/** Hashes of many entries in one bulk call. */
class EntryHasher {
  readonly #values: number;
  readonly #digests: AmountDigests;
  readonly #messages = new Uint32Array(tileEntries * 16);

  constructor(participants: number) {
    this.#values = participants * 2;
    this.#digests = new AmountDigests(participants);
  }

  /** Of `count` entries from `at` on, at most `tileEntries`, 32 bytes each. */
  write(contents: Uint8Array, amounts: Uint32Array, at: number, count: number, hashes: Uint8Array): void {
    const messages = this.#messages;
    const words = new Uint32Array(contents.buffer, contents.byteOffset + at * 32, count * 8);
    for (let entry = 0; entry < count; entry++) {
      const from = entry * 8;
      const to = entry * 16;
      for (let word = 0; word < 8; word++) messages[to + word] = words[from + word];
    }
    this.#digests.write(amounts.subarray(at * this.#values), count, messages);
    hash64Into(bytesOf(messages, count * 16), hashes);
  }
}
