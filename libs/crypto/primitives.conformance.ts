/** What every implementation of the primitives gives for published inputs, and refuses. */
import { describe, expect, it } from '@jest/globals';
import { fromHex, toHex, utf8 } from '#encoding';
import type { Primitives } from './primitive-functions.js';

const bytes = (hex: string): Uint8Array => fromHex(`0x${hex}`);

export function primitivesConform(primitives: Primitives): void {
  describe(`${primitives.kind} primitives`, () => {
    it('hash as FIPS 180-4 says, at once and piece by piece', () => {
      const abc = '0xba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad';
      const stream = primitives.sha256Stream();
      stream.update(utf8('a'));
      stream.update(utf8('bc'));
      expect([toHex(primitives.sha256(utf8('abc'))), toHex(stream.digest())]).toEqual([abc, abc]);
      const empty = '0xe3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';
      expect(toHex(primitives.sha256(new Uint8Array(0)))).toBe(empty);
    });

    it('hash many pairs at once, also onto their own beginning', () => {
      const input = Uint8Array.from({ length: 64 * 37 }, (_, at) => (at * 7) & 0xff);
      const each = Array.from({ length: 37 }, (_, at) =>
        primitives.sha256(input.subarray(at * 64, at * 64 + 64)),
      );
      const apart = new Uint8Array(32 * 37);
      primitives.hash64Into(input, apart);
      primitives.hash64Into(input, input.subarray(0, 32 * 37));
      expect([toHex(apart), toHex(input.subarray(0, 32 * 37))]).toEqual(
        [1, 2].map(() => toHex(Buffer.concat(each))),
      );
    });

    it('authenticate as RFC 4231, test case 2, says', () => {
      const found = primitives.hmacSha256(utf8('Jefe'), utf8('what do ya want for nothing?'));
      expect(toHex(found)).toBe('0x5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843');
    });

    it('encrypt as test case 15 of the GCM specification says, and decrypt from counter 2 on', () => {
      const key = bytes('feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308');
      const nonce = bytes('cafebabefacedbaddecaf888');
      const plaintext = bytes(
        'd9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525' +
          'b16aedf5aa0de657ba637b391aafd255',
      );
      const sealed = primitives.encryptGcm(key, nonce, plaintext);
      expect(toHex(sealed)).toBe(
        '0x522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056828838' +
          'c5f61e6393ba7a0abcc9f662898015adb094dac5d93471bdec1a502270e3cc6c',
      );
      const counter = Buffer.concat([nonce, Uint8Array.of(0, 0, 0, 2)]);
      expect(toHex(primitives.decryptCtr(key, counter, sealed.subarray(0, 64)))).toBe(toHex(plaintext));
      expect(primitives.encryptGcm(key, nonce, new Uint8Array(0))).toHaveLength(16);
      expect(primitives.decryptCtr(key, counter, new Uint8Array(0))).toEqual(new Uint8Array(0));
    });

    it('decrypt as NIST SP 800-38A, F.5.6, says', () => {
      const key = bytes('603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4');
      const counter = bytes('f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff');
      const ciphertext = bytes('601ec313775789a5b7a7f504bbf3d228f443e3ca4d62b59aca84e990cacaf5c5');
      expect(toHex(primitives.decryptCtr(key, counter, ciphertext))).toBe(
        '0x6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51',
      );
    });

    it('sign with the nonce of RFC 6979 and a low s, and name the key that signed', () => {
      const key = bytes(`${'00'.repeat(31)}01`);
      const digest = primitives.sha256(utf8('Satoshi Nakamoto'));
      const { signature, recovery } = primitives.signEcdsa(digest, key);
      expect(toHex(signature)).toBe(
        '0x934b1ea10a4b3c1757e2b0c017d0b6143ce3c9a7e6a4a49860d7a6ab210ee3d8' +
          '2442ce9d2b916064108014783e923ec36b49743e2ffa1c4496f01a512aafd9e5',
      );
      const publicKey = primitives.publicKeyEcdsa(key);
      expect(toHex(publicKey)).toBe(
        '0x0479be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798' +
          '483ada7726a3c4655da4fbfc0e1108a8fd17b448a68554199c47d08ffb10d4b8',
      );
      expect(toHex(primitives.recoverEcdsa(digest, signature, recovery) ?? new Uint8Array(0))).toBe(
        toHex(publicKey),
      );
      expect(primitives.recoverEcdsa(digest, new Uint8Array(64), 0)).toBeUndefined();
      expect(primitives.recoverEcdsa(digest, new Uint8Array(64).fill(255), 0)).toBeUndefined();
      expect(() => primitives.publicKeyEcdsa(new Uint8Array(32))).toThrow();
    });

    it('are what they say they are', () => {
      expect(() => primitives.assertLoaded()).not.toThrow();
    });
  });
}
