/** Records proved from their bytes to a part's root, as the vectors have them and as the product makes them. */
import { merklePath, rootFromPath, sha256 } from '#crypto';
import { concatBytes, type Digest, equalBytes, fromHex, type Hex, toHex } from '#encoding';
import { forEachBatch, limits, parseHeader, sealSegment } from '#protocol';
import type { VectorCheck } from './check.js';

export interface ProofJson {
  /** Name of the part that the record is in. */
  readonly part: string;
  readonly record: Hex;
  readonly recordIndex: number;
  readonly count: number;
  readonly recordPath: Hex[];
  readonly header: Hex;
  readonly batchIndex: number;
  readonly batches: number;
  readonly batchPath: Hex[];
  readonly segmentRoot: Digest;
  readonly sealedDigest: Digest;
  readonly segmentIndex: number;
  readonly segmentCount: number;
  readonly rowPath: Hex[];
  readonly partRoot: Digest;
}

/** Whether the proof leads from the record to the part's root, step by step. */
function provesRecord(proof: ProofJson): boolean {
  const [record, headerBytes] = [fromHex(proof.record), fromHex(proof.header)];
  if (record.length !== limits.recordBytes || headerBytes.length !== limits.batchHeaderBytes) return false;
  const header = parseHeader(headerBytes);
  const leads = (
    leaf: Uint8Array,
    index: number,
    count: number,
    path: readonly Hex[],
    root: Hex,
  ): boolean => {
    const found = rootFromPath(leaf, index, count, path.map(fromHex));
    return found !== undefined && equalBytes(found, fromHex(root));
  };
  const row = concatBytes(fromHex(proof.sealedDigest), fromHex(proof.segmentRoot));
  return (
    header.author === record[2] &&
    leads(sha256(record), proof.recordIndex, header.count, proof.recordPath, header.recordsRoot) &&
    leads(sha256(headerBytes), proof.batchIndex, proof.batches, proof.batchPath, proof.segmentRoot) &&
    leads(sha256(row), proof.segmentIndex, proof.segmentCount, proof.rowPath, proof.partRoot)
  );
}

type Block = Parameters<typeof sealSegment>[0];

/** The proof of a place, made from the part's segments. */
function proofOf(block: Block, segments: readonly Uint8Array[], place: ProofJson): unknown {
  const hashes = (some: readonly Uint8Array[]): Uint8Array => concatBytes(...some.map((one) => sha256(one)));
  const batches: Uint8Array[] = [];
  const text = segments[place.segmentIndex];
  forEachBatch(text, (at, bytes) => batches.push(text.subarray(at, at + bytes)));
  const headers = batches.map((one) => one.subarray(0, limits.batchHeaderBytes));
  const batch = batches[place.batchIndex].subarray(limits.batchHeaderBytes);
  const records = Array.from({ length: batch.length / limits.recordBytes }, (_, at) =>
    batch.subarray(at * limits.recordBytes, (at + 1) * limits.recordBytes),
  );
  const rows = segments.map((one) => sealSegment(block, one).row);
  return {
    record: toHex(records[place.recordIndex]),
    count: records.length,
    recordPath: merklePath(hashes(records), place.recordIndex).map(toHex),
    header: toHex(headers[place.batchIndex]),
    batches: batches.length,
    batchPath: merklePath(hashes(headers), place.batchIndex).map(toHex),
    segmentRoot: toHex(rows[place.segmentIndex].subarray(32)),
    sealedDigest: toHex(rows[place.segmentIndex].subarray(0, 32)),
    segmentCount: segments.length,
    rowPath: merklePath(hashes(rows), place.segmentIndex).map(toHex),
  };
}

export function checkProof(
  proof: ProofJson,
  block: Block,
  segments: readonly Uint8Array[],
  check: VectorCheck,
): void {
  const name = `proof in ${proof.part}`;
  const { part: _, recordIndex, batchIndex, segmentIndex, partRoot, ...stated } = proof;
  check.equal(`${name}: made`, proofOf(block, segments, proof), stated);
  check.equal(`${name}: leads to the part`, provesRecord(proof), true);
  const flipped = (hex: Hex): Hex => `${hex.slice(0, -1)}${hex.endsWith('0') ? '1' : '0'}` as Hex;
  const others: Readonly<Record<string, ProofJson>> = {
    'another record': { ...proof, record: flipped(proof.record) },
    'another header': { ...proof, header: flipped(proof.header) },
    'another sealed segment': { ...proof, sealedDigest: flipped(proof.sealedDigest) as Digest },
    'another part': { ...proof, partRoot: flipped(partRoot) as Digest },
    'a record that is not there': { ...proof, recordIndex: proof.count },
    'a batch that is not there': { ...proof, batchIndex: proof.batches },
    'a segment that is not there': { ...proof, segmentIndex: proof.segmentCount },
    'a longer path': { ...proof, recordPath: [...proof.recordPath, partRoot] },
  };
  for (const [what, other] of Object.entries(others)) {
    check.equal(`${name}: ${what}`, provesRecord(other), false);
  }
}
