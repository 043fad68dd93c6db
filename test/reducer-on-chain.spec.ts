/** A short run of `npm run trial -- reducer-on-chain`. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { compareReducers, ReducerOnChain } from './reducer-on-chain.js';

describe('the reducer on chain', () => {
  let chain: ReducerOnChain;
  beforeAll(async () => {
    chain = await ReducerOnChain.start();
  });
  afterAll(() => chain.close());

  it('keeps and pays for any impression what the product keeps and pays', async () => {
    const { groups, records, kept, reasons } = await compareReducers(chain, 400);
    expect(groups).toBeGreaterThanOrEqual(400);
    expect(kept).toBeLessThan(records);
    expect(Object.keys(reasons).length).toBeGreaterThanOrEqual(6);
  });
});
