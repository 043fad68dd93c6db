export { encryptionPublicKey, openBox, sealBox } from './box.js';
export { hash64Into } from './bulk-sha256.js';
export { hkdfSha256, Sha256Stream, sha256 } from './hash.js';
export { keccak256 } from './keccak.js';
export {
  merklePath,
  merkleRoot,
  merkleRootDestroying,
  nonePassed,
  type PassedLeaves,
  passLeaf,
  rootFromPath,
} from './merkle.js';
export { open, seal, sealTagBytes } from './seal.js';
export {
  addressOf,
  assertNativePrimitives,
  isHighS,
  recoverSigner,
  recoverSignerBytes,
  signDigest,
} from './signature.js';
