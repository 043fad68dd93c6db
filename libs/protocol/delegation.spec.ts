import { expect, it } from '@jest/globals';
import { encryptionPublicKey, sealBox, sha256 } from '#crypto';
import { openBlockKey, sealBlockKey } from './delegation.js';

const [blockKey, digest, secret, other] = [1, 2, 3, 4].map((n) => sha256(Uint8Array.of(n)));
const randomness = new Uint8Array(56).fill(5);
const box = sealBlockKey(blockKey, digest, encryptionPublicKey(secret), randomness);

it('a boxed block key opens for its validator and its delegation, and for no other', () => {
  expect(box.length).toBe(136);
  expect(openBlockKey(box, digest, secret)).toEqual(blockKey);
  expect(openBlockKey(box, digest, other)).toBe('not-for-this-key');
  expect(openBlockKey(box, other, secret)).toBe('of-another-delegation');
});

it('a box that holds more or less than key and digest opens to nothing', () => {
  for (const plaintext of [blockKey, new Uint8Array([...blockKey, ...digest, 0])]) {
    const boxed = sealBox(plaintext, encryptionPublicKey(secret), randomness);
    expect(openBlockKey(boxed, digest, secret)).toBe('not-for-this-key');
  }
});
