/** What is said in a dispute, as far as acts of the base chain take it (protocol.md 8). */
import type { PartCommitment } from './block-part.js';
import type { EntryPosition, OpenedLeaf } from './dispute-facts.js';
import type { PlacedHeader, PlacedRecord, RowPlace } from './part-place.js';

/** Of an opened node: the descendant that is to be opened next. */
export interface NamedEntry {
  readonly entry: EntryPosition;
  readonly entryHash: Uint8Array;
  /** Up to the node: of each step that is no carry the sibling and the parent's amountsDigest. */
  readonly path: readonly Uint8Array[];
}

/** The leaf before an opened one: enough for its key and its place. */
export interface LeftNeighbour {
  readonly impressionKey: Uint8Array;
  readonly kept: number;
  readonly recordsRoot: Uint8Array;
  readonly amountsDigest: Uint8Array;
  /** Up to the root, as of a named entry. */
  readonly path: readonly Uint8Array[];
}

export interface LeafOpening {
  /** The kept ones, 64 bytes each, in the order of the leaf. */
  readonly records: Uint8Array;
  /** Undefined of the first leaf. */
  readonly left: LeftNeighbour | undefined;
}

/** A record that a result lacks. */
export interface Omission {
  readonly shown: PlacedRecord;
  /** The opened leaf that it is held against; undefined of a tree without leaves. */
  readonly leaf: OpenedLeaf | undefined;
}

/** Where the doubted record of an opened leaf stands. */
export interface RecordAnswer {
  readonly leaf: OpenedLeaf;
  readonly placed: PlacedRecord;
}

/** A part as it was posted, by the participant whose it is. */
export interface PostedRow {
  readonly part: number;
  readonly rowIndex: number;
}

export interface RowDoubt extends PostedRow {
  readonly commitment: PartCommitment;
}

export interface RowPublication {
  readonly part: number;
  readonly commitment: PartCommitment;
  readonly row: RowPlace;
  /** The opened bytes. */
  readonly segment: Uint8Array;
}

/** The sealed bytes are not 16 more than what was published. */
export interface LengthDisproof {
  readonly sealed: Uint8Array;
}

/** The sealed bytes decrypt to something else at one place. */
export interface TextDisproof {
  readonly sealed: Uint8Array;
  readonly blockKey: Uint8Array;
  /** From the key's commitment to keysRoot. */
  readonly keyPath: readonly Uint8Array[];
  /** The 16 bytes begin at 16 × place. */
  readonly place: number;
  /** The published bytes around them, and their way under the root over all pieces. */
  readonly piece: Uint8Array;
  readonly piecePath: readonly Uint8Array[];
}

/** Two headers of a part that do not ascend, or of one author too many rows apart. */
export interface HeaderPair {
  readonly part: number;
  readonly commitment: PartCommitment;
  readonly earlier: PlacedHeader;
  readonly later: PlacedHeader;
}
