/**
 * SHA-256 of many 64-byte messages at once, the shape of records and Merkle nodes (native, about 30 million a
 * second).
 */
import { primitives } from '#crypto/primitives';

/**
 * Hashes each 64 bytes of `input` into 32 bytes of `output`; input.length is a multiple of 64, output at
 * least half. `output` may be the start of `input`'s own memory: each digest lands on bytes already read.
 * Full rate needs 32 messages.
 */
export function hash64Into(input: Uint8Array, output: Uint8Array): void {
  if (input.length === 0) return;
  primitives.hash64Into(input, output.subarray(0, input.length / 2));
}
