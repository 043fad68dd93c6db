/**
 * What one impression paid and why, or that a block has no such impression: a proof that stands alone, from
 * the records and the terms to the outputHash that the chain has.
 */
import {
  type Address,
  compareBytes,
  concatBytes,
  type Digest,
  equalBytes,
  fromHex,
  type Hex,
  toHex,
} from '#encoding';
import {
  BatchHasher,
  type ChannelId,
  type ChannelTerms,
  domainSeparator,
  type Eip712Domain,
  isIdOf,
  type Nano,
  outputHashOf,
  type PartCommitment,
  type RecordPlace,
  recordFault,
  recordFlag,
  recordAt,
} from '#protocol';
import { type ExplainedImpression, explainRecords, type ReductionTerms, reducers } from '#reduction';
import { checkPlace, type PlaceFault } from './record-place.js';
import { leafOf, type PathStep, type SettlementLeaf, settlementRootFrom } from './settlement-path.js';

/** The result as the chain has its hash. */
export interface ProvenResult {
  readonly settlementRoot: Digest;
  readonly impressionCount: number;
  readonly amounts: readonly Nano[];
  readonly validParts: number;
}

/** A leaf with its records. */
export interface ProvenLeaf {
  readonly index: number;
  /** The kept ones, 64 bytes each, in the order of the leaf. */
  readonly records: readonly Uint8Array[];
  readonly path: readonly PathStep[];
}

/** A leaf without its records: enough to know its key and place. */
export interface Neighbour {
  readonly index: number;
  readonly impressionKey: Uint8Array;
  readonly kept: number;
  readonly recordsRoot: Uint8Array;
  readonly amounts: readonly Nano[];
  readonly path: readonly PathStep[];
}

/** A place of one of the records, in the part of a participant. */
export interface PlaceInPart extends RecordPlace {
  readonly participant: number;
  readonly commitment: Pick<PartCommitment, 'partRoot' | 'segmentCount'>;
}

export interface ImpressionProof {
  readonly domain: Eip712Domain;
  readonly channelId: ChannelId;
  readonly terms: ChannelTerms;
  readonly blockNumber: number;
  readonly result: ProvenResult;
  readonly impressionKey: Uint8Array;
  /** Absent where the block has no such impression: then its neighbours are there. */
  readonly leaf?: ProvenLeaf | undefined;
  /** The leaves before and after; absent at either end. */
  readonly left?: Neighbour | undefined;
  readonly right?: Neighbour | undefined;
  /** Where each record of the leaf stands, in its order. */
  readonly places: readonly PlaceInPart[];
}

/** Who said what, and where it stands: to be compared with the registry and the posted parts. */
export interface ProvenRecord {
  readonly record: Uint8Array;
  readonly signer: Address;
  readonly participant: number;
  readonly partRoot: Hex;
  readonly segmentCount: number;
}

/** What follows from a proof whose every step holds. */
export interface ProvenImpression {
  /** To be compared with the chain: it is what is proved. */
  readonly outputHash: Digest;
  /** Undefined where the block has no such impression. */
  readonly impression: ExplainedImpression | undefined;
  readonly records: readonly ProvenRecord[];
}

export type ProofFault =
  | 'terms'
  | 'numbers'
  | 'records'
  | 'leaf'
  | 'path'
  | 'amounts'
  | 'places'
  | 'neighbours'
  | `place ${number}: ${PlaceFault | 'record' | 'block' | 'part'}`;

/** Checks each step; the first that does not hold ends it. */
export function checkProof(proof: ImpressionProof): ProvenImpression | { readonly fault: ProofFault } {
  try {
    return checkSteps(proof);
  } catch (cause) {
    // A number that its field does not hold.
    if (cause instanceof RangeError) return { fault: 'numbers' };
    throw cause;
  }
}

function checkSteps(proof: ImpressionProof): ProvenImpression | { readonly fault: ProofFault } {
  const { domain, terms, channelId, blockNumber, result } = proof;
  if (!isIdOf(channelId, domain, terms) || !isReducible(terms)) return { fault: 'terms' };
  const outputHash = outputHashOf({
    ...{ channelId, blockNumber },
    ...{ ...result, impressionCount: BigInt(result.impressionCount) },
  });
  if (proof.leaf === undefined) {
    if (proof.places.length > 0) return { fault: 'places' };
    const fault = absenceFault(proof);
    return fault === undefined ? { outputHash, impression: undefined, records: [] } : { fault };
  }
  const impression = explainedLeaf(proof, proof.leaf);
  if ('fault' in impression) return impression;
  const records = provenRecords(proof, proof.leaf);
  return 'fault' in records ? records : { outputHash, impression, records };
}

