/**
 * The shape of a settlement tree by the number of its leaves (wire-formats.md 7): leaves are level 0, level l
 * has ceil(leaves / 2^l) entries, an odd last one is carried up unchanged, the top has one.
 */
import type { EntryPosition } from '#protocol';

/** An opening shows a node by its descendants so many levels below: at most 256 of them. */
const openedLevels = 8;

/** The level of the root; 0 for one leaf, and for none. */
export function topLevelOf(leaves: bigint): number {
  let level = 0;
  while (1n << BigInt(level) < leaves) level += 1;
  return level;
}

/** Exact below 2^53 entries. */
export function widthOf(leaves: bigint, level: number): number {
  const size = 1n << BigInt(level);
  return Number((leaves + size - 1n) / size);
}

/** Where an entry was made that is carried up to this place. */
export function madeAt(leaves: bigint, { level, index }: EntryPosition): EntryPosition {
  let at = { level, index };
  while (at.level > 0 && at.index * 2 + 1 >= widthOf(leaves, at.level - 1)) {
    at = { level: at.level - 1, index: at.index * 2 };
  }
  return at;
}

/** The level of the entries by which a node of `level` is opened. */
export function openingLevelOf(level: number): number {
  return Math.max(level - openedLevels, 0);
}

/** The entries at `openingLevelOf(level)` below a node: the first one's index, and how many. */
export function openingOf(
  leaves: bigint,
  { level, index }: EntryPosition,
): { readonly level: number; readonly first: number; readonly count: number } {
  const below = openingLevelOf(level);
  const size = 2 ** (level - below);
  const first = index * size;
  return { level: below, first, count: Math.min(size, widthOf(leaves, below) - first) };
}

/** Openings that lead from nothing to the records of a leaf, at most. */
export function openingsMax(leaves: bigint): number {
  return leaves === 0n ? 0 : Math.ceil(topLevelOf(leaves) / openedLevels) + 1;
}
