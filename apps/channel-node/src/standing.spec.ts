import { expect, it } from '@jest/globals';
import { addressOf } from '#crypto';
import { DrivenClock, type Log, silentLog } from '#environment';
import { Standing } from './standing.js';
import { accounts, operatorKeys, TestChain } from './testing/test-channel.js';

const operator = addressOf(operatorKeys[1]);

it('tells of an operator key without coins with address and balance, at once and then ever less often', async () => {
  const chain = new TestChain();
  const clock = new DrivenClock(0);
  const told: object[] = [];
  const log: Log = { ...silentLog, error: (fields) => told.push(fields) };
  const standing = new Standing({ account: accounts[1], operator }, { chain: chain.port(), clock, log });
  chain.gas = { balanceWei: 3n, reserveWei: 4n };
  let height = 0;
  const sweepFor = async (seconds: number): Promise<void> => {
    for (let at = 0; at < seconds; at++) {
      await standing.sweep(height++);
      clock.advanceTo(clock.nowMs() + 1_000);
    }
  };
  await sweepFor(60);
  expect(told).toEqual([{ address: operator, balanceWei: '3', neededWei: '4' }]);
  await sweepFor(60 + 120 + 1);
  expect(told).toHaveLength(3);
  chain.gas = { balanceWei: 4n, reserveWei: 4n };
  await sweepFor(600);
  expect(told).toHaveLength(3);
});

it('keeps what it knew while the chain is away, and asks once for all who ask at a time', async () => {
  const chain = new TestChain();
  const standing = new Standing(
    { account: accounts[1], operator },
    { chain: chain.port(), clock: new DrivenClock(0), log: silentLog },
  );
  const { asked } = chain;
  expect(await Promise.all([1, 1, 1].map((asOf) => standing.refusal(asOf)))).toEqual([
    undefined,
    undefined,
    undefined,
  ]);
  expect(chain.asked).toBe(asked + 1);
  chain.isAway = true;
  await standing.sweep(2);
  expect(await standing.refusal(2)).toBeUndefined();
  await expect(standing.reasons(2)).rejects.toThrow('away');
});
