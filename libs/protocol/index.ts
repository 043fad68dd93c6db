export type {
  Acceptance,
  BlockDispute,
  BlockFacts,
  KnownResult,
  OwnResult,
  PostedPart,
  RevealedResult,
  Seat,
} from './block-facts.js';
export {
  allKeys,
  blockKeyOf,
  type KeysAhead,
  keyCommitmentOf,
  keyCommitments,
  keyCommitmentsBySteps,
  keyGroupRootsBytes,
  keyGroupRootsOf,
  keyProofOf,
  keysBehind,
  keysRootOf,
  secretOf,
  segmentKeyOf,
} from './block-keys.js';
export {
  batchKeyBytes,
  budgetBytes,
  CutRule,
  commitManifest,
  forEachBatch,
  type PartCommitment,
  partRootOf,
  type SealedSegment,
  SegmentCutter,
  sealSegment,
  segmentRootOf,
  writeBatchKey,
} from './block-part.js';
export {
  type BlockReport,
  encodeBlockReport,
  type ImpressionReason,
  impressionReasons,
  reportHashOf,
} from './block-report.js';
export {
  amountsDigest,
  amountsOfWords,
  amountWords,
  type BlockResult,
  commitmentOf,
  type OutputTransaction,
  outputHashOf,
  outputHashOfWords,
  outputTransactions,
} from './block-result.js';
export { bondWei } from './bonds.js';
export {
  blockStart,
  boxesHashOf,
  type ChannelTerms,
  channelIdOf,
  collectionEnd,
  isIdOf,
  termsStruct,
} from './channel-terms.js';
export {
  type Delegation,
  delegationDigest,
  openBlockKey,
  type Receipt,
  type ReceiptFault,
  receiptDigest,
  receiptFault,
  type SignedDelegation,
  type SignedReceiptFacts,
  sealBlockKey,
} from './delegation.js';
export {
  type AccusationFacts,
  type AccusationId,
  type AccusationOutcome,
  type AccusationTurn,
  type AccusedResult,
  type AskedRowFacts,
  accusationOutcomes,
  accusationTurns,
  type DisputeFacts,
  type EntryPosition,
  type OpenedLeaf,
  type OpenedNode,
  type PanelFacts,
  type PanelMember,
  type PanelRoundFacts,
  type PartFault,
  type PublishedRowFacts,
  partFaults,
  type QuestionedPartFacts,
  type RowQuestion,
  validatorSlots,
} from './dispute-facts.js';
export type {
  HeaderPair,
  LeafOpening,
  LeftNeighbour,
  LengthDisproof,
  NamedEntry,
  Omission,
  PostedRow,
  RecordAnswer,
  RowDoubt,
  RowPublication,
  TextDisproof,
} from './dispute-moves.js';
export {
  accusableUntil,
  areCountable,
  countableParts,
  type DisputeWindows,
  decidedFacts,
  decisionAt,
  differingParts,
  doPartsDiffer,
  lastRevealedAt,
  ownResultWindow,
  type PartDecision,
  partDecisionOf,
  partsInDoubt,
  questionEnd,
  windowEnd,
} from './dispute-windows.js';
export {
  askedNext,
  type BlockSeen,
  collateDue,
  commitDue,
  type DelegationRules,
  type Due,
  type DueAct,
  type DueEnd,
  type DueWait,
  defaultSilenceSeconds,
  delegateDue,
  haveAllCommitted,
  isDue,
  isExpired,
  isSentAgain,
  partsWaitEnd,
  releaseVoidDue,
  revealDue,
  type SentDelegation,
  settleDue,
  unrevealedSeats,
} from './due.js';
export {
  type BlockId,
  type BlockNumber,
  type ChannelId,
  isPayerRole,
  isSellerRole,
  type Nano,
  type ParticipantIndex,
  type RoleName,
  roleName,
  roleOf,
} from './ids.js';
export {
  type KeyPossession,
  type KeyPurpose,
  keyPossessionDigest,
  keyPossessionStruct,
  keyPurposeOf,
} from './key-possession.js';
export * as limits from './limits.js';
export {
  firstBlockNoticed,
  isWithdrawalDue,
  type LineBlocks,
  type LineSeen,
  servableOf,
  startedBlocks,
  withdrawableOf,
} from './line-due.js';
export { type FoundBlocks, type ManifestEnd, walkManifest, walkManifestOf } from './manifest-walk.js';
export { acceptDue, computeOwnDue, type OwnComputation, revealOwnDue } from './own-word-due.js';
export { drawPanel, type PanelSeed } from './panel-draw.js';
export { type PanelWord, panelCommitmentOf, panelTimes } from './panel-word.js';
export type { HeaderPlace, PlacedHeader, PlacedRecord, RecordPlace, RowPlace } from './part-place.js';
export {
  type BlockRules,
  type CheckedSegment,
  PartCheck,
  type PartReason,
  SegmentCheck,
} from './part-validity.js';
export {
  type PegSource,
  type PegTokenIdentity,
  type PegTransfer,
  pegBurnDigest,
  pegLockDigest,
  pegTokenDigest,
} from './peg-attestation.js';
export { type ProcessingPeriod, processingPeriodAt, processingStartOf } from './processing-period.js';
export {
  decodeRecord,
  encodeRecord,
  impressionKeyOf,
  isAcceptableId,
  RecordCheck,
  type RecordField,
  type RecordFields,
  type RecordRules,
  recordAt,
  recordFault,
  recordFlag,
  recordKind,
  shortHash,
} from './record.js';
export {
  BatchHasher,
  type BatchHeader,
  batchAt,
  batchBytes,
  batchCount,
  batchFault,
  encodeUnsignedBatch,
  type HeaderFault,
  headerFault,
  parseHeader,
  signBatch,
} from './record-batch.js';
export { type BlockStage, isOver, type Stage, stageOf, stages } from './stage.js';
export {
  auctionIdFault,
  cpmExponent,
  type IdFault,
  idFault,
  type PriceFault,
  parsePrice,
  textFault,
} from './stated-fields.js';
export { agreedIn, stanceOf, standingResults } from './stances.js';
export {
  disputeSecondsMin,
  type OpeningFacts,
  recordsMaxOf,
  rowsMaxOf,
  termsFault,
} from './terms-fault.js';
export {
  domainSeparator,
  type Eip712Domain,
  type SignableData,
  signableData,
  typedDigest,
} from './typed-data.js';
export {
  decodeValidationRequest,
  encodeValidationRequest,
  type ValidationRequest,
} from './validation-request.js';
export { type DrawCandidate, type DrawSeed, drawValidators } from './validator-draw.js';
