/** Merges the parts of a block: each distinct segment once, whichever parts list it, and which parts count.
 *  */
import { type CheckedSegment, limits, PartCheck, type PartReason } from '#protocol';
import { sequenceConflicts } from './sequence-conflicts.js';

/** What a block's parts came to. */
export interface MergedParts {
  /** Bit i: participant i's part counts. */
  readonly validParts: number;
  readonly invalidParts: readonly (readonly [participant: number, reason: PartReason])[];
  /** A byte a segment number: 1 if a part that counts holds it. */
  readonly alive: Uint8Array;
  readonly areAllAlive: boolean;
  readonly sequenceConflicts: readonly (readonly [author: number, sequence: bigint])[];
}

export interface DistinctSegment {
  readonly segment: number;
  /** Its 64 bytes in the manifests that list it. */
  readonly row: Uint8Array;
}

/** Feed it every part, then every distinct segment's outcome, then `finish`. */
export class PartMerge {
  readonly #rules: { readonly roles: readonly number[]; readonly authorBytesMax: number };
  readonly #numbers = new Map<string, number>();
  readonly #reasons: (PartReason | undefined)[] = [];
  readonly #keys: (Uint8Array | undefined)[] = [];
  readonly #parts = new Map<number, Uint32Array | PartReason>();

  constructor(rules: { readonly roles: readonly number[]; readonly authorBytesMax: number }) {
    this.#rules = rules;
  }

  /** Distinct segments so far. */
  get segments(): number {
    return this.#numbers.size;
  }

  /** A part whose manifest's rows are known; returns those segments that no part before had. */
  addPart(participant: number, rows: Uint8Array): DistinctSegment[] {
    const distinct: DistinctSegment[] = [];
    const segments = new Uint32Array(rows.length / limits.manifestRowBytes);
    for (let at = 0; at < segments.length; at++) {
      const row = rows.subarray(at * limits.manifestRowBytes, (at + 1) * limits.manifestRowBytes);
      const name = Buffer.from(row.buffer, row.byteOffset, row.length).toString('latin1');
      let segment = this.#numbers.get(name);
      if (segment === undefined) {
        segment = this.#numbers.size;
        this.#numbers.set(name, segment);
        distinct.push({ segment, row });
      }
      segments[at] = segment;
    }
    this.#parts.set(participant, segments);
    return distinct;
  }

  /** A part that is known not to count. Participants that are never named have posted none. */
  addInvalid(participant: number, reason: PartReason): void {
    this.#parts.set(participant, reason);
  }

  /** What a distinct segment turned out to be; its keys are kept. */
  setChecked(segment: number, checked: Pick<CheckedSegment, 'reason' | 'keys'>): void {
    this.#reasons[segment] = checked.reason;
    this.#keys[segment] = checked.keys;
  }

  finish(): MergedParts {
    const invalidParts: (readonly [number, PartReason])[] = [];
    const alive = new Uint8Array(this.segments);
    let validParts = 0;
    for (let participant = 0; participant < this.#rules.roles.length; participant++) {
      const part = this.#parts.get(participant) ?? 'missing';
      const reason = typeof part === 'string' ? part : this.#reasonOf(part);
      if (reason !== undefined) {
        invalidParts.push([participant, reason]);
        continue;
      }
      validParts |= 1 << participant;
      for (const segment of part as Uint32Array) alive[segment] = 1;
    }
    const keys = this.#keys.filter((some, segment) => some !== undefined && alive[segment] === 1);
    return {
      validParts,
      invalidParts,
      alive,
      areAllAlive: !alive.includes(0),
      sequenceConflicts: sequenceConflicts(keys as Uint8Array[]),
    };
  }

  #reasonOf(segments: Uint32Array): PartReason | undefined {
    const check = new PartCheck(this.#rules);
    for (const segment of segments) {
      const keys = this.#keys[segment];
      if (keys === undefined) throw new Error(`segment ${segment} was never checked`);
      check.add({ reason: this.#reasons[segment], keys });
    }
    return check.reason;
  }
}
