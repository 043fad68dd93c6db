/**
 * Adversaries by name, each alone against honest organisations on the embedded chain: what all of them end in,
 * and that the simulated chain says and shows the same all the way.
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { DrivenChain } from '#chain';
import { openAnvilChain } from '#chain/anvil-chain';
import { silentLog } from '#environment';
import { joinChain, rehearseOn } from '../../open-on-chain.js';
import { TwinChain } from '../../twin-chain.js';
import { accusers } from './accusers.js';
import { liars } from './liars.js';
import { posters } from './posters.js';
import { registerOutsiders, Scene, type Strategy } from './scene.js';
import { seatHolders } from './seat-holders.js';

const genesis = 1_700_000_000;
/** What the records of the block say that payer, seller and auditor come to. */
const owed = [0n, 3_000n, 0n];
const disputeMax = 500;

const tables: readonly { readonly who: string; readonly strategies: readonly Strategy[] }[] = [
  { who: 'liar', strategies: liars },
  { who: 'seat holder', strategies: seatHolders },
  { who: 'accuser', strategies: accusers },
  { who: 'poster', strategies: posters },
];

// A chain for each: services that start look at all channels of their people.
describe.each(tables)('against honest organisations, a $who that', ({ strategies }) => {
  let chain: DrivenChain;
  let twin: TwinChain;
  beforeAll(async () => {
    const options = { dataFolder: undefined, chainId: 31_337, genesisTimestampSeconds: genesis };
    twin = await TwinChain.over(await openAnvilChain({ ...options, mode: 'driven', log: silentLog }));
    chain = twin.port();
    await joinChain(chain, (await rehearseOn(chain)).rehearsal);
    await registerOutsiders(chain);
  });
  afterAll(() => chain.close());

  it.each(strategies)('$name takes nothing from anyone', async (strategy) => {
    const { block, accounts, ...ending } = await Scene.play(chain, strategy);
    const { said, stage, paid, taken, grown, stillLocked, disputedSeconds } = ending;
    const honest = [0, 1, 2].filter((one) => !strategy.culprits.includes(one));
    const sum = (each: readonly bigint[]): bigint => each.reduce((before, one) => before + one, 0n);
    expect(said).toEqual(strategy.says);
    expect([stage, paid, taken]).toEqual(['settled', owed, owed.slice(1)]);
    const least = (one: number): bigint => (one === strategy.costs?.participant ? -strategy.costs.wei : 0n);
    expect(honest.filter((one) => grown[one] < least(one) || stillLocked[one] !== 0n)).toEqual([]);
    expect(-sum(strategy.culprits.map((one) => grown[one]))).toBe(strategy.pays);
    expect(disputedSeconds).toBeLessThanOrEqual(disputeMax);
    await twin.compare(block, accounts);
    expect(twin.differences.splice(0)).toEqual([]);
  });
});
