export {
  checkProof,
  type ImpressionProof,
  type Neighbour,
  type PlaceInPart,
  type ProofFault,
  type ProvenImpression,
  type ProvenLeaf,
  type ProvenRecord,
  type ProvenResult,
  reductionTermsOf,
} from './impression-proof.js';
export {
  checkPlace,
  headerPlace,
  type OpenedSegments,
  type PlaceFault,
  PlaceSearch,
  placesIn,
  rowPlace,
} from './record-place.js';
export {
  leafOf,
  type PathStep,
  recordsRootOf,
  type SettlementLeaf,
  settlementPaths,
  settlementRootFrom,
} from './settlement-path.js';
