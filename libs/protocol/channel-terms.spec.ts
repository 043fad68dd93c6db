import { describe, expect, it } from '@jest/globals';
import type { Address } from '#encoding';
import { type ChannelTerms, termsFault } from './channel-terms.js';
import { roleName, roleOf } from './ids.js';

const accounts = (count: number): Address[] =>
  Array.from({ length: count }, (_, at) => `0xab${at.toString(16).padStart(38, '0')}` as const);
const { dsp, advertiser, ssp, publisher, auditor, operator } = roleOf;

/** Two participants, one record of 64 bytes an author: no sum is above 4 × priceNanoMax. */
const good = {
  participants: accounts(2),
  roles: [dsp, ssp],
  blockPolicy: 0,
  blockDuration: 1,
  blocksMax: 1,
  authorBytesMax: 64,
  priceNanoMax: 1n,
} as unknown as ChannelTerms;
const of = (change: Partial<ChannelTerms>): string | undefined => termsFault({ ...good, ...change }, 0n);
const sized = (count: number): Partial<ChannelTerms> => ({
  participants: accounts(count),
  roles: [dsp, ...Array<number>(Math.max(0, count - 1)).fill(ssp)],
});

describe('the terms of a channel', () => {
  it('name 2 to 16 distinct participants with one role each', () => {
    expect([1, 2, 16, 17].map((count) => of(sized(count)))).toEqual([
      'a channel has 2 to 16 participants',
      undefined,
      undefined,
      'a channel has 2 to 16 participants',
    ]);
    for (const roles of [[dsp], [dsp, ssp, ssp]]) {
      expect(of({ roles })).toBe('every participant has one role');
    }
    const [one] = accounts(1);
    const twice: Address[] = [one, `0x${one.slice(2).toUpperCase()}` as const];
    expect(of({ participants: twice })).toBe('the participants are distinct accounts');
  });

  it('name one payer, which is the first', () => {
    expect(of({ roles: [advertiser, ssp] })).toBeUndefined();
    for (const first of [ssp, publisher, auditor, operator]) {
      expect(of({ roles: [first, ssp] })).toBe('participant 0 is the payer: a dsp or an advertiser');
    }
    for (const role of [ssp, publisher, auditor, operator])
      expect(of({ roles: [dsp, role] })).toBeUndefined();
    for (const role of [0, dsp, advertiser, operator + 1]) {
      expect(of({ roles: [dsp, role] })).toBe('one payer a channel; the others earn');
    }
  });

  it('have blocks, 2^20 at most, and time blocks that last', () => {
    expect([1, 2 ** 20].map((blocksMax) => of({ blocksMax }))).toEqual([undefined, undefined]);
    for (const blocksMax of [0, 2 ** 20 + 1]) expect(of({ blocksMax })).toBe('blocksMax is 1 to 2^20');
    expect(of({ blockDuration: 0 })).toBe('a time block lasts at least a second');
    expect(of({ blockDuration: 0, blockPolicy: 1 })).toBeUndefined();
  });

  it('keep every sum below 2^63: participants twice over, records, and the price with the auditors’ fees', () => {
    const tooMuch = 'authorBytesMax and prices are small enough that no sum reaches 2^63';
    // 2 × 2 participants, one record: a quarter of 2^63 is the first price that is too high.
    expect(of({ priceNanoMax: 2n ** 61n - 1n })).toBeUndefined();
    expect(of({ priceNanoMax: 2n ** 61n })).toBe(tooMuch);
    // The part of a record that does not fill 64 bytes is none.
    expect(of({ priceNanoMax: 2n ** 60n - 1n, authorBytesMax: 191 })).toBeUndefined();
    expect(of({ priceNanoMax: 2n ** 60n, authorBytesMax: 128 })).toBe(tooMuch);
    // Each participant may be an auditor with a fee of its own.
    expect(termsFault({ ...good, priceNanoMax: 2n ** 61n - 3n }, 1n)).toBeUndefined();
    expect(termsFault({ ...good, priceNanoMax: 2n ** 61n - 2n }, 1n)).toBe(tooMuch);
  });
});

it('every role has a name, and no other number has', () => {
  expect([1, 2, 3, 4, 5, 6].map(roleName)).toEqual(Object.keys(roleOf));
  expect(() => roleName(7)).toThrow(new RangeError('no role 7'));
});
