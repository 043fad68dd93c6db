/** Digests as content identifiers, the same that Kubo gives to raw blocks; the only file that knows
 *  multiformats. */
import { CID } from 'multiformats/cid';
import { create } from 'multiformats/hashes/digest';

const rawCodec = 0x55;
const sha256Code = 0x12;

export type { CID } from 'multiformats/cid';

/** CID version 1, codec raw, of a block with this SHA-256 (32 bytes). */
export function cidOf(digest: Uint8Array): CID {
  if (digest.length !== 32) throw new Error(`a digest of ${digest.length} bytes`);
  return CID.createV1(rawCodec, create(sha256Code, digest));
}
