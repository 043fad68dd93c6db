import { describe, expect, it } from '@jest/globals';
import { AbiCoder } from 'ethers';
import fc from 'fast-check';
import { abiEncode, readWord, toHex, uintWord } from './index.js';

describe('the contract ABI', () => {
  it('encodes words, bytes, arrays of words and of tuples as established libraries do', () => {
    const words = fc.array(fc.bigInt({ min: 0n, max: 2n ** 256n - 1n }), { maxLength: 5 });
    const pairs = fc.array(fc.tuple(fc.nat(255), fc.nat(1_000_000)), { maxLength: 4 });
    fc.assert(
      fc.property(
        fc.bigInt({ min: 0n, max: 2n ** 256n - 1n }),
        fc.uint8Array({ maxLength: 70 }),
        words,
        pairs,
        (one, bytes, many, rows) => {
          const found = abiEncode([
            { type: 'word', bytes: uintWord(one) },
            { type: 'bytes', bytes },
            { type: 'words', words: many.map(uintWord) },
            { type: 'tuples', rows: rows.map(([a, b]) => [uintWord(a), uintWord(b)]) },
          ]);
          const types = ['uint256', 'bytes', 'uint256[]', 'tuple(uint8,uint32)[]'];
          expect(toHex(found)).toBe(AbiCoder.defaultAbiCoder().encode(types, [one, bytes, many, rows]));
        },
      ),
    );
  });

  it('reads back the word that it wrote, and refuses what no word holds', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 2n ** 256n - 1n }), (value) => {
        expect(readWord(uintWord(value), 0)).toBe(value);
      }),
    );
    expect(() => uintWord(-1n)).toThrow(RangeError);
    expect(() => uintWord(2n ** 256n)).toThrow(RangeError);
  });
});
