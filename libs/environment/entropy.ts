/** Randomness as an argument, so that a seed repeats a whole run. */
import { createHash, randomBytes } from 'node:crypto';

export interface Entropy {
  /** `length` fresh bytes. */
  bytes(length: number): Uint8Array;
}

export const systemEntropy: Entropy = { bytes: (length) => new Uint8Array(randomBytes(length)) };

/** A repeatable stream: block i is sha256(seed, i). Not for keys that guard real money. */
export function seededEntropy(seed: string): Entropy {
  let counter = 0;
  let rest = new Uint8Array(0);
  return {
    bytes(length) {
      const out = new Uint8Array(length);
      for (let at = 0; at < length; ) {
        if (rest.length === 0) {
          rest = new Uint8Array(createHash('sha256').update(`${seed}\u0000${counter++}`).digest());
        }
        const taken = Math.min(rest.length, length - at);
        out.set(rest.subarray(0, taken), at);
        rest = rest.subarray(taken);
        at += taken;
      }
      return out;
    },
  };
}
