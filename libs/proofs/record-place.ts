/** Where a record stands in a block part: from its bytes up to what was posted (wire-formats.md 5). */
import { merklePath, recoverSigner, rootFromPath, sha256 } from '#crypto';
import { type Address, concatBytes, equalBytes, type Hex, toHex } from '#encoding';
import {
  BatchHasher,
  type BatchHeader,
  batchAt,
  batchBytes,
  batchCount,
  headerFault,
  limits,
  type PartCommitment,
  parseHeader,
  recordAt,
} from '#protocol';

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
  const found = new Map<Hex, RecordPlace>();
  for (const [segmentIndex, segment] of segments.entries()) {
    const batches = batchesOf(segment);
    for (const [batchIndex, batch] of batches.entries()) {
      const hashes = recordHashesOf(batch);
      for (let at = 0; at < hashes.length / 32; at++) {
        const hash = toHex(hashes.subarray(at * 32, at * 32 + 32));
        if (!recordHashes.has(hash) || found.has(hash)) continue;
        found.set(hash, {
          record: recordOf(batch, at),
          recordIndex: at,
          recordPath: merklePath(hashes, at),
          header: headerOf(batch),
          batchIndex,
          batches: batches.length,
          batchPath: merklePath(concatBytes(...batches.map((one) => sha256(headerOf(one)))), batchIndex),
          sealedDigest: rows.slice(
            segmentIndex * limits.manifestRowBytes,
            segmentIndex * limits.manifestRowBytes + 32,
          ),
          segmentIndex,
          rowPath: merklePath(rowHashesOf(rows), segmentIndex),
        });
      }
    }
  }
  return found;
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

function batchesOf(segment: Uint8Array): Uint8Array[] {
  const batches: Uint8Array[] = [];
  for (let at = 0; at < segment.length; ) {
    const bytes = batchBytes(batchCount(segment, at));
    batches.push(segment.subarray(at, at + bytes));
    at += bytes;
  }
  return batches;
}

function headerOf(batch: Uint8Array): Uint8Array {
  return batch.slice(0, limits.batchHeaderBytes);
}

function recordOf(batch: Uint8Array, index: number): Uint8Array {
  const at = limits.batchHeaderBytes + index * limits.recordBytes;
  return batch.slice(at, at + limits.recordBytes);
}

function recordHashesOf(batch: Uint8Array): Uint8Array {
  return concatBytes(...Array.from({ length: batchCount(batch) }, (_, at) => sha256(recordOf(batch, at))));
}

function rowHashesOf(rows: Uint8Array): Uint8Array {
  const bytes = limits.manifestRowBytes;
  const count = rows.length / bytes;
  return concatBytes(
    ...Array.from({ length: count }, (_, at) => sha256(rows.subarray(at * bytes, (at + 1) * bytes))),
  );
}
