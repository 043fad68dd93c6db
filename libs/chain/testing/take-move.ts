/** From a move of the pure rules to the act that makes it. */
import type { AccusedMove, AccuserMove } from '#dispute';
import type { AccusationId } from '#protocol';
import type { ChainOutcome } from '../chain-outcome.js';
import type { DisputeActs } from '../dispute-acts.js';

/** Says a move of either side. */
export function take(
  acts: DisputeActs,
  id: AccusationId,
  move: AccuserMove | AccusedMove,
): Promise<ChainOutcome> {
  switch (move.move) {
    case 'open-node':
      return acts.openNode(id, move);
    case 'name-entry':
      return acts.nameEntry(id, move);
    case 'open-leaf':
      return acts.openLeaf(id, move);
    case 'show-omitted':
      return acts.showOmitted(id, move);
    case 'doubt-record':
      return acts.doubtRecord(id, move.recordIndex);
    case 'place-record':
      return acts.placeRecord(id, move);
    case 'none':
      throw new Error(`nothing to say: ${move.reason}`);
  }
}
