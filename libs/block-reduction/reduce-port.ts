/**
 * What the validator asks of block reduction, so that its shell and its tests do not depend on threads and
 * files.
 */
import type { Address } from '#encoding';
import type { BlockRules } from '#protocol';
import type { BlockOutput, CommittedPart, LeafVisit, ReductionTerms } from '#reduction';

export interface BlockToReduce {
  readonly rules: BlockRules;
  readonly terms: ReductionTerms;
  /** As posted on chain; participants that are not among them posted none. */
  readonly parts: readonly CommittedPart[];
  /** Whose workDigest to give. */
  readonly validator: Address;
  /** Is handed all leaves, for whoever needs the tree and not its root alone. */
  readonly visitLeaves?: LeafVisit;
  /**
   * How long stores may take for all parts together: what has not come by then is late. One block is reduced
   * at a time, so others wait for it.
   */
  readonly patienceMs?: number;
}

export interface ReducedParts {
  readonly output: BlockOutput;
  /** Blocks that were not had though no store surely lacks them: waiting may bring them. */
  readonly unsureBlocks: number;
}

/** How long a store may look for one block before the next one is asked. */
export const partAskMs = 10_000;

/**
 * Fetches, opens, verifies and reduces. Pure in its input and what the part stores hold. Throws a retriable
 * Fault where the own store cannot be asked or is damaged; a block that the stores lack makes a part
 * `unavailable`, which is no fault.
 */
export type ReduceBlock = (block: BlockToReduce) => Promise<ReducedParts>;
