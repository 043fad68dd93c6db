import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type Address, type Digest, fromHex, type Hex, isHexOf, toHex } from './index.js';

describe('hexadecimal text', () => {
  it('gives back the bytes it was made of, also those of a view', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 70 }), fc.nat(5), (bytes, from) => {
        const view = bytes.subarray(from);
        expect(fromHex(toHex(view))).toEqual(Uint8Array.from(view));
      }),
    );
    expect(toHex(Uint8Array.of(0, 10, 255))).toBe('0x000aff');
    expect(fromHex('0xABcd')).toEqual(Uint8Array.of(0xab, 0xcd));
  });

  it.each(['', 'ab', '0xabc', '0xzz', '0xab ', ' 0xab', '0XAB', `0x${'g'.repeat(100)}`])(
    'is refused where %j is not whole bytes behind 0x, and the message stays short',
    (text) => {
      expect(() => fromHex(text)).toThrow(`not 0x-hexadecimal: ${text.slice(0, 20)}`);
      expect(() => fromHex(text)).not.toThrow('g'.repeat(30));
    },
  );

  it.each([
    ['0xab', 1, true],
    ['0xABcd', 2, true],
    ['0x', 0, true],
    ['0xab', 2, false],
    ['0xabc', 1, false],
    ['0xag', 1, false],
    ['xxab', 1, false],
    ['00xa', 1, false],
    ['0xa\n', 1, false],
    [undefined, 1, false],
    [Uint8Array.of(48, 120, 97, 98), 1, false],
    [['0', 'x', 'a', 'b'], 1, false],
  ])('%j has the form of %i bytes: %j', (text, length, has) => {
    expect(isHexOf(text, length)).toBe(has);
  });

  it('that means an address stands for no digest: the type check fails where this line passes', () => {
    const address: Address = '0xa1';
    const sameText = (digest: Digest): Hex => digest;
    // @ts-expect-error: an address is no digest.
    expect(sameText(address)).toBe('0xa1');
    expect(sameText('0xa1')).toBe('0xa1');
  });
});
