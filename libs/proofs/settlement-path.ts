/** The way from leaves of the settlement tree to its root, with the sums on it (wire-formats.md 7). */
import { merkleRoot, sha256 } from '#crypto';
import { concatBytes } from '#encoding';
import { amountsDigest, type Nano } from '#protocol';

export interface SettlementLeaf {
  /** 32 bytes. */
  readonly hash: Uint8Array;
  /** A participant each, the payer's sum first. */
  readonly amounts: readonly Nano[];
}

/** One level: the sibling's hash, and the amounts of both together, as the node above has them. */
export interface PathStep {
  readonly sibling: Uint8Array;
  readonly amounts: readonly Nano[];
}

interface Subtree extends SettlementLeaf {
  readonly leaves: number;
  /** Of the wanted leaves in it: the way from each to its top. */
  readonly wanted: readonly { readonly index: number; readonly path: PathStep[] }[];
}

/**
 * The paths of the leaves at `indexes`, from the leaf upwards. Holds one node a level: the leaves pass by.
 * Throws a RangeError for an index beyond them.
 */
export function settlementPaths(
  leaves: Iterable<SettlementLeaf>,
  indexes: readonly number[],
): ReadonlyMap<number, readonly PathStep[]> {
  const stack: Subtree[] = [];
  let count = 0;
  for (const leaf of leaves) {
    const wanted = indexes.includes(count) ? [{ index: count, path: [] }] : [];
    stack.push({ ...leaf, leaves: 1, wanted });
    count += 1;
    while (stack.length > 1 && stack[stack.length - 1].leaves === stack[stack.length - 2].leaves) {
      joinTop(stack);
    }
  }
  // What is left over is carried up until it meets its left neighbour.
  while (stack.length > 1) joinTop(stack);
  const found = new Map((stack[0]?.wanted ?? []).map(({ index, path }) => [index, path]));
  const missing = indexes.find((index) => !found.has(index));
  if (missing !== undefined) throw new RangeError(`no leaf ${missing} of ${count}`);
  return found;
}

function joinTop(stack: Subtree[]): void {
  const right = stack.pop() as Subtree;
  const left = stack.pop() as Subtree;
  const amounts = left.amounts.map((one, at) => one + right.amounts[at]);
  for (const { path } of left.wanted) path.push({ sibling: right.hash, amounts });
  for (const { path } of right.wanted) path.push({ sibling: left.hash, amounts });
  const hash = nodeOf(left.hash, right.hash, amounts);
  stack.push({
    hash,
    amounts,
    leaves: left.leaves + right.leaves,
    wanted: [...left.wanted, ...right.wanted],
  });
}

/**
 * The root that the leaf at `index` of `count` leads to, with the amounts there; undefined if the path has
 * not the length that index and count fix.
 */
export function settlementRootFrom(
  leaf: SettlementLeaf,
  index: number,
  count: number,
  path: readonly PathStep[],
): SettlementLeaf | undefined {
  if (!Number.isInteger(index) || index < 0 || index >= count) return undefined;
  let { hash, amounts } = leaf;
  let used = 0;
  for (let at = index, width = count; width > 1; at = Math.floor(at / 2), width = Math.ceil(width / 2)) {
    if ((at ^ 1) >= width) continue;
    const step = path[used++];
    if (step === undefined) return undefined;
    const isLeft = at % 2 === 0;
    hash = nodeOf(isLeft ? hash : step.sibling, isLeft ? step.sibling : hash, step.amounts);
    amounts = step.amounts;
  }
  return used === path.length ? { hash, amounts } : undefined;
}

/** The hash of a leaf that has kept records: their root and number, under the impression's key. */
export function leafOf(
  impressionKey: Uint8Array,
  kept: number,
  recordsRoot: Uint8Array,
  amounts: readonly Nano[],
): Uint8Array {
  const words = new Uint8Array(16);
  new DataView(words.buffer).setBigUint64(0, BigInt(kept), false);
  return entryOf(sha256(concatBytes(impressionKey, words, recordsRoot)), amounts);
}

/** root(hashes of the kept records, in order). */
export function recordsRootOf(recordHashes: readonly Uint8Array[]): Uint8Array {
  return merkleRoot(concatBytes(...recordHashes));
}

function nodeOf(left: Uint8Array, right: Uint8Array, amounts: readonly Nano[]): Uint8Array {
  return entryOf(sha256(concatBytes(left, right)), amounts);
}

function entryOf(content: Uint8Array, amounts: readonly Nano[]): Uint8Array {
  return sha256(concatBytes(content, amountsDigest(amounts)));
}
