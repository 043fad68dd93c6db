/** A block whose parts one holds opened, in memory: its tree with keys, and whatever a move wants of it. */
import { sha256 } from '#crypto';
import { concatBytes, type Hex, toHex } from '#encoding';
import { limits, type PartCommitment, type PlacedRecord } from '#protocol';
import { type OpenedSegments, placesIn } from '#proofs';
import { type ReductionTerms, reduceSegments } from '#reduction';
import type { Found, MoveSteps, OwnTree, Want } from './accusation.js';
import { OwnTreeBuild } from './own-tree.js';
import { recordsIn } from './segment-records.js';

/** A part that counts, checked before; parts that list the same row share its segment's bytes. */
export interface HeldPart extends OpenedSegments {
  readonly participant: number;
  readonly commitment: PartCommitment;
}

export class HeldBlock {
  readonly own: OwnTree;
  readonly #parts: readonly HeldPart[];
  readonly #distinct: readonly Uint8Array[];

  constructor(terms: ReductionTerms, parts: readonly HeldPart[]) {
    this.#parts = parts;
    this.#distinct = distinctSegments(parts);
    const build = new OwnTreeBuild(terms.roles.length);
    reduceSegments(terms, this.#distinct, build.visit);
    this.own = build.finish(parts.reduce((bits, { participant }) => bits | (1 << participant), 0));
  }

  /** Runs a move to its end. */
  made<Move>(steps: MoveSteps<Move>): Move {
    let step = steps.next();
    while (step.done !== true) step = steps.next(this.#find(step.value));
    return step.value;
  }

  #find(want: Want): Found {
    if (want.wants === 'place') return { placed: this.placeOf(want.record) };
    return { records: concatBytes(...this.#distinct.map((one) => recordsIn(one, want.impressionKey))) };
  }

  placeOf(record: Uint8Array): PlacedRecord | undefined {
    const hash = toHex(sha256(record));
    for (const { participant, commitment, ...part } of this.#parts) {
      const place = placesIn(part, new Set([hash])).get(hash);
      if (place !== undefined) return { participant, commitment, place };
    }
    return undefined;
  }
}

function distinctSegments(parts: readonly HeldPart[]): Uint8Array[] {
  const byRow = new Map<Hex, Uint8Array>();
  for (const { segments, rows } of parts) {
    for (const [at, segment] of segments.entries()) {
      byRow.set(
        toHex(rows.subarray(at * limits.manifestRowBytes, (at + 1) * limits.manifestRowBytes)),
        segment,
      );
    }
  }
  return [...byRow.values()];
}
