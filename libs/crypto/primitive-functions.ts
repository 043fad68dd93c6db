/**
 * What the cores take from a library of cryptography, as one interface: native in every service, portable
 * where no native code can be loaded. Both are held equal by one suite. Which one is loaded is said by the
 * import `#crypto/primitives` of package.json.
 */
export interface Primitives {
  readonly kind: 'native' | 'portable';
  /** SHA-256, FIPS 180-4; 32 bytes. */
  sha256(bytes: Uint8Array): Uint8Array;
  sha256Stream(): { update(bytes: Uint8Array): unknown; digest(): Uint8Array };
  /** SHA-256 of each 64 bytes of `input` into 32 bytes of `output`, which may begin where `input` does. */
  hash64Into(input: Uint8Array, output: Uint8Array): void;
  /** HMAC-SHA-256, RFC 2104; 32 bytes. */
  hmacSha256(key: Uint8Array, bytes: Uint8Array): Uint8Array;
  /** AES-256-GCM, NIST SP 800-38D, with a nonce of 12 bytes: ciphertext ‖ 16-byte tag. */
  encryptGcm(key: Uint8Array, nonce: Uint8Array, plaintext: Uint8Array): Uint8Array;
  /** AES-256-CTR, NIST SP 800-38A, from a counter of 16 bytes on; as many bytes as it is given. */
  decryptCtr(key: Uint8Array, counter: Uint8Array, ciphertext: Uint8Array): Uint8Array;
  /** secp256k1 with the nonce of RFC 6979 and a low s: r ‖ s of 64 bytes, and 0 or 1. */
  signEcdsa(
    digest: Uint8Array,
    privateKey: Uint8Array,
  ): { readonly signature: Uint8Array; readonly recovery: number };
  /** The uncompressed public key of 65 bytes, good until the next call; undefined if nobody signed so. */
  recoverEcdsa(digest: Uint8Array, signature: Uint8Array, recovery: number): Uint8Array | undefined;
  /** Uncompressed, 65 bytes. Throws for what is no private key. */
  publicKeyEcdsa(privateKey: Uint8Array): Uint8Array;
  /** Throws unless what answers is what `kind` says. */
  assertLoaded(): void;
}
