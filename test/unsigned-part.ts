/** A part whose headers nobody reads: reduction looks at counts and records only. */
import { limits } from '#protocol';

/** The records in batches of `batchRecords` each. */
export function unsignedPart(
  records: readonly Uint8Array[],
  batchRecords: number = limits.batchRecordsMax,
): Uint8Array {
  const batches: Uint8Array[] = [];
  for (let at = 0; at < records.length; at += batchRecords) {
    const some = records.slice(at, at + batchRecords);
    const header = new Uint8Array(limits.batchHeaderBytes);
    new DataView(header.buffer).setUint32(24, some.length, true);
    batches.push(header, ...some);
  }
  return new Uint8Array(Buffer.concat(batches));
}
