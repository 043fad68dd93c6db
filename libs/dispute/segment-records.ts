/** What opened segments of whole batches have of an impression. */
import { concatBytes } from '#encoding';
import { forEachBatch, limits, recordAt } from '#protocol';

/** All records of the impression, one after the other, as often as they are there. */
export function recordsIn(segment: Uint8Array, impressionKey: Uint8Array): Uint8Array {
  const found: Uint8Array[] = [];
  forEachBatch(segment, (from, bytes) => {
    for (let at = from + limits.batchHeaderBytes; at < from + bytes; at += limits.recordBytes) {
      if (hasKey(segment, at + recordAt.impressionKey, impressionKey)) {
        found.push(segment.subarray(at, at + limits.recordBytes));
      }
    }
  });
  return concatBytes(...found);
}

/** In place, because nearly all differ in the first byte. */
function hasKey(bytes: Uint8Array, at: number, key: Uint8Array): boolean {
  for (let one = 0; one < key.length; one++) if (bytes[at + one] !== key[one]) return false;
  return true;
}
