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
export { type BlockKeyProof, type DisproofMove, disproofDue, type PublishedRow } from './disproof-due.js';
export { HeldBlock, type HeldPart } from './held-block.js';
export { OwnTreeBuild } from './own-tree.js';
export { type PartFinding, PartFindings, type PlacedHeader, unservedManifest } from './part-findings.js';
export {
  type AskedRow,
  type PartView,
  type PublicationMove,
  publicationsDue,
  type QuestionedPart,
  type QuestionMove,
  questionsDue,
} from './questions-due.js';
export { SumTree } from './sum-tree.js';
export type { EntryPosition } from './tree-shape.js';
