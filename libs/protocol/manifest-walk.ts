/**
 * From a part's commitment over index and pages to its rows (wire-formats.md 5): which blocks are needed
 * next, and what they come to. Whoever reads a part walks so, whether it fetches from afar or holds all.
 */
import { sha256 } from '#crypto';
import { concatBytes, equalBytes } from '#encoding';
import { type PartCommitment, partRootOf } from './block-part.js';
import { manifestPageRows, manifestRowBytes } from './limits.js';
import type { PartReason } from './part-validity.js';

/** The rows of the manifest, 64 bytes a segment, or why the commitment does not lead to any. */
export type ManifestEnd = { readonly rows: Uint8Array } | { readonly reason: PartReason };

/** For each digest that was asked for what is stored under it, or undefined if there is nothing. */
export type FoundBlocks = readonly (Uint8Array | undefined)[];

/**
 * Yields the digests that are needed next and takes what was found. Blocks that cannot be of use are never
 * asked for: none of an empty part, for which nothing need be stored, and no pages of another index.
 */
export function* walkManifest(
  commitment: PartCommitment,
): Generator<readonly Uint8Array[], ManifestEnd, FoundBlocks> {
  const pages = Math.ceil(commitment.segmentCount / manifestPageRows);
  const [index] = pages === 0 ? [new Uint8Array(0)] : yield [commitment.indexHash];
  if (index === undefined) return { reason: 'unavailable' };
  if (!equalBytes(sha256(index), commitment.indexHash) || index.length !== pages * 32) {
    return { reason: 'wrong-bytes' };
  }
  const digests = Array.from({ length: pages }, (_, page) => index.slice(page * 32, page * 32 + 32));
  const found = pages === 0 ? [] : yield digests;
  if (found.length !== pages) throw new Error(`${found.length} answers to ${pages} questions`);
  if (found.includes(undefined)) return { reason: 'unavailable' };
  return rowsOf(commitment, digests, found as readonly Uint8Array[]);
}

function rowsOf(
  commitment: PartCommitment,
  digests: readonly Uint8Array[],
  pages: readonly Uint8Array[],
): ManifestEnd {
  for (const [at, page] of pages.entries()) {
    if (!equalBytes(sha256(page), digests[at])) return { reason: 'wrong-bytes' };
    // Every page is full but the last, which holds the rest.
    const rows = Math.min(manifestPageRows, commitment.segmentCount - at * manifestPageRows);
    if (page.length !== rows * manifestRowBytes) return { reason: 'wrong-bytes' };
  }
  const rows = concatBytes(...pages);
  return equalBytes(partRootOf(rows), commitment.partRoot) ? { rows } : { reason: 'wrong-bytes' };
}

/** The walk of whoever has everything at hand. */
export function walkManifestOf(
  commitment: PartCommitment,
  stored: (digest: Uint8Array) => Uint8Array | undefined,
): ManifestEnd {
  const walk = walkManifest(commitment);
  let step = walk.next();
  while (step.done !== true) step = walk.next(step.value.map(stored));
  return step.value;
}
