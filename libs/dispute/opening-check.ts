/**
 * Whether what somebody says was opened is what the chain has the hash of: for whoever reads openings from a
 * log that it does not believe.
 */
import { merkleRoot, sha256 } from '#crypto';
import { concatBytes, equalBytes, type Hex, toHex, viewOf } from '#encoding';
import { limits, type Nano, type OpenedNode } from '#protocol';
import { leafOf } from '#proofs';
import { eachRecord, keyOfRecord } from './impression-records.js';
import { entryBytesOf, entryHashOf, SumTree } from './sum-tree.js';

/** Whether these are all descendants of the node with this hash. */
export function isNodeOpening(participants: number, nodeHash: Uint8Array, entries: Uint8Array): boolean {
  if (entries.length === 0 || entries.length % entryBytesOf(participants) !== 0) return false;
  const tree = SumTree.ofEntries(participants, entries);
  // Entries have nothing behind the amounts, which the tree would leave out.
  const isExact = equalBytes(concatBytes(...leavesOf(tree)), entries);
  return isExact && equalBytes(tree.hashAt(tree.top), nodeHash);
}

function leavesOf(tree: SumTree): Uint8Array[] {
  return Array.from({ length: tree.count }, (_, index) => tree.entryAt({ level: 0, index }));
}

/** Whether these records are those of the leaf with this hash and these amounts. */
export function isLeafOpening(leafHash: Uint8Array, records: Uint8Array, amounts: readonly Nano[]): boolean {
  if (records.length === 0 || records.length % limits.recordBytes !== 0) return false;
  const kept = eachRecord(records);
  const recordsRoot = merkleRoot(concatBytes(...kept.map(sha256)));
  return equalBytes(leafOf(keyOfRecord(records), kept.length, recordsRoot, amounts), leafHash);
}

/** By entry hash where it begins; of nodes that are looked into again and again. */
const placesOf = new WeakMap<OpenedNode, ReadonlyMap<Hex, number>>();

/** Of the entry with this hash; undefined where none of the opened nodes, which do not change, has it. */
export function amountsIn(
  participants: number,
  nodes: readonly OpenedNode[],
  entryHash: Uint8Array,
): Nano[] | undefined {
  const bytes = entryBytesOf(participants);
  const name = toHex(entryHash);
  for (const node of nodes) {
    const places = placesOf.get(node) ?? placesIn(node, bytes);
    placesOf.set(node, places);
    const at = places.get(name);
    if (at === undefined) continue;
    const view = viewOf(node.entries.subarray(at, at + bytes));
    return Array.from({ length: participants }, (_, one) => view.getBigUint64(32 + one * 8, false));
  }
  return undefined;
}

function placesIn({ entries }: OpenedNode, bytes: number): ReadonlyMap<Hex, number> {
  const places = new Map<Hex, number>();
  for (let at = 0; at < entries.length; at += bytes) {
    const name = toHex(entryHashOf(entries.subarray(at, at + bytes)));
    if (!places.has(name)) places.set(name, at);
  }
  return places;
}
