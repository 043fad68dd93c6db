import { describe, expect, it } from '@jest/globals';
import { AbiCoder } from 'ethers';
import fc from 'fast-check';
import { abiEncode, addressWord, bytes32Word, readWord, toHex, uintWord } from './index.js';

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
    expect(() => uintWord(-1n)).toThrow(new RangeError('no 256-bit word: -1'));
    expect(() => uintWord(2n ** 256n)).toThrow(RangeError);
  });

  it('takes addresses of 20 bytes and words of 32, and nothing shorter or longer', () => {
    const address = `0x${'a1'.repeat(20)}` as const;
    expect(toHex(addressWord(address))).toBe(`0x${'00'.repeat(12)}${'a1'.repeat(20)}`);
    expect(toHex(bytes32Word(`0x${'b2'.repeat(32)}`))).toBe(`0x${'b2'.repeat(32)}`);
    for (const other of [`${address}a1`, '0xa1'] as const) {
      expect(() => addressWord(other)).toThrow(new RangeError(`no address: ${other}`));
      expect(() => bytes32Word(other)).toThrow(new RangeError(`not 32 bytes: ${other}`));
    }
  });
});
