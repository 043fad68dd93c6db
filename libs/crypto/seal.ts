/**
 * Sealing of bulk data: AES-256-GCM (NIST SP 800-38D) with a nonce of zero bytes, because every key seals one
 * content only.
 */
import { primitives } from '#crypto/primitives';

const nonce = new Uint8Array(12);
/** GCM encrypts its first block with counter 2: 1 is the tag's. */
const firstCounter = Uint8Array.of(...nonce, 0, 0, 0, 2);
export const sealTagBytes = 16;

/** ciphertext ‖ 16-byte tag. */
export function seal(key: Uint8Array, plaintext: Uint8Array): Uint8Array {
  return primitives.encryptGcm(key, nonce, plaintext);
}

/**
 * What the bytes before the tag decrypt to, or undefined where there is no room for a tag. The tag decides
 * nothing: whoever opens knows the content by its own hashes, and a contract can repeat a block of CTR.
 */
export function open(key: Uint8Array, sealed: Uint8Array): Uint8Array | undefined {
  if (sealed.length < sealTagBytes) return undefined;
  return primitives.decryptCtr(key, firstCounter, sealed.subarray(0, sealed.length - sealTagBytes));
}
