import { describe, expect, it } from '@jest/globals';
import { SigningKey } from 'ethers';
import fc from 'fast-check';
import { addressOf, assertNativePrimitives, isHighS, recoverSigner, sha256, signDigest } from './index.js';

const order = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;
const key = sha256(Uint8Array.of(7));
const digest = sha256(Uint8Array.of(1));

function withHighS(signature: Uint8Array): Uint8Array {
  const s = BigInt(`0x${Buffer.from(signature.subarray(32, 64)).toString('hex')}`);
  const high = signature.slice();
  high.set(Buffer.from((order - s).toString(16).padStart(64, '0'), 'hex'), 32);
  high[64] = signature[64] === 27 ? 28 : 27;
  return high;
}

describe('signatures', () => {
  it('are made by the native library', () => {
    expect(assertNativePrimitives).not.toThrow();
  });

  it('are those of established libraries, and the same every time', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), (one) => {
        const found = Buffer.from(signDigest(one, key)).toString('hex');
        expect(`0x${found}`).toBe(new SigningKey(key).sign(one).serialized);
      }),
    );
  });

  it('take a whole digest and no high s, told by its first bytes or by its last', () => {
    const withS = (s: string): Uint8Array => {
      const signature = new Uint8Array(65);
      signature.set(Buffer.from(s.padStart(64, '0'), 'hex'), 32);
      return signature;
    };
    const half = order / 2n;
    expect(isHighS(withS(half.toString(16)))).toBe(false);
    expect(isHighS(withS((half + 1n).toString(16)))).toBe(true);
    expect(isHighS(withS(`7f${'00'.repeat(31)}`))).toBe(false);
    expect(isHighS(withS(`80${'00'.repeat(31)}`))).toBe(true);
    expect(isHighS(withS('1'))).toBe(false);
  });

  it('name their signer, and nobody for another digest', () => {
    const signature = signDigest(digest, key);
    expect(recoverSigner(digest, signature)).toBe(addressOf(key));
    expect(recoverSigner(sha256(digest), signature)).not.toBe(addressOf(key));
  });

  it('are refused with a high s, another v, or another length', () => {
    const signature = signDigest(digest, key);
    const high = withHighS(signature);
    expect([isHighS(signature), isHighS(high)]).toEqual([false, true]);
    expect(recoverSigner(digest, high)).toBeUndefined();
    for (const v of [0, 1, 26, 29, 255]) {
      const other = signature.slice();
      other[64] = v;
      expect(recoverSigner(digest, other)).toBeUndefined();
    }
    expect(recoverSigner(digest, signature.subarray(0, 64))).toBeUndefined();
    // A byte more is another signature, though the first 65 are good.
    expect(recoverSigner(digest, Uint8Array.of(...signature, 0))).toBeUndefined();
    expect(recoverSigner(digest, new Uint8Array(66))).toBeUndefined();
  });

  it('of zero or of the group order are nobody’s', () => {
    const zero = new Uint8Array(65);
    zero[64] = 27;
    expect(recoverSigner(digest, zero)).toBeUndefined();
    const tooLarge = signDigest(digest, key);
    tooLarge.set(Buffer.from(order.toString(16), 'hex'), 0);
    expect(recoverSigner(digest, tooLarge)).toBeUndefined();
  });
});
