/** What is staked by several games of a dispute at once. */
import { describe, expect, it } from '@jest/globals';
import type { WatchedBlock } from '#block-watch';
import type { ChainSnapshot } from '#chain';
import { type AccusationFacts, bondWei } from '#protocol';
import { DisputeBonds } from './dispute-bonds.js';

const account = '0xaa';
const block = { channelId: '0x0c', blockNumber: 3 } as unknown as WatchedBlock;
const other = { channelId: '0x0c', blockNumber: 4 } as unknown as WatchedBlock;
const wei = bondWei.accusation;

/** An account that may stake so many bonds a block, and has so many. */
function bondsOf({ most, free }: { readonly most: bigint; readonly free: bigint }) {
  const made = { accusations: [] as AccusationFacts[] };
  const told: string[] = [];
  const snapshot: Partial<ChainSnapshot> = {
    disputeFacts: async () => ({ ...made, parts: [] }),
    weiAccount: async () => ({ freeWei: free * wei, stakeWei: 0n, lockedWei: 0n }),
  };
  const chain = { snapshot: async () => snapshot as ChainSnapshot };
  const tell = (_: WatchedBlock, notice: string): number => told.push(notice);
  const bonds = new DisputeBonds(account, most * wei, { chain, tell });
  const accuse = (of: WatchedBlock, slot = 0) =>
    bonds.staking(of, 0, wei, async () => {
      await new Promise((resolve) => setImmediate(resolve));
      return made.accusations.push({ slot } as AccusationFacts);
    });
  return { accuse, told };
}

describe('the bonds of a dispute', () => {
  it('are no more than they may be, however many games stake at once', async () => {
    const { accuse, told } = bondsOf({ most: 2n, free: 9n });
    const sent = await Promise.all([accuse(block), accuse(block), accuse(block)]);
    expect([sent, told]).toEqual([[1, 2, undefined], []]);
    expect([await accuse(block), told]).toEqual([undefined, ['dispute-bonds-used-up']]);
  });

  it('are those that the account has, of all its blocks together', async () => {
    const { accuse, told } = bondsOf({ most: 9n, free: 1n });
    expect(await Promise.all([accuse(block), accuse(other)])).toEqual([1, undefined]);
    expect(told).toEqual([]);
    const poor = bondsOf({ most: 9n, free: 0n });
    expect([await poor.accuse(block), poor.told]).toEqual([undefined, ['dispute-without-bond']]);
  });

  it('of one block are no matter to another, as long as there is wei', async () => {
    const { accuse } = bondsOf({ most: 1n, free: 9n });
    expect(await Promise.all([accuse(block, 7), accuse(other, 7)])).toEqual([1, 2]);
  });
});
