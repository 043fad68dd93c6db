/** What a participant sends to the validator of its seat, and what the validator answers (protocol.md 6). */
import type { SignedDelegation } from '#chain';
import type { Hex } from '#encoding';

export interface ValidationRequest {
  readonly delegation: SignedDelegation;
  /** 136 bytes: the block key, boxed for the validator and bound to the delegation's digest. */
  readonly sealedBlockKey: Hex;
  /** Proves the delegation's keyCommitment at index blockNumber under the terms' keysRoot. */
  readonly keyPath: readonly Hex[];
}
