/**
 * What the validator asks of block reduction, so that its shell and its tests do not depend on threads and
 * files.
 */
import type { Hex } from '#encoding';
import type { BlockRules } from '#protocol';
import type { BlockOutput, CommittedPart, ReductionTerms } from '#reduction';

export interface BlockToReduce {
  readonly rules: BlockRules;
  readonly terms: ReductionTerms;
  /** As posted on chain; participants that are not among them posted none. */
  readonly parts: readonly CommittedPart[];
  /** Whose workDigest to give. */
  readonly validator: Hex;
}

/**
 * Fetches, opens, verifies and reduces. Pure in its input and what the part store holds. Throws a
 * retriable Fault where the
 * store cannot be asked; a block that the store lacks makes a part `unavailable`, which is no fault.
 */
export type ReduceBlock = (block: BlockToReduce) => Promise<BlockOutput>;
