/** What a rollback takes back is told, read anew and posted anew; each act takes effect once. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { RollbackChain } from './testing/rollback.js';

describe('a rollback', () => {
  let chain: RollbackChain;
  beforeAll(async () => {
    chain = await RollbackChain.open();
  });
  afterAll(() => chain.close());

  it.each([1, 2, 3, 6, 12])('%i deep is told, and leaves every act with one effect', async (depth) => {
    const { toldTo, stayed, effects, wasGone } = await chain.rollBack(depth);
    expect([effects, wasGone]).toEqual([2n, true]);
    // Anvil forgets what it rolled back: then more is told than was taken back, never less.
    expect(toldTo).toBeLessThanOrEqual(stayed);
  });
});
