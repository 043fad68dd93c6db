import { expect, it } from '@jest/globals';
import { parseAddress } from './parse-address.js';

it('an address is taken in one case, or with its checksum, as EIP-55 has them', () => {
  for (const one of [
    '0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed',
    '0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359',
    '0xdbF03B407c01E7cD3CBea99509d93f8DDDC8C6FB',
  ]) {
    const lower = one.toLowerCase();
    expect(parseAddress(one)).toBe(lower);
    expect(parseAddress(lower)).toBe(lower);
    expect(parseAddress(`0x${one.slice(2).toUpperCase()}`)).toBe(lower);
    expect(parseAddress(one.replace(/[a-f]/, (letter) => letter.toUpperCase()))).toBeUndefined();
  }
  for (const bad of ['', '0x', '0x12', `0x${'g'.repeat(40)}`, '5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed']) {
    expect(parseAddress(bad)).toBeUndefined();
  }
});
