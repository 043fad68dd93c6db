/** Native and portable primitives: both conform, and give the same for anything. */
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { primitives as used } from '#crypto/primitives';
import { isZero, toHex } from '#encoding';
import { nativePrimitives } from './native-primitives.js';
import { primitives as portable } from './portable-primitives.js';
import { primitivesConform } from './primitives.conformance.js';

primitivesConform(nativePrimitives);
primitivesConform(portable);

const bytes = fc.uint8Array({ maxLength: 300 });
const word = fc.uint8Array({ minLength: 32, maxLength: 32 });
const privateKey = word.filter((found) => !isZero(found));
const hexOf = (found: Uint8Array | undefined) => found && toHex(found);

describe('portable and native primitives', () => {
  it('hash, authenticate and encrypt alike', () => {
    fc.assert(
      fc.property(bytes, word, (some, key) => {
        const nonce = key.subarray(0, 12);
        const [one, other] = [nativePrimitives, portable].map((primitives) => [
          toHex(primitives.sha256(some)),
          toHex(primitives.hmacSha256(key, some)),
          toHex(primitives.encryptGcm(key, nonce, some)),
          toHex(primitives.decryptCtr(key, key.subarray(0, 16), some)),
        ]);
        expect(one).toEqual(other);
      }),
    );
  });

  it('sign alike, and recover the same key or none from any signature', () => {
    fc.assert(
      fc.property(
        word,
        privateKey,
        fc.uint8Array({ minLength: 64, maxLength: 64 }),
        (digest, key, random) => {
          const [one, other] = [nativePrimitives, portable].map((primitives) => {
            const { signature, recovery } = primitives.signEcdsa(digest, key);
            // A recovered key is good until the next call only.
            const recovered = [
              { from: signature, by: recovery },
              { from: signature, by: 1 - recovery },
              { from: random, by: 0 },
            ].map(({ from, by }) => hexOf(primitives.recoverEcdsa(digest, from, by)));
            return [toHex(signature), recovery, ...recovered];
          });
          expect(one).toEqual(other);
        },
      ),
      { numRuns: 40 },
    );
  });

  it('are native here', () => {
    expect(used.kind).toBe('native');
  });
});
