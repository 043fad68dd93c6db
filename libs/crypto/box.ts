/** NaCl boxes (X25519, XSalsa20-Poly1305) for small secrets: ephemeral public key 32 ‖ nonce 24 ‖ box. */
import nacl from 'tweetnacl';

const boxOverheadBytes = 32 + 24 + nacl.box.overheadLength;

/** `randomness`: 56 bytes, the ephemeral secret key and the nonce; never used twice. */
export function sealBox(plaintext: Uint8Array, recipient: Uint8Array, randomness: Uint8Array): Uint8Array {
  if (randomness.length !== 56) throw new RangeError('a box takes 56 random bytes');
  const ephemeral = nacl.box.keyPair.fromSecretKey(randomness.subarray(0, 32));
  const nonce = randomness.subarray(32);
  const boxed = nacl.box(plaintext, nonce, recipient, ephemeral.secretKey);
  const out = new Uint8Array(56 + boxed.length);
  out.set(ephemeral.publicKey);
  out.set(nonce, 32);
  out.set(boxed, 56);
  return out;
}

/** The plaintext, or undefined if the box was not made for this key or was changed. */
export function openBox(box: Uint8Array, secretKey: Uint8Array): Uint8Array | undefined {
  if (box.length < boxOverheadBytes) return undefined;
  return nacl.box.open(box.subarray(56), box.subarray(32, 56), box.subarray(0, 32), secretKey) ?? undefined;
}

/** X25519 public key of a secret key of 32 bytes. */
export function encryptionPublicKey(secretKey: Uint8Array): Uint8Array {
  return nacl.box.keyPair.fromSecretKey(secretKey).publicKey;
}
