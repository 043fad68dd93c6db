/** Finds sequences that an author used for different batches of one block, over all parts that count. */
import { compareBytes, viewOf } from '#encoding';
import { batchKeyBytes } from '#protocol';

/** author u8 ‖ sequence u64: the part of a batch key before the root. */
const sequenceKeyBytes = 9;

/** `keys` are batch keys (wire-formats.md 4: n × `batchKeyBytes` each); the conflicts ascend. O(n log n). */
export function sequenceConflicts(keys: readonly Uint8Array[]): (readonly [number, bigint])[] {
  const ordered: Uint8Array[] = [];
  for (const some of keys) {
    for (let at = 0; at < some.length; at += batchKeyBytes) {
      ordered.push(some.subarray(at, at + batchKeyBytes));
    }
  }
  ordered.sort(compareBytes);
  const conflicts: (readonly [number, bigint])[] = [];
  let isNoted = false;
  for (let at = 1; at < ordered.length; at++) {
    const before = ordered[at - 1];
    const key = ordered[at];
    if (compareBytes(before.subarray(0, sequenceKeyBytes), key.subarray(0, sequenceKeyBytes)) !== 0) {
      isNoted = false;
    } else if (!isNoted && compareBytes(before, key) !== 0) {
      conflicts.push([key[0], viewOf(key).getBigUint64(1, false)]);
      isNoted = true;
    }
  }
  return conflicts;
}
