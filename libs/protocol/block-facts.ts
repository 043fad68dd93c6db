/** What the base chain knows of one block: facts only; the stage is computed from them (`stageOf`). */
import type { Address, Digest, Hex } from '#encoding';

export interface PostedPart {
  readonly participant: number;
  readonly partRoot: Digest;
  readonly segmentCount: number;
  readonly indexHash: Digest;
  readonly postedAtSeconds: number;
}

/** A participant's seat: the validator whose commit under its delegation the chain accepted. */
export interface Seat {
  readonly participant: number;
  readonly validator: Address;
  readonly binding: boolean;
  readonly nonce: bigint;
  readonly commitment: Digest;
  readonly committedAtSeconds: number;
  /** Absent until revealed. */
  readonly outputHash?: Digest;
  readonly revealedAtSeconds?: number;
}

/** A result that a participant revealed by itself, in the extension or late in the challenge period. */
export interface OwnResult {
  readonly participant: number;
  readonly outputHash: Digest;
  readonly revealedAtSeconds: number;
}

export interface Acceptance {
  readonly participant: number;
  readonly outputHash: Digest;
}

/** The fields behind a revealed outputHash. */
export interface RevealedResult {
  readonly outputHash: Digest;
  readonly settlementRoot: Digest;
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
