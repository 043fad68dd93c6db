/** Records of one impression, and which of them the reducer keeps. */
import { sha256 } from '#crypto';
import { compareBytes, concatBytes, equalBytes, type Hex, toHex } from '#encoding';
import { limits, recordAt } from '#protocol';
import { explainRecords, type ReductionTerms } from '#reduction';

/** Of records one after the other, each by itself. */
export function eachRecord(records: Uint8Array): Uint8Array[] {
  return Array.from({ length: records.length / limits.recordBytes }, (_, at) =>
    records.subarray(at * limits.recordBytes, (at + 1) * limits.recordBytes),
  );
}

export function keyOfRecord(record: Uint8Array): Uint8Array {
  return record.slice(recordAt.impressionKey, recordAt.impressionKey + 16);
}

/**
 * What the reducer keeps of records of one impression, in the order of the leaf; nothing if all are tests.
 */
export function keptRecords(terms: ReductionTerms, records: Uint8Array): Uint8Array[] {
  const [impression] = explainRecords(terms, records);
  if (impression === undefined) return [];
  const byHash = new Map<Hex, Uint8Array>(eachRecord(records).map((one) => [toHex(sha256(one)), one]));
  return impression.keptHashes.map((hash) => byHash.get(toHex(hash)) as Uint8Array);
}

/** Whether keeping the record beside these, which are kept, changes what is kept. */
export function wouldChange(terms: ReductionTerms, kept: Uint8Array, record: Uint8Array): boolean {
  return !equalBytes(concatBytes(...keptRecords(terms, concatBytes(kept, record))), kept);
}

/**
 * How many of the ascending keys, 16 bytes each, are below `key`; with `orEqual` also the one that equals
 * it.
 */
export function keysBelow(keys: Uint8Array, key: Uint8Array, orEqual = false): number {
  let low = 0;
  let high = keys.length / 16;
  while (low < high) {
    const middle = (low + high) >> 1;
    const order = compareBytes(keys.subarray(middle * 16, middle * 16 + 16), key);
    if (order < 0 || (orEqual && order === 0)) low = middle + 1;
    else high = middle;
  }
  return low;
}
