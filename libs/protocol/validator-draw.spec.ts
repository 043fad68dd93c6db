import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { sha256 } from '#crypto';
import { type Address, type Digest, type Hex, toHex, u64BigEndian } from '#encoding';
import { type ChannelId, type DrawCandidate, drawValidators } from '#protocol';

const repeated = (byte: string, bytes: number): Hex => `0x${byte.repeat(bytes)}`;
const account = (byte: number): Address => repeated(byte.toString(16).padStart(2, '0'), 20) as Address;
const seed = {
  channelId: repeated('5a', 32) as ChannelId,
  blockNumber: 3,
  participant: 1,
  heightHash: repeated('77', 32) as Digest,
};
const heightHash = (n: number): Digest => toHex(sha256(u64BigEndian(BigInt(n)))) as Digest;

const candidates: fc.Arbitrary<DrawCandidate[]> = fc.uniqueArray(
  fc.record({ account: fc.integer({ min: 1, max: 255 }).map(account), weight: fc.bigInt(0n, 1n << 90n) }),
  { selector: (one) => one.account, maxLength: 20 },
);

describe('the draw of a validator', () => {
  it('is the same for everybody who reads the same height, in whatever order the list came', () => {
    fc.assert(
      fc.property(candidates, fc.nat(), (list, turn) => {
        const at = list.length === 0 ? 0 : turn % list.length;
        const turned = [...list.slice(at), ...list.slice(0, at)];
        expect(drawValidators(seed, turned)).toEqual(drawValidators(seed, list));
      }),
    );
  });

  it('names each candidate with a weight once, and nobody else', () => {
    fc.assert(
      fc.property(candidates, (list) => {
        const weighty = list.filter(({ weight }) => weight > 0n).map((one) => one.account);
        expect([...drawValidators(seed, list)].sort()).toEqual(weighty.sort());
      }),
    );
  });

  it('draws by weight: nine tenths of the stake are first nine times of ten', () => {
    const list = [
      { account: account(1), weight: 9n * 10n ** 18n },
      { account: account(2), weight: 10n ** 18n },
    ];
    const draws = Array.from({ length: 4_000 }, (_, n) =>
      drawValidators({ ...seed, heightHash: heightHash(n) }, list),
    );
    const heavy = draws.filter(([first]) => first === account(1)).length / draws.length;
    // Five standard deviations of 4,000 draws are 0.024.
    expect(Math.abs(heavy - 0.9)).toBeLessThan(0.024);
  });

  it('draws everybody as often as its weight says, whatever the weights are', () => {
    const draws = 1_500;
    const weights = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 2, maxLength: 6 });
    fc.assert(
      fc.property(weights, fc.nat(), (given, first) => {
        const list = given.map((weight, at) => ({ account: account(at + 1), weight: BigInt(weight) }));
        const counts = new Map<Address, number>();
        for (let n = 0; n < draws; n++) {
          const [one] = drawValidators({ ...seed, heightHash: heightHash(first + n) }, list);
          counts.set(one, (counts.get(one) ?? 0) + 1);
        }
        const total = given.reduce((sum, weight) => sum + weight, 0);
        for (const { account: one, weight } of list) {
          const share = Number(weight) / total;
          // Six standard deviations: by chance less often than once in ten million such sums.
          const bound = 6 * Math.sqrt(draws * share * (1 - share));
          expect(Math.abs((counts.get(one) ?? 0) - draws * share)).toBeLessThan(bound);
        }
      }),
      { numRuns: 20 },
    );
  });

  it('draws replacements by weight among those that are left', () => {
    const list = [1, 2, 3].map((n) => ({
      account: account(n),
      weight: n === 1 ? 10n ** 30n : BigInt(n - 1),
    }));
    const seconds = Array.from(
      { length: 3_000 },
      (_, n) => drawValidators({ ...seed, heightHash: heightHash(n) }, list)[1],
    );
    const share = seconds.filter((one) => one === account(3)).length / seconds.length;
    expect(Math.abs(share - 2 / 3)).toBeLessThan(0.044);
  });

  it.each([
    ['channel', { channelId: repeated('5b', 32) as ChannelId }],
    ['block', { blockNumber: 4 }],
    ['participant', { participant: 2 }],
    ['height', { heightHash: repeated('78', 32) as Digest }],
  ])('is another for another %s', (_, change) => {
    const list = Array.from({ length: 60 }, (__, n) => ({ account: account(n + 1), weight: 1n }));
    expect(drawValidators({ ...seed, ...change }, list)).not.toEqual(drawValidators(seed, list));
  });

  it('equals what the written rule gives, computed by hand for two of equal weight', () => {
    const text = Buffer.concat([
      Buffer.from('papyrus draw'),
      Buffer.from('5a'.repeat(32), 'hex'),
      Buffer.from('000000000000000301', 'hex'),
      Buffer.from('77'.repeat(32), 'hex'),
      Buffer.alloc(8),
    ]);
    const isOdd = ((sha256(text).at(-1) as number) & 1) === 1;
    const list = [account(9), account(4)].map((one) => ({ account: one, weight: 1n }));
    expect(drawValidators(seed, list)[0]).toBe(isOdd ? account(9) : account(4));
  });
});
