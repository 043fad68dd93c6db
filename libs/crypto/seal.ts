/**
 * Sealing of bulk data: AES-256-GCM (NIST SP 800-38D) with a nonce of zero bytes, because every key seals one
 * content only.
 */
import { createCipheriv, createDecipheriv } from 'node:crypto';

const nonce = new Uint8Array(12);
export const sealTagBytes = 16;

/** ciphertext ‖ 16-byte tag. */
export function seal(key: Uint8Array, plaintext: Uint8Array): Uint8Array {
  const cipher = createCipheriv('aes-256-gcm', key, nonce);
  const out = new Uint8Array(plaintext.length + sealTagBytes);
  out.set(cipher.update(plaintext));
  cipher.final();
  out.set(cipher.getAuthTag(), plaintext.length);
  return out;
}

/** The plaintext, or undefined if the tag does not match. */
export function open(key: Uint8Array, sealed: Uint8Array): Uint8Array | undefined {
  if (sealed.length < sealTagBytes) return undefined;
  const end = sealed.length - sealTagBytes;
  const decipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: sealTagBytes });
  decipher.setAuthTag(sealed.subarray(end));
  const plaintext = decipher.update(sealed.subarray(0, end));
  try {
    decipher.final();
  } catch {
    return undefined;
  }
  return new Uint8Array(plaintext.buffer, plaintext.byteOffset, plaintext.byteLength);
}
