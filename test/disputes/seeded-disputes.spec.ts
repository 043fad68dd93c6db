/** Seeded disputes on the simulated chain, and a few on both chains at once: all end as the reference says. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { SimulatedChain } from '#block-watch/testing/simulated-chain';
import type { DrivenChain } from '#chain';
import { openAnvilChain } from '#chain/anvil-chain';
import { silentLog } from '#environment';
import { TwinChain } from '../twin-chain.js';
import { gather } from './dispute-people.js';
import { wrongIn } from './reference-ending.js';
import { SeededDispute } from './seeded-dispute.js';

const genesis = 1_700_000_000;

it('ends as the reference says, whatever is said in 150 disputes on the simulated chain', async () => {
  const chain = new SimulatedChain(genesis);
  chain.namedAtSeconds = undefined;
  chain.freeWei = 0n;
  const people = await gather(chain.port());
  const wrong: string[] = [];
  let disputed = 0;
  for (let seed = 1; seed <= 150; seed++) {
    const ending = await SeededDispute.play(people, seed);
    wrong.push(...wrongIn(ending).map((what) => `${seed}: ${what}`));
    if (ending.isDisputed) disputed += 1;
  }
  expect(wrong).toEqual([]);
  expect(disputed).toBeGreaterThan(75);
});

describe('a dispute on the contracts', () => {
  let real: DrivenChain;
  beforeAll(async () => {
    const options = { dataFolder: undefined, chainId: 31_337, genesisTimestampSeconds: genesis };
    real = await openAnvilChain({ ...options, mode: 'driven', log: silentLog });
  });
  afterAll(() => real.close());

  it('ends so too, and the simulated chain says and shows the same all the way', async () => {
    const twin = await TwinChain.over(real);
    const people = await gather(twin.port());
    const wrong: string[] = [];
    // The last publishes a row that its author did not sign.
    for (const seed of [...Array(11).keys()].slice(1).concat(13)) {
      const ending = await SeededDispute.play(people, seed);
      await twin.compare(ending.id, ending.accounts);
      wrong.push(...[...wrongIn(ending), ...twin.differences.splice(0)].map((what) => `${seed}: ${what}`));
    }
    expect(wrong).toEqual([]);
  });
});
