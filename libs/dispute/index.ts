export type {
  AccusationSeen,
  Found,
  MoveSteps,
  NoMove,
  NoMoveReason,
  OwnTree,
  Want,
} from './accusation.js';
export { type AccusationTask, byDeadline, unansweredOf } from './accusation-tasks.js';
export { type AccusedMove, accusedMove } from './accused-move.js';
export {
  type AccuserMove,
  accuserMove,
  type DoubtReason,
  type NamingReason,
  type OmissionReason,
} from './accuser-move.js';
export {
  type BlockKeyProof,
  type DisproofMove,
  disproofDue,
  type PublishedRow,
  piecesRootOf,
} from './disproof-due.js';
export { HeldBlock, type HeldPart } from './held-block.js';
export { countsPart, type DisputeSeen, type OwnFound, type Player } from './dispute-seen.js';
export { type DisputeTask, disputeTasks } from './dispute-tasks.js';
export { isAppealable, type PanelSeat, panelSeats, type PanelTask, verdictsAgainst } from './panel-tasks.js';
export { type PartTask, partsLeftOut } from './part-tasks.js';
export { amountsIn, isLeafOpening, isNodeOpening } from './opening-check.js';
export { OwnTreeBuild } from './own-tree.js';
export { type PartFinding, PartFindings, unservedManifest } from './part-findings.js';
export {
  type AskedRow,
  type PartView,
  type PublicationMove,
  publicationOf,
  publicationsDue,
  type QuestionedPart,
  type QuestionMove,
  questionsDue,
} from './questions-due.js';
export { recordsIn } from './segment-records.js';
export { SumTree } from './sum-tree.js';
export { topLevelOf } from './tree-shape.js';
