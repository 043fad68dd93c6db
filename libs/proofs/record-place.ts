/** Where a record stands in a block part: from its bytes up to what was posted (wire-formats.md 5). */
import { hash64Into, merklePath, recoverSigner, rootFromPath, sha256 } from '#crypto';
import { type Address, concatBytes, equalBytes, fromHex, type Hex, toHex } from '#encoding';
import {
  BatchHasher,
  type BatchHeader,
  batchAt,
  batchBytes,
  batchCount,
  forEachBatch,
  type HeaderPlace,
  headerFault,
  limits,
  type PartCommitment,
  parseHeader,
  type RecordPlace,
  type RowPlace,
  recordAt,
} from '#protocol';

/** A part that was opened: its segments in order, and a row of the manifest for each. */
export interface OpenedSegments {
  readonly segments: readonly Uint8Array[];
  readonly rows: Uint8Array;
}

/** The first place of each of the records, by the hex of its hash; those that the part lacks have none. */
export function placesIn(
  { segments, rows }: OpenedSegments,
  recordHashes: ReadonlySet<Hex>,
): ReadonlyMap<Hex, RecordPlace> {
  const search = new PlaceSearch(recordHashes);
  for (const [segmentIndex, segment] of segments.entries()) {
    if (search.found.size === recordHashes.size) break;
    search.look(rows, segmentIndex, segment);
  }
  return search.found;
}

/** Looks for the first place of each of the records, segment by segment of one part. */
export class PlaceSearch {
  readonly found = new Map<Hex, RecordPlace>();
  readonly #wanted: WantedHashes;

  constructor(recordHashes: ReadonlySet<Hex>) {
    this.#wanted = new WantedHashes(recordHashes);
  }

  look(rows: Uint8Array, segmentIndex: number, segment: Uint8Array): void {
    forEachBatch(segment, (from, bytes) => {
      const batch = segment.subarray(from, from + bytes);
      for (const [hash, recordIndex] of this.#wanted.in(batch)) {
        if (this.found.has(hash)) continue;
        this.found.set(hash, placeOf(rows, segmentIndex, segment, from, recordIndex));
      }
    });
  }
}

/** Finds few hashes among those of many records: all are hashed in bulk, hardly any is looked at twice. */
class WantedHashes {
  readonly #hashes: ReadonlySet<Hex>;
  readonly #beginnings: ReadonlySet<number>;
  readonly #found = new Uint8Array(limits.batchRecordsMax * 32);

  constructor(hashes: ReadonlySet<Hex>) {
    this.#hashes = hashes;
    this.#beginnings = new Set([...hashes].map((hash) => beginningOf(fromHex(hash), 0)));
  }

  /** Those that records of the batch have, with the records' numbers in it. */
  in(batch: Uint8Array): (readonly [Hex, number])[] {
    const records = batch.length - limits.batchHeaderBytes;
    const hashes = this.#found.subarray(0, records / 2);
    hash64Into(batch.subarray(limits.batchHeaderBytes), hashes);
    const found: (readonly [Hex, number])[] = [];
    for (let at = 0; at < hashes.length; at += 32) {
      if (!this.#beginnings.has(beginningOf(hashes, at))) continue;
      const hash = toHex(hashes.subarray(at, at + 32));
      if (this.#hashes.has(hash)) found.push([hash, at / 32]);
    }
    return found;
  }
}

function beginningOf(hash: Uint8Array, at: number): number {
  return (hash[at] | (hash[at + 1] << 8) | (hash[at + 2] << 16) | (hash[at + 3] << 24)) >>> 0;
}

/** The place of a record of the batch at `from` of a segment. */
function placeOf(
  rows: Uint8Array,
  segmentIndex: number,
  segment: Uint8Array,
  from: number,
  recordIndex: number,
): RecordPlace {
  const records = segment.subarray(
    from + limits.batchHeaderBytes,
    from + batchBytes(batchCount(segment, from)),
  );
  const hashes = new Uint8Array(records.length / 2);
  hash64Into(records, hashes);
  const at = recordIndex * limits.recordBytes;
  return {
    record: records.slice(at, at + limits.recordBytes),
    recordIndex,
    recordPath: merklePath(hashes, recordIndex),
    ...headerPlace(segment, from),
    ...rowPlace(rows, segmentIndex),
  };
}

/** Of the batch that begins at `from`. */
export function headerPlace(segment: Uint8Array, from: number): HeaderPlace {
  const hashes: Uint8Array[] = [];
  let batchIndex = 0;
  forEachBatch(segment, (at) => {
    if (at === from) batchIndex = hashes.length;
    hashes.push(sha256(headerAt(segment, at)));
  });
  const batchPath = merklePath(concatBytes(...hashes), batchIndex);
  return { header: headerAt(segment, from), batchIndex, batches: hashes.length, batchPath };
}

export function rowPlace(rows: Uint8Array, segmentIndex: number): RowPlace {
  const bytes = limits.manifestRowBytes;
  const hashes = new Uint8Array(rows.length / 2);
  hash64Into(rows, hashes);
  const sealedDigest = rows.slice(segmentIndex * bytes, segmentIndex * bytes + 32);
  return { sealedDigest, segmentIndex, rowPath: merklePath(hashes, segmentIndex) };
}

export type PlaceFault = 'header' | 'author' | 'recordsRoot' | 'segmentRoot' | 'partRoot' | 'signature';

/**
 * Whose record stands there: the header of its batch and the address that signed it; or the first step that
 * does not hold. Whether that address was the author's record key is for the caller.
 */
export function checkPlace(
  place: RecordPlace,
  commitment: Pick<PartCommitment, 'partRoot' | 'segmentCount'>,
  hasher: BatchHasher,
): { readonly header: BatchHeader; readonly signer: Address } | { readonly fault: PlaceFault } {
  const { record, header: bytes } = place;
  if (record.length !== limits.recordBytes || !isHeader(bytes)) return { fault: 'header' };
  const header = parseHeader(bytes);
  if (record[recordAt.author] !== header.author) return { fault: 'author' };
  const recordsRoot = rootFromPath(sha256(record), place.recordIndex, header.count, place.recordPath);
  const stated = bytes.subarray(batchAt.recordsRoot, batchAt.recordsRoot + 32);
  if (recordsRoot === undefined || !equalBytes(recordsRoot, stated)) return { fault: 'recordsRoot' };
  const segmentRoot = rootFromPath(sha256(bytes), place.batchIndex, place.batches, place.batchPath);
  if (segmentRoot === undefined) return { fault: 'segmentRoot' };
  const row = sha256(concatBytes(place.sealedDigest, segmentRoot));
  const partRoot = rootFromPath(row, place.segmentIndex, commitment.segmentCount, place.rowPath);
  if (partRoot === undefined || !equalBytes(partRoot, commitment.partRoot)) return { fault: 'partRoot' };
  const signature = bytes.subarray(batchAt.signature, batchAt.padding);
  const signer = recoverSigner(hasher.digest(bytes), signature);
  return signer === undefined ? { fault: 'signature' } : { header, signer };
}

/** A header by itself is of good shape where a batch of as many records would be. */
function isHeader(bytes: Uint8Array): boolean {
  if (bytes.length !== limits.batchHeaderBytes) return false;
  const count = batchCount(bytes);
  if (count < 1 || count > limits.batchRecordsMax) return false;
  const batch = new Uint8Array(batchBytes(count));
  batch.set(bytes);
  return headerFault(batch) === undefined;
}

function headerAt(segment: Uint8Array, from: number): Uint8Array {
  return segment.slice(from, from + limits.batchHeaderBytes);
}
