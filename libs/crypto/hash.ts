/** Hash functions and key derivation. */
import { primitives } from '#crypto/primitives';
import { concatBytes } from '#encoding';

/** SHA-256, FIPS 180-4; 32 bytes. */
export function sha256(bytes: Uint8Array): Uint8Array {
  return primitives.sha256(bytes);
}

/** HKDF-SHA256 (RFC 5869) without salt; up to 32 bytes, which is one expansion block. */
export function hkdfSha256(key: Uint8Array, info: Uint8Array, length = 32): Uint8Array {
  if (length > 32) throw new RangeError('one expansion block gives at most 32 bytes');
  const extracted = primitives.hmacSha256(new Uint8Array(32), key);
  return primitives.hmacSha256(extracted, concatBytes(info, Uint8Array.of(1))).slice(0, length);
}

/** SHA-256 of what is fed to it piece by piece. */
export class Sha256Stream {
  readonly #hash = primitives.sha256Stream();

  update(bytes: Uint8Array): this {
    this.#hash.update(bytes);
    return this;
  }

  /** 32 bytes; nothing may be fed afterwards. */
  digest(): Uint8Array {
    return this.#hash.digest();
  }
}
