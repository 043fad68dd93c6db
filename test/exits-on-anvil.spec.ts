/** The ways out when somebody is gone, pays nothing or has lost its keys: nobody's money stays locked. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { blockSeconds, type Rehearsal } from '#block-watch/testing/rehearsal';
import type { ChainSnapshot, DrivenChain } from '#chain';
import { openAnvilChain } from '#chain/anvil-chain';
import { registerKeys } from '#chain/testing/example-channel';
import { addressOf } from '#crypto';
import type { Hex } from '#encoding';
import { silentLog } from '#environment';
import { done, openOnChain } from './open-on-chain.js';
import { fillLogs, type Sweeper, startAll, sweepUntilStill } from './organisations.js';

const deposit = 1_000_000n;
/** What the seller earns of the block that the logs hold. */
const earned = 3_000n;

describe('a channel', () => {
  let chain: DrivenChain;
  beforeAll(async () => {
    const options = { dataFolder: undefined, chainId: 31_337, genesisTimestampSeconds: 1_700_000_000 };
    chain = await openAnvilChain({ ...options, mode: 'driven', log: silentLog });
  });
  afterAll(() => chain.close());

  const latest = (): Promise<ChainSnapshot> => chain.snapshot({ finality: 'latest' });
  const { collation, processing, challenge } = blockSeconds;
  const moments = [0, collation, collation + processing / 2, collation + processing];

  /** Lets the services work through block 0 to its end by the clock. */
  async function live(rehearsal: Rehearsal, services: readonly Sweeper[]): Promise<void> {
    for (const moment of [...moments, collation + processing + challenge]) {
      await chain.advanceTo(rehearsal.collected(0) + moment);
      await sweepUntilStill(services);
    }
  }

  /** Closes the channel by one of its people, ends what has begun, and takes back every line. */
  async function leave({ channelId, participants }: Rehearsal, by: number): Promise<void> {
    const acts = chain.participantActs(participants[by].accountKey);
    await done(acts.closeChannel(channelId));
    const { timestampSeconds } = await latest();
    // Blocks that started and that nobody brings a part of are void after their collation.
    await chain.advanceTo(timestampSeconds + blockSeconds.duration + 1_000);
    for (const { payee, amount } of (await (await latest()).channel(channelId))?.lines ?? []) {
      if (amount > 0n) await done(acts.executeWithdrawal(channelId, payee));
    }
    const lines = (await (await latest()).channel(channelId))?.lines ?? [];
    expect(lines.map(({ amount }) => amount)).toEqual([0n, 0n]);
    for (const { account } of participants) {
      expect((await (await latest()).weiAccount(account)).lockedWei).toBe(0n);
    }
  }

  const balances = async ({ participants }: Rehearsal, token: Hex): Promise<bigint[]> => {
    const now = await latest();
    return Promise.all(participants.map((one) => now.balance(token, one.account)));
  };

  it('whose payer never deposits settles into a debt, which lasts beyond its closing', async () => {
    const { rehearsal, token } = await openOnChain(chain, 0n);
    const { channelId, participants } = rehearsal;
    await fillLogs(rehearsal);
    await chain.advanceTo(rehearsal.collected(0));
    await sweepUntilStill(startAll(rehearsal, undefined, [], chain));
    const now = await latest();
    expect(await now.stage(channelId, 0)).toBe('settled');
    expect(await now.cover(channelId, 1, 1)).toBe(0n);
    expect((await now.channel(channelId))?.lines[0]).toMatchObject({ amount: 0n, debt: earned });
    await leave(rehearsal, 1);
    const payer = participants[0];
    await chain.mint(token, payer.account, earned);
    await done(chain.participantActs(payer.accountKey).payDebt(channelId, 1, earned));
    expect(await balances(rehearsal, token)).toEqual([0n, earned, 0n]);
  });

  it('whose payer and auditor vanish is settled and left by the seller alone', async () => {
    const { rehearsal, token } = await openOnChain(chain, deposit);
    await fillLogs(rehearsal);
    // Kind by kind: the seller's collator, then three coordinators, three validators, three settlements.
    const all = startAll(rehearsal, undefined, [0, 2], chain);
    await live(
      rehearsal,
      [0, 2, 5, 8].map((at) => all[at]),
    );
    expect(await (await latest()).stage(rehearsal.channelId, 0)).toBe('settled');
    expect(await balances(rehearsal, token)).toEqual([0n, earned, 0n]);
    await leave(rehearsal, 1);
    expect(await balances(rehearsal, token)).toEqual([2n * deposit - earned, earned, 0n]);
  });

  it('in which nobody acts any more gives the payer everything back, whoever asks for it', async () => {
    const { rehearsal, token } = await openOnChain(chain, deposit);
    await live(rehearsal, []);
    expect(await (await latest()).stage(rehearsal.channelId, 0)).toBe('void');
    await leave(rehearsal, 2);
    expect(await balances(rehearsal, token)).toEqual([2n * deposit, 0n, 0n]);
  });

  it('goes on when a participant has revoked its record key and registered another encryption key', async () => {
    const { rehearsal, token } = await openOnChain(chain, deposit);
    const seller = rehearsal.participants[1];
    await fillLogs(rehearsal);
    await chain.advanceTo(rehearsal.terms.firstBlockStart + 1);
    await done(
      registerKeys(chain, seller.accountKey, {
        recordKey: `0x${'00'.repeat(20)}` as const,
        operatorKey: addressOf(seller.operatorKey),
        encryptionKey: `0x${'5e'.repeat(32)}` as const,
        endpoint: '',
      }),
    );
    await chain.advanceTo(rehearsal.collected(0));
    await sweepUntilStill(startAll(rehearsal, undefined, [], chain));
    // What it signed of a block that had started counts; of later ones nothing of it does.
    expect(await balances(rehearsal, token)).toEqual([0n, earned, 0n]);
    const now = await latest();
    const later = await now.keysAt(
      seller.account,
      rehearsal.terms.firstBlockStart + 2 * blockSeconds.duration,
    );
    expect(later?.recordKey).toBe(`0x${'00'.repeat(20)}`);
    await leave(rehearsal, 0);
  });
});