export function reductionTermsOf({ roles, reducer, reducerParameters }: ChannelTerms): ReductionTerms {
  return { roles, reducer, parameters: fromHex(reducerParameters) };
}

/** Terms of a reducer that we know, with parameters that it takes. */
function isReducible({ reducer, reducerParameters, roles }: ChannelTerms): boolean {
  return reducers.get(reducer)?.decodeParameters(fromHex(reducerParameters), roles).ok === true;
}

/** The impression by its records, which lead to the root. */
function explainedLeaf(
  proof: ImpressionProof,
  leaf: ProvenLeaf,
): ExplainedImpression | { readonly fault: ProofFault } {
  const { terms, impressionKey } = proof;
  const rules = { roles: terms.roles, priceNanoMax: terms.priceNanoMax };
  const isOfImpression = leaf.records.every(
    (record) =>
      recordFault(record, rules) === undefined &&
      (record[recordAt.flags] & recordFlag.test) === 0 &&
      equalBytes(record.subarray(recordAt.impressionKey, recordAt.impressionKey + 16), impressionKey),
  );
  if (leaf.records.length === 0 || !isOfImpression) return { fault: 'records' };
  const [explained] = explainRecords(reductionTermsOf(terms), concatBytes(...leaf.records));
  // All of them are kept, none twice: then they are the leaf's.
  if (explained.keptHashes.length !== leaf.records.length) return { fault: 'leaf' };
  const fault = pathFault(proof, { hash: explained.leaf, amounts: explained.amounts }, leaf);
  return fault === undefined ? explained : { fault };
}

function absenceFault(proof: ImpressionProof): ProofFault | undefined {
  const { left, right, impressionKey, result } = proof;
  if (left === undefined && right === undefined) {
    return result.impressionCount === 0 ? undefined : 'neighbours';
  }
  const isOrdered =
    (left === undefined || compareBytes(left.impressionKey, impressionKey) < 0) &&
    (right === undefined || compareBytes(impressionKey, right.impressionKey) < 0);
  const isAdjacent = (right?.index ?? result.impressionCount) === (left === undefined ? 0 : left.index + 1);
  if (!isOrdered || !isAdjacent) return 'neighbours';
  for (const one of [left, right]) {
    if (one === undefined) continue;
    const hash = leafOf(one.impressionKey, one.kept, one.recordsRoot, one.amounts);
    const fault = pathFault(proof, { hash, amounts: one.amounts }, one);
    if (fault !== undefined) return fault;
  }
  return undefined;
}

function pathFault(
  { result }: ImpressionProof,
  leaf: SettlementLeaf,
  { index, path }: { readonly index: number; readonly path: readonly PathStep[] },
): ProofFault | undefined {
  const root = settlementRootFrom(leaf, index, result.impressionCount, path);
  if (root === undefined || toHex(root.hash) !== result.settlementRoot) return 'path';
  const isSame =
    root.amounts.length === result.amounts.length &&
    root.amounts.every((one, at) => one === result.amounts[at]);
  return isSame ? undefined : 'amounts';
}

function provenRecords(
  proof: ImpressionProof,
  leaf: ProvenLeaf,
): readonly ProvenRecord[] | { readonly fault: ProofFault } {
  const { domain, channelId, blockNumber, places, result } = proof;
  if (places.length !== leaf.records.length) return { fault: 'places' };
  const hasher = new BatchHasher(domainSeparator(domain));
  const proven: ProvenRecord[] = [];
  for (const [at, place] of places.entries()) {
    if (!equalBytes(place.record, leaf.records[at])) return { fault: `place ${at}: record` };
    const found = checkPlace(place, place.commitment, hasher);
    if ('fault' in found) return { fault: `place ${at}: ${found.fault}` };
    const { header, signer } = found;
    const isOfBlock = header.channelId === channelId && header.blockNumber === BigInt(blockNumber);
    if (!isOfBlock) return { fault: `place ${at}: block` };
    if (((result.validParts >> place.participant) & 1) !== 1) return { fault: `place ${at}: part` };
    const { participant, commitment } = place;
    const { segmentCount } = commitment;
    const partRoot = toHex(commitment.partRoot);
    proven.push({ record: place.record, signer, participant, partRoot, segmentCount });
  }
  return proven;
}
