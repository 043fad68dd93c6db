/** Reads the records of a state file in order, in pieces that hold at least one whole record each. */
import type { OpenFile } from '#environment';
import { parseRecord, recordBytesMax, type StateRecord } from './state-format.js';

const chunkBytes = 2 * recordBytesMax;

/** Where the records ended, and why if that is before the end that was asked for and `take` wanted more. */
export interface ScanEnd {
  readonly at: number;
  readonly why?: string;
}

/**
 * Hands on the records between `begin` and `end` as long as they are whole and `take` wants them; `next` is
 * where the one after begins.
 */
export async function scanRecords(
  file: OpenFile,
  { begin, end }: { readonly begin: number; readonly end: number },
  take: (record: StateRecord, next: number) => boolean,
): Promise<ScanEnd> {
  for (let base = begin; base < end; ) {
    const room = new Uint8Array(Math.min(end - base, chunkBytes));
    const chunk = room.subarray(0, await file.read(room, base));
    let at = 0;
    while (at < chunk.length) {
      const found = parseRecord(chunk, at, base);
      if (found.kind === 'cut' && at > 0 && base + chunk.length < end) break;
      if (found.kind === 'cut') return { at: base + at, why: 'the record is longer than the file' };
      if (found.kind === 'broken') return { at: base + at, why: found.why };
      if (!take(found.record, base + found.next)) return { at: base + at };
      at = found.next;
    }
    base += at;
    if (chunk.length < room.length) return { at: base, why: `the file ends there, and not at ${end}` };
  }
  return { at: end };
}
