export type {
  AccusationSeen,
  AccusedResult,
  Found,
  MoveSteps,
  NoMove,
  NoMoveReason,
  OpenedLeaf,
  OpenedNode,
  OwnTree,
  PlacedRecord,
  Want,
} from './accusation.js';
export { type AccusedMove, accusedMove, type LeftNeighbour } from './accused-move.js';
export {
  type AccuserMove,
  accuserMove,
  type DoubtReason,
  type NamingReason,
  type OmissionReason,
} from './accuser-move.js';
export { HeldBlock, type HeldPart } from './held-block.js';
export { LeafColumns, SumTree } from './sum-tree.js';
export type { EntryPosition } from './tree-shape.js';
