/** What a reducer is: one pure function over the records of one impression, with an id, a version and a
 *  parameter codec. */
import type { ImpressionReason } from '#protocol';
import type { ImpressionTally } from './impression-tally.js';

/** Why parameters do not open a channel. */
export interface ParametersRefusal {
  readonly code: string;
  readonly detail: string;
}

export type DecodedParameters<Parameters> =
  | { readonly ok: true; readonly parameters: Parameters }
  | { readonly ok: false; readonly refusal: ParametersRefusal };

export interface Reducer<Parameters = unknown> {
  /** Name and version, as the terms write it: `rtb-impression/1`. */
  readonly id: string;
  /** Strict: what it accepts, `encodeParameters` gives back byte for byte. `roles` are those of the
   *  channel. */
  decodeParameters(bytes: Uint8Array, roles: readonly number[]): DecodedParameters<Parameters>;
  encodeParameters(parameters: Parameters): Uint8Array;
  /** What auditors get an audit, for the limit that keeps sums below 2^63. */
  auditorFeeNano(parameters: Parameters): bigint;
  open(parameters: Parameters, roles: readonly number[]): GroupReducer;
}

/** How one (impression, seller) pair ended, for exports. */
export interface ImpressionOutcome {
  /** Undefined for a reason that concerns the whole group. */
  readonly seller: number | undefined;
  readonly reason: ImpressionReason;
  readonly nano: bigint;
}

/** A reducer with its parameters; holds the memory of one group at a time, so one a thread. */
export interface GroupReducer {
  readonly tally: ImpressionTally;
  /**
   * Which of the distinct rows order[from, to) of one impression can decide: moves them to the front, in
   * order, and returns how many they are. None: the impression has no leaf.
   */
  keep(rows: Uint32Array, order: Uint32Array, from: number, to: number): number;
  /**
   * Reduces the kept rows order[from, to) of the impression; writes what each participant earns to `amounts`
   * from index `at` on, high and low word each, entry 0 the sum of the others.
   */
  reduce(
    rows: Uint32Array,
    order: Uint32Array,
    from: number,
    to: number,
    amounts: Uint32Array,
    at: number,
  ): void;
  /** How the group reduced last ended; a pair that has two reasons (`price-differs`) is there twice. */
  lastOutcomes(): ImpressionOutcome[];
  /** The same without an object of any: how many, and of each the seller (-1 without one), the index of its
   *  reason, the high and the low word of its amount. */
  readonly lastOutcomeCount: number;
  readonly lastOutcomeWords: Float64Array;
  /** Authors noted as contradictory and as flooding in the group kept and reduced last, as bits. */
  readonly lastContradictory: number;
  readonly lastFlooding: number;
}
