import { expect, it } from '@jest/globals';
import type { Chain } from '#chain';
import { silentLog } from '#environment';
import { ChainClock } from './chain-clock.js';

it('says how late the chain may be while it is away, by time that elapses, also when nothing woke it', async () => {
  let monotonicMs = 0;
  let isAway = false;
  const time = async () => {
    if (isAway) throw new Error('away');
    return { height: 1, timestampSeconds: 100 };
  };
  const chain = { time, subscribe: () => () => {} } as unknown as Chain;
  const clock = new ChainClock(chain, silentLog, () => monotonicMs);
  expect(await clock.now()).toMatchObject({ timestampSeconds: 100, latestSeconds: 100 });
  isAway = true;
  monotonicMs = 9_500;
  expect(await clock.now()).toMatchObject({ timestampSeconds: 100, latestSeconds: 110 });
  isAway = false;
  expect(await clock.now()).toMatchObject({ timestampSeconds: 100, latestSeconds: 100 });
});
