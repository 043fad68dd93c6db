/** The services against the contracts on the embedded chain: one block from logs to balances. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { drawAt } from '#block-watch';
import { blockSeconds } from '#block-watch/testing/rehearsal';
import type { DrivenChain } from '#chain';
import { openAnvilChain } from '#chain/anvil-chain';
import { silentLog } from '#environment';
import { openOnChain } from './open-on-chain.js';
import { fillLogs, startAll, sweepUntilStill } from './organisations.js';

const genesis = 1_700_000_000;
const deposit = 1_000_000n;

describe('the services on the embedded chain', () => {
  let chain: DrivenChain;
  beforeAll(async () => {
    const options = { dataFolder: undefined, chainId: 31_337, genesisTimestampSeconds: genesis };
    chain = await openAnvilChain({ ...options, mode: 'driven', log: silentLog });
  });
  afterAll(() => chain.close());

  it('settle a block at once when every seat agrees, and move exactly what the records say', async () => {
    const { rehearsal, token } = await openOnChain(chain, deposit);
    await fillLogs(rehearsal);
    await chain.advanceTo(rehearsal.collected(0));
    await sweepUntilStill(startAll(rehearsal, undefined, [], chain));
    const now = await chain.snapshot({ finality: 'latest' });
    expect(await now.stage(rehearsal.channelId, 0)).toBe('settled');
    const balances = await Promise.all(rehearsal.participants.map((one) => now.balance(token, one.account)));
    expect(balances).toEqual([0n, 3_000n, 0n]);
    const lines = (await now.channel(rehearsal.channelId))?.lines.map(({ amount }) => amount);
    expect(lines).toEqual([deposit - 3_000n, deposit]);
  });

  it('settle a block whose validators were drawn as anybody repeats it, and pay those their fees', async () => {
    const { rehearsal, token } = await openOnChain(chain, deposit);
    const { channelId, participants } = rehearsal;
    await fillLogs(rehearsal);
    const fee = { offeredWei: 700n, mostWei: 700n };
    const services = startAll(rehearsal, undefined, [], chain, {
      coordinator: { validators: { kind: 'drawn' }, fee },
    });
    const freeOf = async () => {
      const now = await chain.snapshot({ finality: 'latest' });
      const accounts = participants.map((one) => now.weiAccount(one.validator));
      return (await Promise.all(accounts)).map((one) => one.freeWei);
    };
    const before = await freeOf();
    await chain.advanceTo(rehearsal.collected(0));
    await sweepUntilStill(services);
    const { parts, seats } = await (await chain.snapshot({ finality: 'latest' })).blockFacts(channelId, 0);
    expect(seats.map((seat) => [seat.binding, seat.feeWei])).toEqual([0, 1, 2].map(() => [false, 700n]));
    const height = Math.min(...parts.map((part) => part.height));
    const block = { channelId, blockNumber: 0 };
    for (const { participant, validator } of seats) {
      const { order } = await drawAt(chain, height, block, participant);
      expect([participant, validator]).toEqual([participant, order[0]]);
    }
    const { processing, challenge } = blockSeconds;
    await chain.advanceTo(rehearsal.collected(0) + processing + challenge);
    await sweepUntilStill(services);
    const now = await chain.snapshot({ finality: 'latest' });
    expect(await now.stage(channelId, 0)).toBe('settled');
    expect(await now.balance(token, participants[1].account)).toBe(3_000n);
    const after = await freeOf();
    const paid = participants.map(({ validator }, at) => {
      const seatsOf = seats.filter((seat) => seat.validator === validator).length;
      return after[at] - before[at] === BigInt(700 * seatsOf);
    });
    expect(paid).toEqual([true, true, true]);
  });

  it('settle a block after the challenge period when one organisation is away, and pay once', async () => {
    const { rehearsal, token } = await openOnChain(chain, deposit);
    await fillLogs(rehearsal);
    const all = startAll(rehearsal, undefined, [0], chain);
    // Sweepers come kind by kind, without the absent collator: the validator of organisation 0 is away too.
    const services = all.filter((_, at) => at !== 5);
    const { collation, processing, challenge } = blockSeconds;
    const moments = [0, collation, collation + processing / 2, collation + processing];
    for (const moment of [...moments, collation + processing + challenge]) {
      await chain.advanceTo(rehearsal.collected(0) + moment);
      await sweepUntilStill(services);
    }
    const now = await chain.snapshot({ finality: 'latest' });
    expect(await now.stage(rehearsal.channelId, 0)).toBe('settled');
    const { results, seats } = await now.blockFacts(rehearsal.channelId, 0);
    expect([results.length, results[0].validParts, seats.length]).toEqual([1, 6, 2]);
    expect(await now.balance(token, rehearsal.participants[1].account)).toBe(3_000n);
  });
});
