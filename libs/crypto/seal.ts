/**
 * Sealing of bulk data: AES-256-GCM (NIST SP 800-38D) with a nonce of zero bytes, because every key seals one
 * content only.
 */
import { primitives } from '#crypto/primitives';

const nonce = new Uint8Array(12);
export const sealTagBytes = 16;

/** ciphertext ‖ 16-byte tag. */
export function seal(key: Uint8Array, plaintext: Uint8Array): Uint8Array {
  return primitives.encryptGcm(key, nonce, plaintext);
}

/** The plaintext, or undefined if the tag does not match. */
export function open(key: Uint8Array, sealed: Uint8Array): Uint8Array | undefined {
  if (sealed.length < sealTagBytes) return undefined;
  return primitives.decryptGcm(key, nonce, sealed);
}
