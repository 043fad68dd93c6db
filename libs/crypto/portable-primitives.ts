/** The primitives in JavaScript alone: what `#crypto/primitives` means where `browser` is a condition. */
import { ctr, gcm } from '@noble/ciphers/aes.js';
import { secp256k1 } from '@noble/curves/secp256k1.js';
import { hmac } from '@noble/hashes/hmac.js';
import { sha256 } from '@noble/hashes/sha2.js';
import type { Primitives } from './primitive-functions.js';

export const primitives: Primitives = {
  kind: 'portable',
  sha256: (bytes) => sha256(bytes),
  sha256Stream: () => sha256.create(),
  hash64Into(input, output) {
    for (let at = 0; at < input.length; at += 64) output.set(sha256(input.subarray(at, at + 64)), at / 2);
  },
  hmacSha256: (key, bytes) => hmac(sha256, key, bytes),
  encryptGcm: (key, nonce, plaintext) => gcm(key, nonce).encrypt(plaintext),
  decryptCtr: (key, counter, ciphertext) => ctr(key, counter).decrypt(ciphertext),
  signEcdsa(digest, privateKey) {
    const signature = secp256k1.sign(digest, privateKey, { lowS: true, prehash: false });
    return { signature: signature.toBytes('compact'), recovery: signature.recovery };
  },
  recoverEcdsa(digest, signature, recovery) {
    try {
      return secp256k1.Signature.fromBytes(signature, 'compact')
        .addRecoveryBit(recovery)
        .recoverPublicKey(digest)
        .toBytes(false);
    } catch {
      return undefined;
    }
  },
  publicKeyEcdsa: (privateKey) => secp256k1.getPublicKey(privateKey, false),
  assertLoaded() {},
};
