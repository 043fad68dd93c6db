/** What to answer for an accused result that is one's own computation: whoever has the data can always. */
import { merkleRoot, sha256 } from '#crypto';
import { concatBytes } from '#encoding';
import {
  amountsDigest,
  type EntryPosition,
  type LeafOpening,
  type LeftNeighbour,
  type RecordAnswer,
} from '#protocol';
import type { ReductionTerms } from '#reduction';
import {
  type AccusationSeen,
  leafAt,
  type MoveSteps,
  type NoMove,
  none,
  type OwnTree,
  wantPlace,
  wantRecords,
} from './accusation.js';
import { isSameTree } from './accuser-move.js';
import { eachRecord, keptRecords } from './impression-records.js';

export type AccusedMove =
  /** The descendants of the node, one after the other, see `entryBytesOf`. */
  | { readonly move: 'open-node'; readonly node: EntryPosition; readonly entries: Uint8Array }
  | (LeafOpening & { readonly move: 'open-leaf'; readonly index: number })
  | (RecordAnswer & { readonly move: 'place-record'; readonly recordIndex: number })
  | NoMove;

export function* accusedMove(
  terms: ReductionTerms,
  own: OwnTree,
  seen: AccusationSeen,
): MoveSteps<AccusedMove> {
  const { named, doubted } = seen;
  const { tree } = own;
  if (seen.turn !== 'opening' && seen.turn !== 'placing') return none('other-turn');
  if (seen.result.validParts !== own.validParts) return none('other-parts');
  if (!isSameTree(tree, seen.result)) return none('other-tree');
  if (named.level > 0) return { move: 'open-node', node: named, entries: tree.entriesBelow(named) };
  const { index } = named;
  if (doubted !== undefined) {
    const leaf = leafAt(seen, index);
    const placed = yield* wantPlace(eachRecord(leaf.records)[doubted]);
    if (placed === undefined) return none('record-nowhere');
    return { move: 'place-record', leaf, recordIndex: doubted, placed };
  }
  const records = concatBytes(...(yield* keptAt(terms, own, index)));
  const left = index === 0 ? undefined : yield* neighbourAt(terms, own, index - 1);
  return { move: 'open-leaf', index, records, left };
}

function* keptAt(terms: ReductionTerms, { keys }: OwnTree, index: number): MoveSteps<Uint8Array[]> {
  return keptRecords(terms, yield* wantRecords(keys.subarray(index * 16, index * 16 + 16)));
}

function* neighbourAt(terms: ReductionTerms, own: OwnTree, index: number): MoveSteps<LeftNeighbour> {
  const kept = yield* keptAt(terms, own, index);
  const entry = { level: 0, index };
  return {
    impressionKey: own.keys.slice(index * 16, index * 16 + 16),
    kept: kept.length,
    recordsRoot: merkleRoot(concatBytes(...kept.map(sha256))),
    amountsDigest: amountsDigest(own.tree.amountsAt(entry)),
    path: own.tree.pathOf(entry),
  };
}
