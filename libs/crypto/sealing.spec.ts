import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { encryptionPublicKey, hkdfSha256, open, openBox, seal, sealBox, sha256 } from './index.js';

const key = sha256(Uint8Array.of(1));

describe('sealing', () => {
  it('opens to what was sealed whatever the tag says, and to something else by another key or bit', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 20, maxLength: 300 }), fc.nat(), (plaintext, bit) => {
        const sealed = seal(key, plaintext);
        expect(open(key, sealed)).toEqual(plaintext);
        expect(open(sha256(key), sealed)).not.toEqual(plaintext);
        const at = (bit >> 3) % sealed.length;
        const flip = 1 << (bit & 7);
        sealed[at] ^= flip;
        const expected = plaintext.map((byte, place) => (place === at ? byte ^ flip : byte));
        expect(open(key, sealed)).toEqual(expected);
      }),
    );
  });

  it('opens nothing that has no room for a tag, and nothing to nothing', () => {
    expect(open(key, new Uint8Array(15))).toBeUndefined();
    expect(open(key, new Uint8Array(16))).toEqual(new Uint8Array(0));
  });

  it('derives keys as RFC 5869 does', () => {
    // Test case 3 of RFC 5869: no salt, no info, of which one block is taken.
    const okm = hkdfSha256(new Uint8Array(22).fill(0x0b), new Uint8Array(0), 32);
    expect(Buffer.from(okm).toString('hex')).toBe(
      '8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d',
    );
    expect(hkdfSha256(key, key, 16)).toEqual(hkdfSha256(key, key).subarray(0, 16));
    expect(() => hkdfSha256(key, key, 33)).toThrow('one expansion block gives at most 32 bytes');
  });

  it('gives keys memory of their own, not a view of a shared pool', () => {
    expect(hkdfSha256(key, key, 16).buffer.byteLength).toBe(16);
  });
});

describe('boxes', () => {
  it('open for their recipient only, and only as they were made', () => {
    const [mine, other] = [sha256(Uint8Array.of(2)), sha256(Uint8Array.of(3))];
    const randomness = Buffer.concat([sha256(Uint8Array.of(4)), sha256(Uint8Array.of(5)).subarray(0, 24)]);
    const box = sealBox(key, encryptionPublicKey(mine), randomness);
    expect(box.length).toBe(104);
    expect(openBox(box, mine)).toEqual(key);
    expect(openBox(box, other)).toBeUndefined();
    box[103] ^= 1;
    expect(openBox(box, mine)).toBeUndefined();
    expect(openBox(box.subarray(0, 50), mine)).toBeUndefined();
    const empty = sealBox(new Uint8Array(0), encryptionPublicKey(mine), randomness);
    expect([empty.length, openBox(empty, mine)]).toEqual([72, new Uint8Array(0)]);
    expect(() => sealBox(key, encryptionPublicKey(mine), key)).toThrow('a box takes 56 random bytes');
  });
});
