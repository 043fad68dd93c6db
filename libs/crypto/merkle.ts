/**
 * Merkle roots and paths over 32-byte hashes: the tree of RFC 9162, an odd last node is carried up unchanged.
 */
import { concatBytes } from '#encoding';
import { hash64Into } from './bulk-sha256.js';

/** Root of the n × 32 bytes in `hashes`; 32 zero bytes for none. Leaves `hashes` as it is. O(n). */
export function merkleRoot(hashes: Uint8Array): Uint8Array {
  if (hashes.length <= 32) {
    const out = new Uint8Array(32);
    out.set(hashes);
    return out;
  }
  return merkleRootDestroying(new Uint8Array(hashes)).slice(0, 32);
}

/**
 * As `merkleRoot`, but works in the memory of `hashes` (at least one) and returns a view of its first 32
 * bytes.
 */
export function merkleRootDestroying(hashes: Uint8Array): Uint8Array {
  let count = hashes.length / 32;
  while (count > 1) count = hashLevel(hashes, count);
  return hashes.subarray(0, 32);
}

/** The first `count` leaves of a tree that nobody needs any more: roots of whole subtrees, lowest first. */
export interface PassedLeaves {
  readonly count: number;
  readonly roots: readonly Uint8Array[];
}

export const nonePassed: PassedLeaves = { count: 0, roots: [] };

/** `leaf` is the next one after those that are passed. */
export function passLeaf({ count, roots }: PassedLeaves, leaf: Uint8Array): PassedLeaves {
  let node = leaf;
  let taken = 0;
  for (let bits = count; (bits & 1) === 1; bits >>= 1) {
    const parent = new Uint8Array(32);
    hash64Into(concatBytes(roots[taken++], node), parent);
    node = parent;
  }
  return { count: count + 1, roots: [node, ...roots.slice(taken)] };
}

/**
 * The siblings from leaf `index` to the root, 32 bytes each. Of leaves that are passed, all before `index`,
 * the bytes in `hashes` do not matter.
 */
export function merklePath(hashes: Uint8Array, index: number, passed = nonePassed): Uint8Array[] {
  const level = new Uint8Array(hashes);
  const path: Uint8Array[] = [];
  let count = level.length / 32;
  if (index < passed.count || index >= count) throw new RangeError(`no leaf ${index} of ${count}`);
  let known = 0;
  for (let at = index, behind = passed.count; count > 1; at >>= 1, behind >>= 1) {
    // One bit of the count for each subtree: the last whole one of this height among those passed.
    if ((behind & 1) === 1) level.set(passed.roots[known++], (behind - 1) * 32);
    const sibling = at ^ 1;
    if (sibling < count) path.push(level.slice(sibling * 32, sibling * 32 + 32));
    count = hashLevel(level, count);
  }
  return path;
}

/** The root that `leaf` at `index` of `count` leads to, or undefined if the path's length does not fit. */
export function rootFromPath(
  leaf: Uint8Array,
  index: number,
  count: number,
  path: readonly Uint8Array[],
): Uint8Array | undefined {
  if (index < 0 || index >= count) return undefined;
  const pair = new Uint8Array(64);
  let node: Uint8Array = new Uint8Array(leaf);
  let used = 0;
  let at = index;
  for (let width = count; width > 1; width = (width + 1) >> 1, at >>= 1) {
    if ((at ^ 1) >= width) continue;
    const sibling = path[used++];
    if (sibling === undefined || sibling.length !== 32) return undefined;
    pair.set((at & 1) === 0 ? node : sibling, 0);
    pair.set((at & 1) === 0 ? sibling : node, 32);
    node = new Uint8Array(32);
    hash64Into(pair, node);
  }
  return used === path.length ? node : undefined;
}

/** Replaces `count` hashes by those of the next level, in place; returns their number. */
function hashLevel(hashes: Uint8Array, count: number): number {
  const pairs = count >> 1;
  hash64Into(hashes.subarray(0, pairs * 64), hashes);
  if ((count & 1) === 1) hashes.copyWithin(pairs * 32, (count - 1) * 32, count * 32);
  return pairs + (count & 1);
}
