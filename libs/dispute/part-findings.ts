/**
 * What is wrong with a part, as a question can show it (protocol.md 8, "Which parts count"): the row at
 * fault, two headers that do not ascend, or that stand too many rows apart, or that it is not served.
 */
import { compareBytes } from '#encoding';
import {
  batchKeyBytes,
  type CheckedSegment,
  forEachBatch,
  type PartReason,
  type PlacedHeader,
  rowsMaxOf,
} from '#protocol';
import { headerPlace, rowPlace } from '#proofs';

export type PartFinding =
  /** Of two headers, the one in the earlier row is not below the other. */
  | { readonly fault: 'disorder'; readonly earlier: PlacedHeader; readonly later: PlacedHeader }
  /** Two headers of one author, as many rows apart as it may have, or more. */
  | { readonly fault: 'too-many-rows'; readonly earlier: PlacedHeader; readonly later: PlacedHeader }
  /** The first row that has not good bytes. */
  | { readonly fault: 'row'; readonly rowIndex: number; readonly reason: PartReason }
  /** Index, pages or a sealed segment are not to be had, or have not their digests. */
  | { readonly fault: 'not-served'; readonly reason: PartReason };

/** A batch in a segment that its row commits to: its header can be shown. */
interface ShownBatch {
  readonly row: number;
  readonly segment: Uint8Array;
  /** Where the batch begins. */
  readonly from: number;
}

/** Takes the segments of one part as they were checked, in the order of the rows; holds a few of them. */
export class PartFindings {
  readonly #rowsMax: number;
  readonly #firstOfAuthor = new Map<number, ShownBatch>();
  #rows = 0;
  #last: { readonly batch: ShownBatch; readonly key: Uint8Array } | undefined;
  #disorder: readonly [ShownBatch, ShownBatch] | undefined;
  #tooMany: readonly [ShownBatch, ShownBatch] | undefined;
  #row: { readonly rowIndex: number; readonly reason: PartReason } | undefined;
  #unserved: PartReason | undefined;

  constructor(rules: { readonly authorBytesMax: number }) {
    this.#rowsMax = rowsMaxOf(rules);
  }

  add({ reason, keys, plaintext }: Pick<CheckedSegment, 'reason' | 'keys' | 'plaintext'>): void {
    const row = this.#rows++;
    if (reason === 'unavailable' || reason === 'wrong-bytes') this.#unserved ??= reason;
    else if (reason !== undefined) this.#row ??= { rowIndex: row, reason };
    // Headers that do not lead to the row's segmentRoot show nothing.
    if (keys.length === 0 || reason === 'wrong-segment-root') return;
    const first = { row, segment: plaintext, from: 0 };
    const key = keys.subarray(0, batchKeyBytes);
    if (this.#last !== undefined && compareBytes(this.#last.key, key) >= 0) {
      this.#disorder ??= [this.#last.batch, first];
    }
    const last = { row, segment: plaintext, from: lastBatchAt(plaintext) };
    this.#last = { batch: last, key: keys.subarray(keys.length - batchKeyBytes) };
    const earliest = this.#firstOfAuthor.get(key[0]);
    if (earliest === undefined) this.#firstOfAuthor.set(key[0], first);
    else if (row - earliest.row >= this.#rowsMax) this.#tooMany ??= [earliest, first];
  }

  /** All of a part that was served to its rows: first what is decided at once, then what costs least. */
  finish(rows: Uint8Array): PartFinding[] {
    const placed = ({ row, segment, from }: ShownBatch): PlacedHeader => ({
      ...headerPlace(segment, from),
      ...rowPlace(rows, row),
    });
    const found: PartFinding[] = [];
    if (this.#disorder !== undefined) {
      const [earlier, later] = this.#disorder;
      found.push({ fault: 'disorder', earlier: placed(earlier), later: placed(later) });
    }
    if (this.#tooMany !== undefined) {
      const [earlier, later] = this.#tooMany;
      found.push({ fault: 'too-many-rows', earlier: placed(earlier), later: placed(later) });
    }
    if (this.#row !== undefined) found.push({ fault: 'row', ...this.#row });
    if (this.#unserved !== undefined) found.push({ fault: 'not-served', reason: this.#unserved });
    return found;
  }
}

/** Of a part whose commitment leads to no rows, see `walkManifest`. */
export function unservedManifest(reason: PartReason): PartFinding {
  return { fault: 'not-served', reason };
}

function lastBatchAt(segment: Uint8Array): number {
  let last = 0;
  forEachBatch(segment, (at) => {
    last = at;
  });
  return last;
}
