import { describe, expect, it } from '@jest/globals';
import { Bzip2 } from './bzip2.js';

/**
 * By bzip2 1.0: `impression\n` 30,000 times in blocks of 100 kB, then a second stream `second stream\n`.
 */
const packed = new Uint8Array(
  Buffer.from(
    'QlpoMTFBWSZTWbF+kL8ANUHBgAAQAiPYACAAkCDJiApUTRtTkBUOwFQ3AVD3ICofIFQ7AVDUBUPICoZAVDkBUMgKh+YoKyTK' +
      'ay8Eh2cgD4h4MAACAER7AAQAEgQZMQFKoxPSbgKhkBUPYCodgKhyAqGQFQ8gKhvICodQKhyAqHYCofmKCskyms9ws9ZIARwK' +
      'DAAAgBEewAEABIEGTEBSpGTam4CodgKhnsBUNQFQ5AVDsBUNQFQ7AVDICobQKhiBUPzFBWSZTWeCxrhYAEALBgAAQAiPYACA' +
      'AcEGTEBSqGjynJSSYUkncpJNKST0pJMlJJ1KSTCkk0pJOFJJpSSfi7kinChIK/yZToBCWmg5MUFZJlNZhFKQlAAABdGAABBA' +
      'AC4DnAAgACIA0NBA0DQFBL04Tx4eLuSKcKEhCKUhKA==',
    'base64',
  ),
);
const text = `${'impression\n'.repeat(30_000)}second stream\n`;

function unpack(chunks: readonly Uint8Array[]): string {
  const bzip2 = new Bzip2();
  const out = chunks.flatMap((chunk) => [...bzip2.push(chunk)]);
  return Buffer.concat([...out, ...bzip2.end()]).toString();
}

describe('bzip2', () => {
  it('gives what was packed, of all streams and blocks, however the bytes come', () => {
    expect(unpack([packed])).toBe(text);
    expect(unpack(Array.from(packed, (byte) => Uint8Array.of(byte)))).toBe(text);
  });

  it('refuses what was cut off anywhere, and what is empty', () => {
    for (const end of [0, 3, 10, 100, packed.length - 1]) {
      expect(() => unpack([packed.subarray(0, end)])).toThrow();
    }
  });

  it('never gives other bytes for damaged ones, and does not go on for ever', () => {
    for (let at = 0; at < packed.length * 8; at += 41) {
      const damaged = packed.slice();
      damaged[at >> 3] ^= 1 << (at & 7);
      let found: string | undefined;
      try {
        found = unpack([damaged]);
      } catch (cause) {
        expect(cause).toBeInstanceOf(Error);
      }
      // The size of a block in a head may change without changing what its blocks hold.
      expect(found === undefined || found === text).toBe(true);
    }
  });
});
