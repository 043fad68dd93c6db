/** What has to be named to read a block. */
import { describe, expect, it } from '@jest/globals';
import { type SourceOptions, withBlock } from './block-source.js';

const read = async (options: SourceOptions) =>
  withBlock(options, { channel: '0x5f3a91c2', blockNumber: 0 }, () =>
    Promise.reject(new Error('it was read')),
  );

describe('where a block is read', () => {
  it('is refused with what was not named, before anything is asked', async () => {
    await expect(read({})).rejects.toThrow(/^name --data, or --keys, --chain, --lens and --parts \(/);
    const chain = 'http://127.0.0.1:1';
    await expect(read({ chain, keys: 'k', lens: '0x11' })).rejects.toThrow(/^name --parts too, or --data \(/);
    await expect(read({ chain, parts: 'p' })).rejects.toThrow(/^name --keys and --lens too, or --data \(/);
  });
});
