/** The primitives by OpenSSL, hashtree and libsecp256k1. */
import { createCipheriv, createDecipheriv, createHash, createHmac, hash } from 'node:crypto';
import { createRequire } from 'node:module';
import hashtree from '@chainsafe/hashtree';
import type { Primitives } from './primitive-functions.js';

const require = createRequire(import.meta.url);
const secp256k1 = require('secp256k1') as typeof import('secp256k1');

const tagBytes = 16;
/** An uncompressed public key, used again by every recovery. */
const recovered = new Uint8Array(65);

export const nativePrimitives: Primitives = {
  kind: 'native',
  sha256: (bytes) => new Uint8Array(hash('sha256', bytes, 'buffer')),
  sha256Stream() {
    const stream = createHash('sha256');
    return { update: (bytes) => stream.update(bytes), digest: () => new Uint8Array(stream.digest()) };
  },
  hash64Into: (input, output) => hashtree.hashInto(input, output),
  hmacSha256: (key, bytes) => new Uint8Array(createHmac('sha256', key).update(bytes).digest()),
  encryptGcm(key, nonce, plaintext) {
    const cipher = createCipheriv('aes-256-gcm', key, nonce);
    const out = new Uint8Array(plaintext.length + tagBytes);
    out.set(cipher.update(plaintext));
    cipher.final();
    out.set(cipher.getAuthTag(), plaintext.length);
    return out;
  },
  decryptCtr(key, counter, ciphertext) {
    const plaintext = createDecipheriv('aes-256-ctr', key, counter).update(ciphertext);
    return new Uint8Array(plaintext.buffer, plaintext.byteOffset, plaintext.byteLength);
  },
  signEcdsa(digest, privateKey) {
    const { signature, recid } = secp256k1.ecdsaSign(digest, privateKey);
    return { signature, recovery: recid };
  },
  recoverEcdsa(digest, signature, recovery) {
    try {
      return secp256k1.ecdsaRecover(signature, recovery, digest, false, recovered);
    } catch {
      return undefined;
    }
  },
  publicKeyEcdsa: (privateKey) => secp256k1.publicKeyCreate(privateKey, false),
  // Its pure JavaScript stand-in is forty times slower and is loaded silently.
  assertLoaded: () => require('secp256k1/bindings.js'),
};
