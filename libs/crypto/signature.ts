/** secp256k1 signatures of 65 bytes, r ‖ s ‖ v with v 27 or 28 and low s only. */
import { primitives } from '#crypto/primitives';
import { compareBytes, fromHex, type Hex, toHex } from '#encoding';
import { keccak256 } from './keccak.js';

const signatureBytes = 65;

/** Half of the group order: s above it is the malleable twin of a low s. */
const halfOrder = fromHex('0x7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0');

/** Throws unless hashes and signatures are native, as in every service: the portable ones are far slower. */
export function assertNativePrimitives(): void {
  if (primitives.kind !== 'native') throw new Error(`${primitives.kind} cryptography in a service`);
  primitives.assertLoaded();
}

/** Signs a 32-byte digest (RFC 6979 nonce, so the same input gives the same signature). */
export function signDigest(digest: Uint8Array, privateKey: Uint8Array): Uint8Array {
  const { signature, recovery } = primitives.signEcdsa(digest, privateKey);
  const out = new Uint8Array(signatureBytes);
  out.set(signature);
  out[64] = 27 + recovery;
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
  const publicKey = primitives.recoverEcdsa(digest, signature.subarray(0, 64), v - 27);
  return publicKey && addressOfPublicKey(publicKey);
}

/** Whether s is in the upper half: refused with its own code at ingest. */
export function isHighS(signature: Uint8Array): boolean {
  // The first byte decides for all but one in 256.
  if (signature[32] < 0x7f) return false;
  return compareBytes(signature.subarray(32, 64), halfOrder) > 0;
}

/** The Ethereum address of a private key of 32 bytes. */
export function addressOf(privateKey: Uint8Array): Hex {
  return toHex(addressOfPublicKey(primitives.publicKeyEcdsa(privateKey)));
}

function addressOfPublicKey(publicKey: Uint8Array): Uint8Array {
  return keccak256(publicKey.subarray(1)).slice(12);
}
