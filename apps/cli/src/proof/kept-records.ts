/** The records behind explained impressions: those whose hashes their leaves hold. */
import { hash64Into } from '#crypto';
import { limits } from '#protocol';
import type { ExplainedImpression } from '#reduction';

/**
 * Of each of the impressions the kept records, 64 bytes each, in the order of its leaf. Walks all batches
 * once, and holds nothing of what is not asked for.
 */
export function keptRecords(
  impressions: readonly ExplainedImpression[],
  batches: readonly Uint8Array[],
): Uint8Array[][] {
  const wanted = new Map<string, Uint8Array | undefined>();
  for (const { keptHashes } of impressions)
    for (const hash of keptHashes) wanted.set(nameOf(hash), undefined);
  const hashes = new Uint8Array(limits.batchRecordsMax * 32);
  for (const batch of batches) {
    const records = batch.slice(limits.batchHeaderBytes);
    hash64Into(records, hashes);
    for (let at = 0; at * limits.recordBytes < records.length; at++) {
      const name = nameOf(hashes.subarray(at * 32, at * 32 + 32));
      if (!wanted.has(name)) continue;
      wanted.set(name, records.slice(at * limits.recordBytes, (at + 1) * limits.recordBytes));
    }
  }
  return impressions.map(({ keptHashes }) =>
    keptHashes.map((hash) => {
      const record = wanted.get(nameOf(hash));
      if (record === undefined) throw new Error('a record counts and stands in no batch');
      return record;
    }),
  );
}

function nameOf(hash: Uint8Array): string {
  return Buffer.from(hash.buffer, hash.byteOffset, 32).toString('latin1');
}
