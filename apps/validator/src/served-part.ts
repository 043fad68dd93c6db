/** Whether a part can be had as it was posted, without its key; and keeping it, for who says so serves it. */
import { sealTagBytes, sha256 } from '#crypto';
import { equalBytes } from '#encoding';
import type { Log } from '#environment';
import { PartReader, type PartStore } from '#part-store';
import { limits, type PartCommitment } from '#protocol';

/** `unsure`: something was not given, and no store surely lacks it. */
export type Served = 'held' | 'not-held' | 'unsure';

export interface ServedPartPorts {
  /** Where it is kept. */
  readonly partStore: PartStore;
  readonly otherStores?: readonly PartStore[];
  readonly log: Log;
}

const askMs = 10_000;
/** Blocks that are put together: some megabytes. */
const keptAtOnce = 64;
/** A segment of the largest size, sealed. */
const sealedBytesMax = limits.segmentBytesMax + sealTagBytes;

/**
 * Keeps index, pages and all sealed segments in the owner's name, unless something is missing or not so. What
 * was had stays held while others may still come: the next look goes on from there. `patienceMs`: how long
 * stores may take for all of it.
 */
export async function keepServed(
  commitment: PartCommitment,
  owner: string,
  patienceMs: number,
  { partStore, otherStores = [], log }: ServedPartPorts,
): Promise<Served> {
  const reader = new PartReader([partStore, ...otherStores], { askMs, patienceMs, log });
  const manifestBlocks = new Map<Uint8Array, Uint8Array>();
  const manifest = await reader.manifest(commitment, (digest, bytes) => manifestBlocks.set(digest, bytes));
  const missing = (): Served => (reader.unsureBlocks > 0 ? 'unsure' : 'not-held');
  if ('reason' in manifest) return missing();
  const segments = Array.from({ length: commitment.segmentCount }, (_, at) =>
    manifest.rows.slice(at * limits.manifestRowBytes, at * limits.manifestRowBytes + 32),
  );
  let piece: { readonly digest: Uint8Array; readonly bytes: Uint8Array }[] = [];
  // Held only once it is here: what is held and cannot be had is damage to a store, and no part's fault.
  const keepPiece = async (): Promise<void> => {
    await partStore.hold(
      owner,
      piece.map(({ digest }) => digest),
    );
    await partStore.putMany(piece.map(({ bytes }) => bytes));
    piece = [];
  };
  for (const [digest, bytes] of manifestBlocks) piece.push({ digest, bytes });
  let isWhole = true;
  let at = 0;
  for await (const bytes of reader.checkedBlocks(segments)) {
    const digest = segments[at++];
    if (bytes === undefined || bytes.length > sealedBytesMax || !equalBytes(sha256(bytes), digest)) {
      isWhole = false;
      // What is surely none is none whatever else there is.
      if (reader.unsureBlocks === 0) break;
      continue;
    }
    piece.push({ digest, bytes });
    if (piece.length >= keptAtOnce) await keepPiece();
  }
  if (isWhole || missing() === 'unsure') await keepPiece();
  else await partStore.release(owner);
  return isWhole ? 'held' : missing();
}
