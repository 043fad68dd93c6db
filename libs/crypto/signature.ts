/** secp256k1 signatures of 65 bytes, r ‖ s ‖ v with v 27 or 28 and low s only, by libsecp256k1 (native). */
import { createRequire } from 'node:module';
import { type Hex, toHex } from '#encoding';
import { keccak256 } from './keccak.js';

const require = createRequire(import.meta.url);
const secp256k1 = require('secp256k1') as typeof import('secp256k1');

const signatureBytes = 65;

/** An uncompressed public key, used again by every recovery. */
const recovered = new Uint8Array(65);

/** Half of the group order: s above it is the malleable twin of a low s. */
const halfOrder = Buffer.from('7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0', 'hex');

/**
 * Throws unless the native library is loaded: its pure JavaScript stand-in is forty times slower and loads
 * silently.
 */
export function assertNativeSignatures(): void {
  require('secp256k1/bindings.js');
}

/** Signs a 32-byte digest (RFC 6979 nonce, so the same input gives the same signature). */
export function signDigest(digest: Uint8Array, privateKey: Uint8Array): Uint8Array {
  const { signature, recid } = secp256k1.ecdsaSign(digest, privateKey);
  const out = new Uint8Array(signatureBytes);
  out.set(signature);
  out[64] = 27 + recid;
  return out;
}

/** The address that signed, or undefined for a signature that is malformed, high-s or of no key. */
export function recoverSigner(digest: Uint8Array, signature: Uint8Array): Hex | undefined {
  const address = recoverSignerBytes(digest, signature);
  return address && toHex(address);
}

/** As `recoverSigner`, as 20 bytes. */
export function recoverSignerBytes(digest: Uint8Array, signature: Uint8Array): Uint8Array | undefined {
  if (signature.length !== signatureBytes) return undefined;
  const v = signature[64];
  if (v !== 27 && v !== 28) return undefined;
  if (isHighS(signature)) return undefined;
  try {
    secp256k1.ecdsaRecover(signature.subarray(0, 64), v - 27, digest, false, recovered);
    return addressOfPublicKey(recovered);
  } catch {
    return undefined;
  }
}

/** Whether s is in the upper half: refused with its own code at ingest. */
export function isHighS(signature: Uint8Array): boolean {
  // The first byte decides for all but one in 256.
  if (signature[32] < 0x7f) return false;
  return Buffer.compare(signature.subarray(32, 64), halfOrder) > 0;
}

/** The Ethereum address of a private key of 32 bytes. */
export function addressOf(privateKey: Uint8Array): Hex {
  return toHex(addressOfPublicKey(secp256k1.publicKeyCreate(privateKey, false)));
}

function addressOfPublicKey(publicKey: Uint8Array): Uint8Array {
  return keccak256(publicKey.subarray(1)).slice(12);
}
