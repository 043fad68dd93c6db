/** Where something stands in a block part: from its bytes up to what was posted (wire-formats.md 5). */
import type { PartCommitment } from './block-part.js';

/** Of a record. */
export interface RecordPlace {
  /** 64 bytes. */
  readonly record: Uint8Array;
  readonly recordIndex: number;
  readonly recordPath: readonly Uint8Array[];
  /** The first 192 bytes of its batch, the author's signature among them. */
  readonly header: Uint8Array;
  /** Of the batches of its segment. */
  readonly batchIndex: number;
  readonly batches: number;
  readonly batchPath: readonly Uint8Array[];
  /** Of the sealed segment, as the part store names it. */
  readonly sealedDigest: Uint8Array;
  readonly segmentIndex: number;
  readonly rowPath: readonly Uint8Array[];
}

/** Of the header of a batch in its segment. */
export type HeaderPlace = Pick<RecordPlace, 'header' | 'batchIndex' | 'batches' | 'batchPath'>;

/** Of a row of the manifest under the partRoot. */
export type RowPlace = Pick<RecordPlace, 'sealedDigest' | 'segmentIndex' | 'rowPath'>;

/** Of the header of a batch in a part. */
export type PlacedHeader = HeaderPlace & RowPlace;

/** A record where it stands in a posted part. */
export interface PlacedRecord {
  /** Whose part it is. */
  readonly participant: number;
  readonly commitment: PartCommitment;
  readonly place: RecordPlace;
}
