/** Hash functions and key derivation. */
import { createHash, createHmac, hash } from 'node:crypto';

/** SHA-256, FIPS 180-4; 32 bytes. */
export function sha256(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(hash('sha256', bytes, 'buffer'));
}

/** HKDF-SHA256 (RFC 5869) without salt; up to 32 bytes, which is one expansion block. */
export function hkdfSha256(key: Uint8Array, info: Uint8Array, length = 32): Uint8Array {
  if (length > 32) throw new RangeError('one expansion block gives at most 32 bytes');
  const extracted = createHmac('sha256', new Uint8Array(32)).update(key).digest();
  const expanded = createHmac('sha256', extracted).update(info).update(Uint8Array.of(1)).digest();
  return new Uint8Array(expanded.buffer, expanded.byteOffset, length).slice();
}

/** SHA-256 of what is fed to it piece by piece. */
export class Sha256Stream {
  readonly #hash = createHash('sha256');

  update(bytes: Uint8Array): this {
    this.#hash.update(bytes);
    return this;
  }

  /** 32 bytes; nothing may be fed afterwards. */
  digest(): Uint8Array {
    return new Uint8Array(this.#hash.digest());
  }
}
