/** What the base chain knows of one block: facts only; the stage is computed from them (`stageOf`). */
import type { Hex } from '#encoding';

export interface PostedPart {
  readonly participant: number;
  readonly partRoot: Hex;
  readonly segmentCount: number;
  readonly indexHash: Hex;
  readonly postedAtSeconds: number;
}

/** A participant's seat: the validator whose commit under its delegation the chain accepted. */
export interface Seat {
  readonly participant: number;
  readonly validator: Hex;
  readonly binding: boolean;
  readonly nonce: bigint;
  readonly commitment: Hex;
  readonly committedAtSeconds: number;
  /** Absent until revealed. */
  readonly outputHash?: Hex;
  readonly revealedAtSeconds?: number;
}

/** A result that a participant revealed by itself, in the extension or late in the challenge period. */
export interface OwnResult {
  readonly participant: number;
  readonly outputHash: Hex;
  readonly revealedAtSeconds: number;
}

export interface Acceptance {
  readonly participant: number;
  readonly outputHash: Hex;
}

/** The fields behind a revealed outputHash. */
export interface RevealedResult {
  readonly outputHash: Hex;
  readonly settlementRoot: Hex;
  readonly impressionCount: bigint;
  readonly amountWords: readonly Hex[];
  readonly validParts: number;
}

export interface BlockFacts {
  readonly parts: readonly PostedPart[];
  readonly seats: readonly Seat[];
  readonly ownResults: readonly OwnResult[];
  readonly acceptances: readonly Acceptance[];
  /** Every distinct revealed result, ascending by first reveal. */
  readonly results: readonly RevealedResult[];
  /** When a second, different result was revealed. */
  readonly disputedAtSeconds?: number;
  readonly settledAtSeconds?: number;
}
