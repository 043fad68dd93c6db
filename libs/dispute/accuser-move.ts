/**
 * What to say next against a result whose tree is not one's own (protocol.md 8): which entry to name, and at
 * a leaf on which ground it falls. Whoever has the records of the parts that count always finds one.
 */
import { equalBytes, toHex } from '#encoding';
import type { AccusedResult, EntryPosition, NamedEntry, Omission, OpenedLeaf, OpenedNode } from '#protocol';
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
import { eachRecord, keptRecords, keyOfRecord, keysBelow, wouldChange } from './impression-records.js';
import { entryBytesOf, entryHashOf, SumTree } from './sum-tree.js';
import { openingOf } from './tree-shape.js';

export type AccuserMove =
  | (NamedEntry & { readonly move: 'name-entry'; readonly reason: NamingReason })
  | (Omission & { readonly move: 'show-omitted'; readonly reason: OmissionReason })
  | { readonly move: 'doubt-record'; readonly recordIndex: number; readonly reason: DoubtReason }
  | NoMove;

export type NamingReason =
  /** It is the first that differs from the own tree. */
  | 'entry-differs'
  /** It is the first with leaves beyond the end of the own tree. */
  | 'entry-beyond-end'
  /** It should not be the last: the own tree goes on. */
  | 'entry-not-last';

export type OmissionReason =
  /** The tree has no leaves, the parts have records. */
  | 'tree-empty'
  /** The parts have an impression between the leaf and the one before it, or before the first. */
  | 'impression-before'
  /** The parts have an impression behind the last leaf. */
  | 'impression-behind'
  /** The leaf lacks a record that would change what is kept. */
  | 'record-lacking';

export type DoubtReason =
  /** The parts have the impression, and not this record of it. */
  | 'record-in-no-part'
  /** The parts have nothing of the whole impression. */
  | 'impression-in-no-part';

export function* accuserMove(
  terms: ReductionTerms,
  own: OwnTree,
  seen: AccusationSeen,
): MoveSteps<AccuserMove> {
  const { result, named } = seen;
  if (seen.turn !== 'accuser') return none('other-turn');
  if (result.validParts !== own.validParts) return none('other-parts');
  if (isSameTree(own.tree, result)) return none('same-tree');
  if (result.impressionCount === 0n) return yield* showFirstOf(terms, own, undefined, 0, 'tree-empty');
  if (named.level > 0) return nameIn(own, result, nodeAt(seen.nodes, named));
  return yield* groundAt(terms, own, result, leafAt(seen, named.index));
}

/** Whether it is what one's own computation gives. */
export function isSameTree(tree: SumTree, { settlementRoot, impressionCount }: AccusedResult): boolean {
  return BigInt(tree.count) === impressionCount && equalBytes(tree.settlementRoot, settlementRoot);
}

/** The first entry of an opened node with which the own tree does not agree. */
function nameIn({ tree }: OwnTree, { impressionCount }: AccusedResult, node: OpenedNode): AccuserMove {
  const { level, first, count } = openingOf(impressionCount, node);
  const bytes = entryBytesOf(tree.participants);
  const nameAt = (at: number, reason: NamingReason): AccuserMove => {
    const opened = SumTree.ofEntries(tree.participants, node.entries);
    const path = opened.pathOf({ level: 0, index: at });
    const entryHash = entryHashOf(node.entries.subarray(at * bytes, (at + 1) * bytes));
    return { move: 'name-entry', entry: { level, index: first + at }, entryHash, path, reason };
  };
  const ownCount = BigInt(tree.count);
  for (let at = 0; at < count; at++) {
    const end = BigInt(first + at + 1) << BigInt(level);
    // The last entry of the accused tree has as many leaves as there are left.
    const leavesEnd = end < impressionCount ? end : impressionCount;
    if (leavesEnd > ownCount) return nameAt(at, 'entry-beyond-end');
    const entry = node.entries.subarray(at * bytes, (at + 1) * bytes);
    // Also where the own tree has more leaves there.
    if (!tree.hasEntry({ level, index: first + at }, entry)) return nameAt(at, 'entry-differs');
    if (leavesEnd === impressionCount && leavesEnd < ownCount) return nameAt(at, 'entry-not-last');
  }
  return none('nothing-differs');
}

/**
 * On which ground the result falls at an opened leaf, whose records the contract found kept and its key
 * later.
 */
function* groundAt(
  terms: ReductionTerms,
  own: OwnTree,
  { impressionCount }: AccusedResult,
  leaf: OpenedLeaf,
): MoveSteps<AccuserMove> {
  const { index, records, leftKey } = leaf;
  const key = keyOfRecord(records);
  const behindLeft = leftKey === undefined ? 0 : keysBelow(own.keys, leftKey, true);
  if (behindLeft < keysBelow(own.keys, key)) {
    return yield* showFirstOf(terms, own, leaf, behindLeft, 'impression-before');
  }
  const held = yield* wantRecords(key);
  for (const record of keptRecords(terms, held)) {
    if (!wouldChange(terms, records, record)) continue;
    return yield* show(record, leaf, 'record-lacking');
  }
  const behind = keysBelow(own.keys, key, true);
  if (BigInt(index) === impressionCount - 1n && behind < own.tree.count) {
    return yield* showFirstOf(terms, own, leaf, behind, 'impression-behind');
  }
  const heldRecords = new Set(eachRecord(held).map(toHex));
  const recordIndex = eachRecord(records).findIndex((one) => !heldRecords.has(toHex(one)));
  if (recordIndex < 0) return none('nothing-differs');
  const reason = heldRecords.size > 0 ? 'record-in-no-part' : 'impression-in-no-part';
  return { move: 'doubt-record', recordIndex, reason };
}

/** A record of the own leaf at `index`. */
function* showFirstOf(
  terms: ReductionTerms,
  { keys }: OwnTree,
  leaf: OpenedLeaf | undefined,
  index: number,
  reason: OmissionReason,
): MoveSteps<AccuserMove> {
  const [record] = keptRecords(terms, yield* wantRecords(keys.subarray(index * 16, index * 16 + 16)));
  return yield* show(record, leaf, reason);
}

function* show(
  record: Uint8Array,
  leaf: OpenedLeaf | undefined,
  reason: OmissionReason,
): MoveSteps<AccuserMove> {
  const shown = yield* wantPlace(record);
  if (shown === undefined) throw new Error('a record of the parts that count stands in none of them');
  return { move: 'show-omitted', shown, leaf, reason };
}

function nodeAt(nodes: readonly OpenedNode[], { level, index }: EntryPosition): OpenedNode {
  const found = nodes.find((one) => one.level === level && one.index === index);
  if (found === undefined)
    throw new Error(`the accuser is to move, and node ${index} of ${level} is not open`);
  return found;
}
