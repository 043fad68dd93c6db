/**
 * The key schedule of a channel: a secret a block, erased once the block is final; commitments under keysRoot
 * (wire-formats.md 5).
 */
import {
  hkdfSha256,
  keccak256,
  merklePath,
  merkleRoot,
  nonePassed,
  type PassedLeaves,
  passLeaf,
} from '#crypto';
import { concatBytes, u64BigEndian, utf8 } from '#encoding';

const nextInfo = utf8('papyrus next');
const blockInfo = utf8('papyrus block');
const commitmentPrefix = utf8('papyrus key');
const segmentInfo = utf8('papyrus segment');

/** s(n + 1) from s(n). */
function nextSecret(secret: Uint8Array): Uint8Array {
  return hkdfSha256(secret, nextInfo);
}

export function blockKeyOf(secret: Uint8Array): Uint8Array {
  return hkdfSha256(secret, blockInfo);
}

/** s(n) from the channel secret s(0), or from s(from). O(n). */
export function secretOf(secret: Uint8Array, blockNumber: number, from = 0): Uint8Array {
  let current = secret;
  for (let n = from; n < blockNumber; n++) current = nextSecret(current);
  return current;
}

export function keyCommitmentOf(blockKey: Uint8Array): Uint8Array {
  return keccak256(concatBytes(commitmentPrefix, blockKey));
}

/** The leaves of keysRoot, 32 bytes a block. */
export function keyCommitments(channelSecret: Uint8Array, blocksMax: number): Uint8Array {
  const { value } = keyCommitmentsBySteps(channelSecret, blocksMax, blocksMax).next();
  return value as Uint8Array;
}

/**
 * The same, with a pause after so many blocks each: 2^16 of them take a second that nobody else should
 * have to wait for.
 */
export function* keyCommitmentsBySteps(
  channelSecret: Uint8Array,
  blocksMax: number,
  stepBlocks: number,
): Generator<undefined, Uint8Array, undefined> {
  const leaves = new Uint8Array(blocksMax * 32);
  let secret = channelSecret;
  for (let n = 0; n < blocksMax; n++) {
    if (n > 0 && n % stepBlocks === 0) yield;
    leaves.set(keyCommitmentOf(blockKeyOf(secret)), n * 32);
    secret = nextSecret(secret);
  }
  return leaves;
}

export function keysRootOf(leaves: Uint8Array): Uint8Array {
  return merkleRoot(leaves);
}

/**
 * What leads to every key from block `from` on and to none before, and proves them: `passed` stands for the
 * commitments of the blocks below, of those that share a group with `from`.
 */
export interface KeysAhead {
  readonly from: number;
  /** s(from). */
  readonly secret: Uint8Array;
  readonly passed: PassedLeaves;
}

/** Blocks whose commitments are made again to prove one of them. */
const groupBlocks = 256;

/** The roots of groups of commitments, 32 bytes each: small enough to be written again at each erasing. */
export function keyGroupRootsOf(leaves: Uint8Array): Uint8Array {
  const bytes = groupBlocks * 32;
  const roots = new Uint8Array(Math.ceil(leaves.length / bytes) * 32);
  for (let at = 0; at * bytes < leaves.length; at++) {
    roots.set(merkleRoot(leaves.subarray(at * bytes, (at + 1) * bytes)), at * 32);
  }
  return roots;
}

export const keyGroupRootsBytes = (blocksMax: number): number => Math.ceil(blocksMax / groupBlocks) * 32;

export function allKeys(channelSecret: Uint8Array): KeysAhead {
  return { from: 0, secret: channelSecret, passed: nonePassed };
}

/** Without those below block `to`, which is at least `from`. */
export function keysBehind(keys: KeysAhead, to: number): KeysAhead {
  let { from, secret, passed } = keys;
  for (; from < to; from++) {
    const isOfLastGroup = from >= to - (to % groupBlocks);
    passed = isOfLastGroup ? passLeaf(passed, keyCommitmentOf(blockKeyOf(secret))) : nonePassed;
    secret = nextSecret(secret);
  }
  return { from, secret, passed };
}

/** A block's commitment and its siblings under keysRoot; the block is not below `from`. */
export function keyProofOf(
  { from, secret, passed }: KeysAhead,
  { groupRoots, blocksMax }: { readonly groupRoots: Uint8Array; readonly blocksMax: number },
  blockNumber: number,
): { readonly commitment: Uint8Array; readonly path: readonly Uint8Array[] } {
  const group = Math.floor(blockNumber / groupBlocks);
  const begin = group * groupBlocks;
  const end = Math.min(begin + groupBlocks, blocksMax);
  const leaves = new Uint8Array((end - begin) * 32);
  const first = Math.max(begin, from);
  const ahead = keyCommitments(secretOf(secret, first, from), end - first);
  leaves.set(ahead, (first - begin) * 32);
  const path = merklePath(leaves, blockNumber - begin, first > begin ? passed : nonePassed);
  const commitment = ahead.slice((blockNumber - first) * 32, (blockNumber - first + 1) * 32);
  return { commitment, path: [...path, ...merklePath(groupRoots, group)] };
}

/** Other content, other key: so a nonce never repeats. */
export function segmentKeyOf(
  blockKey: Uint8Array,
  channelId: Uint8Array,
  blockNumber: number,
  segmentRoot: Uint8Array,
): Uint8Array {
  const info = concatBytes(segmentInfo, channelId, u64BigEndian(BigInt(blockNumber)), segmentRoot);
  return hkdfSha256(blockKey, info);
}
