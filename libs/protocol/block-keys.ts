/**
 * The key schedule of a channel: a secret a block, erased once the block is final; commitments under keysRoot
 * (wire-formats.md 5).
 */
import { hkdfSha256, keccak256, merkleRoot } from '#crypto';
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

/** The leaves of keysRoot, 32 bytes a block; kept from the opening on, since old secrets are erased. */
export function keyCommitments(channelSecret: Uint8Array, blocksMax: number): Uint8Array {
  const leaves = new Uint8Array(blocksMax * 32);
  let secret = channelSecret;
  for (let n = 0; n < blocksMax; n++) {
    leaves.set(keyCommitmentOf(blockKeyOf(secret)), n * 32);
    secret = nextSecret(secret);
  }
  return leaves;
}

export function keysRootOf(leaves: Uint8Array): Uint8Array {
  return merkleRoot(leaves);
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
