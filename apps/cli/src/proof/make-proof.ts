/** Proves from an opened block what an impression paid, or that the block has none of that key. */
import { compareBytes, type Hex, toHex } from '#encoding';
import type { ChannelId, ChannelTerms, Eip712Domain } from '#protocol';
import {
  type ImpressionProof,
  type Neighbour,
  type PlaceInPart,
  placesIn,
  recordsRootOf,
  settlementPaths,
} from '#proofs';
import { type ExplainedImpression, explainImpressions } from '#reduction';
import { type FetchedPart, type OpenedBlock, segmentsOf } from '../network/open-block.js';

interface Indexed {
  readonly index: number;
  readonly impression: ExplainedImpression;
}

export function proofOf(
  block: OpenedBlock,
  where: {
    readonly domain: Eip712Domain;
    readonly channelId: ChannelId;
    readonly terms: ChannelTerms;
    readonly blockNumber: number;
  },
  impressionKey: Uint8Array,
): ImpressionProof {
  const { found, left, right } = locate(block, impressionKey);
  const wanted = found === undefined ? [left, right] : [found];
  const indexes = wanted.flatMap((one) => (one === undefined ? [] : [one.index]));
  const paths = settlementPaths(leavesOf(block), indexes);
  const pathOf = ({ index }: Indexed) => paths.get(index) ?? [];
  const neighbourOf = (one: Indexed | undefined): Neighbour | undefined =>
    one && {
      ...{ index: one.index, impressionKey: one.impression.impressionKey, amounts: one.impression.amounts },
      kept: one.impression.keptHashes.length,
      recordsRoot: recordsRootOf(one.impression.keptHashes),
      path: pathOf(one),
    };
  const { output } = block;
  const result = {
    settlementRoot: toHex(output.settlementRoot),
    impressionCount: output.impressionCount,
    amounts: output.amounts,
    validParts: output.validParts,
  };
  const base = { ...where, result, impressionKey };
  if (found === undefined) {
    return { ...base, left: neighbourOf(left), right: neighbourOf(right), places: [] };
  }
  const places = placesOf(block.parts, found.impression.keptHashes.map(toHex));
  const records = places.map(({ record }) => record);
  return { ...base, leaf: { index: found.index, records, path: pathOf(found) }, places };
}

function* leavesOf(block: OpenedBlock) {
  for (const { leaf, amounts } of explainImpressions(block.terms, block.opened))
    yield { hash: leaf, amounts };
}

/** The impression of the key, or those before and after where it would be. */
function locate(
  block: OpenedBlock,
  impressionKey: Uint8Array,
): {
  readonly found?: Indexed | undefined;
  readonly left?: Indexed | undefined;
  readonly right?: Indexed | undefined;
} {
  let left: Indexed | undefined;
  let index = 0;
  for (const impression of explainImpressions(block.terms, block.opened)) {
    const order = compareBytes(impression.impressionKey, impressionKey);
    const one = { index, impression };
    if (order === 0) return { found: one };
    if (order > 0) return { left, right: one };
    left = one;
    index += 1;
  }
  return { left };
}

/** Each record where it stands first: in the part of the lowest participant whose part counts. */
function placesOf(parts: readonly FetchedPart[], recordHashes: readonly Hex[]): PlaceInPart[] {
  const places = new Map<Hex, PlaceInPart>();
  for (const part of parts) {
    const missing = new Set(recordHashes.filter((hash) => !places.has(hash)));
    if (part.reason !== undefined || missing.size === 0) continue;
    const { participant } = part;
    const { partRoot, segmentCount } = part.commitment;
    for (const [hash, place] of placesIn({ segments: segmentsOf(part), rows: part.rows }, missing)) {
      places.set(hash, { ...place, participant, commitment: { partRoot, segmentCount } });
    }
  }
  return recordHashes.map((hash) => {
    const place = places.get(hash);
    if (place === undefined) throw new Error(`record ${hash} counts and stands in no part`);
    return place;
  });
}
