/** What the base chain knows of one block: facts only; the stage is computed from them (`stageOf`). */
import type { Address, Digest, Hex } from '#encoding';

export interface PostedPart {
  readonly participant: number;
  readonly partRoot: Digest;
  readonly segmentCount: number;
  readonly indexHash: Digest;
  readonly postedAtSeconds: number;
  /** The height of the base chain that took it. */
  readonly height: number;
  /** It counts for nobody: nobody could show its bytes, or a dispute showed that it is not valid. */
  readonly isStruck?: true;
}

/** A participant's seat: the validator whose commit under its delegation the chain accepted last. */
export interface Seat {
  readonly participant: number;
  readonly validator: Address;
  readonly binding: boolean;
  readonly nonce: bigint;
  /** Reserved on the participant's account for the validator. */
  readonly feeWei: bigint;
  readonly commitment: Digest;
  readonly committedAtSeconds: number;
  /** Absent until revealed. */
  readonly outputHash?: Digest;
  readonly revealedAtSeconds?: number;
}

/** A result that a participant revealed by itself and has not taken back by accepting one. */
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

/** A revealed result as the block keeps it. */
export interface KnownResult extends RevealedResult {
  readonly firstRevealedAtSeconds: number;
  /** When it was revealed once more after it had been taken back: it can be accused as if it were new. */
  readonly revealedAgainAtSeconds?: number;
  /** It fell in a dispute, or who revealed it took it back and nobody else stands for it. */
  readonly isGone: boolean;
  /** It fell: nothing makes it stand again. */
  readonly isFallen?: true;
}

/** What is only there once somebody accused or questioned something, or it is written which parts count. */
export interface BlockDispute {
  readonly openAccusations: number;
  readonly openQuestions: number;
  /** When the last question was over. */
  readonly resolvedAtSeconds?: number;
  /** The parts that count, as a bit for each, once that is decided and written (`decidedFacts`). */
  readonly counted?: number;
}

export interface BlockFacts {
  readonly parts: readonly PostedPart[];
  readonly seats: readonly Seat[];
  readonly ownResults: readonly OwnResult[];
  readonly acceptances: readonly Acceptance[];
  /** Every distinct revealed result, ascending by first reveal. */
  readonly results: readonly KnownResult[];
  /** When a result with other amounts than the first was revealed. */
  readonly disputedAtSeconds?: number;
  readonly dispute?: BlockDispute;
  readonly settledAtSeconds?: number;
  /** When the bonds of a void block were released. */
  readonly releasedAtSeconds?: number;
}
