import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { sha256 } from '#crypto';
import { type Address, type Digest, type Hex, toHex, u64BigEndian } from '#encoding';
import { type ChannelId, type DrawCandidate, drawPanel, type PanelSeed } from '#protocol';

const repeated = (byte: string, bytes: number): Hex => `0x${byte.repeat(bytes)}`;
const account = (byte: number): Address => repeated(byte.toString(16).padStart(2, '0'), 20) as Address;
const seed = {
  channelId: repeated('5a', 32) as ChannelId,
  blockNumber: 3,
  part: 1,
  round: 0,
  heightHash: repeated('77', 32) as Digest,
};
const heightHash = (n: number): Digest => toHex(sha256(u64BigEndian(BigInt(n)))) as Digest;
const wei = 10n ** 18n;
const equal = (count: number): DrawCandidate[] =>
  Array.from({ length: count }, (_, n) => ({ account: account(n + 1), weight: wei }));

const candidates: fc.Arbitrary<DrawCandidate[]> = fc.uniqueArray(
  fc.record({ account: fc.integer({ min: 1, max: 255 }).map(account), weight: fc.bigInt(0n, 1n << 85n) }),
  { selector: (one) => one.account, maxLength: 60 },
);

interface Vector {
  readonly seed: PanelSeed;
  readonly candidates: readonly { readonly account: Address; readonly weight: string }[];
  readonly members: readonly Address[];
}

describe('the draw of a panel', () => {
  it('is what the contract draws, registry by registry', () => {
    const file = join(import.meta.dirname, '../../test/vectors/panel-draw.json');
    const { draws }: { draws: Vector[] } = JSON.parse(readFileSync(file, 'utf8'));
    expect(draws.length).toBeGreaterThan(20);
    for (const one of draws) {
      const list = one.candidates.map(({ account: who, weight }) => ({
        account: who,
        weight: BigInt(weight),
      }));
      expect(drawPanel(one.seed, list)).toEqual(one.members);
    }
  });

  it('seats 7, 15 and 31, or all who weigh anything where there are fewer', () => {
    fc.assert(
      fc.property(candidates, fc.integer({ min: 0, max: 2 }), (list, round) => {
        const weighty = list.filter(({ weight }) => weight > 0n).map((one) => one.account);
        const members = drawPanel({ ...seed, round }, list);
        expect(members.length).toBe(Math.min([7, 15, 31][round] as number, weighty.length));
        expect(new Set(members).size).toBe(members.length);
        expect(members.every((one) => weighty.includes(one))).toBe(true);
      }),
    );
  });

  it('is the same in whatever order the list came', () => {
    fc.assert(
      fc.property(candidates, fc.nat(), (list, turn) => {
        const at = list.length === 0 ? 0 : turn % list.length;
        expect(drawPanel(seed, [...list.slice(at), ...list.slice(0, at)])).toEqual(drawPanel(seed, list));
      }),
    );
  });

  it('seats everybody else in the same order when one is gone', () => {
    fc.assert(
      fc.property(candidates, fc.nat(), (list, turn) => {
        fc.pre(list.length > 0);
        const gone = list[turn % list.length] as DrawCandidate;
        const rest = drawPanel(
          seed,
          list.filter((one) => one !== gone),
        );
        const before = drawPanel(seed, list).filter((one) => one !== gone.account);
        expect(rest.slice(0, before.length)).toEqual(before);
      }),
    );
  });

  it('seats first as often as the share of the weights says, and then among the others', () => {
    const list = [6n, 3n, 1n].map((share, at) => ({ account: account(at + 1), weight: share * wei }));
    const draws = Array.from({ length: 6_000 }, (_, n) =>
      drawPanel({ ...seed, heightHash: heightHash(n) }, list),
    );
    const share = (some: readonly (readonly Address[])[], place: number, who: number): number =>
      some.filter((members) => members[place] === account(who)).length / some.length;
    // Five standard deviations of 6,000 draws are at most 0.033, of 3,600 at most 0.042.
    expect(Math.abs(share(draws, 0, 1) - 0.6)).toBeLessThan(0.033);
    expect(Math.abs(share(draws, 0, 3) - 0.1)).toBeLessThan(0.02);
    const led = draws.filter(([first]) => first === account(1));
    expect(Math.abs(share(led, 1, 2) - 0.75)).toBeLessThan(0.042);
  });

  it.each<[string, Partial<PanelSeed>]>([
    ['channel', { channelId: repeated('5b', 32) as ChannelId }],
    ['block', { blockNumber: 4 }],
    ['part', { part: 2 }],
    ['height', { heightHash: repeated('78', 32) as Digest }],
  ])('is another for another %s', (_, change) => {
    expect(drawPanel({ ...seed, ...change }, equal(60))).not.toEqual(drawPanel(seed, equal(60)));
  });

  it('is another for the next round', () => {
    expect(drawPanel({ ...seed, round: 1 }, equal(60)).slice(0, 7)).not.toEqual(drawPanel(seed, equal(60)));
  });
});
