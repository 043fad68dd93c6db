export { AmountDigests, addAmountPairs, bytesOf } from './amount-digests.js';
export { type BlockOutput, BlockOutputAssembly, type LeafVisit } from './block-output.js';
export { type BucketOutput, BucketReduction } from './bucket-reduction.js';
export { type ExplainedImpression, explainImpressions, explainRecords } from './explain-impressions.js';
export { ImpressionTally } from './impression-tally.js';
export { type DistinctSegment, type MergedParts, PartMerge } from './part-merge.js';
export {
  addSegment,
  type CommittedPart,
  type OpenedPart,
  openReducer,
  type ReductionTerms,
  reduceBlock,
  reduceSealedBlock,
  reduceSegments,
} from './reduce-block.js';
export type {
  DecodedParameters,
  GroupReducer,
  ImpressionOutcome,
  ParametersRefusal,
  Reducer,
} from './reducer.js';
export {
  decodeParameters,
  defaultParameters,
  encodeParameters,
  onMissing,
  onPriceMismatch,
  type RtbImpressionParameters,
  type Share,
} from './reducers/rtb-impression-1/parameters.js';
export { reducers } from './reducers.js';
export { pageBytes, rowBytes, rowQuads } from './reduction-row.js';
export { RowRuns } from './row-runs.js';
export {
  allocateScatter,
  bucketBitsFor,
  pagesFor,
  RowScatter,
  type ScatterMemory,
} from './row-scatter.js';
export { type SettlementRoot, SettlementTree } from './settlement-tree.js';
