/** Block reduction in one thread with the whole block in memory: for small blocks and tests. */
import { type Hex, toHex } from '#encoding';
import type { PartStore } from '#part-store';
import { limits, type PartCommitment, pageCount, rowsOfManifest } from '#protocol';
import { reduceSealedBlock } from '#reduction';
import type { ReduceBlock } from './reduce-port.js';

export function reduceInMemory(partStore: PartStore): ReduceBlock {
  return async ({ rules, terms, parts, validator }) => {
    const stored = await fetchAll(
      partStore,
      parts.map((part) => part.commitment),
    );
    return reduceSealedBlock(terms, rules, parts, (digest) => stored.get(toHex(digest)), validator);
  };
}

/** Everything of the parts that the store has, by digest. */
async function fetchAll(
  partStore: PartStore,
  commitments: readonly PartCommitment[],
): Promise<ReadonlyMap<Hex, Uint8Array>> {
  const found = new Map<Hex, Uint8Array>();
  const fetchOne = async (digest: Uint8Array): Promise<Uint8Array | undefined> => {
    const bytes = found.get(toHex(digest)) ?? (await partStore.get(digest));
    if (bytes !== undefined) found.set(toHex(digest), bytes);
    return bytes;
  };
  for (const commitment of commitments) {
    const index = await fetchOne(commitment.indexHash);
    const pages: (Uint8Array | undefined)[] = [];
    for (let at = 0; index !== undefined && at < pageCount(commitment); at++) {
      pages.push(at * 32 < index.length ? await fetchOne(index.subarray(at * 32, at * 32 + 32)) : undefined);
    }
    const manifest = rowsOfManifest(commitment, index, pages);
    if (!('rows' in manifest)) continue;
    for (let at = 0; at < manifest.rows.length; at += limits.manifestRowBytes) {
      await fetchOne(manifest.rows.subarray(at, at + 32));
    }
  }
  return found;
}
