import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { rootFromPath } from '#crypto';
import {
  allKeys,
  blockKeyOf,
  keyCommitmentOf,
  keyCommitments,
  keyGroupRootsBytes,
  keyGroupRootsOf,
  keyProofOf,
  keysBehind,
  keysRootOf,
  secretOf,
} from './block-keys.js';

const secret = new Uint8Array(32).fill(7);
const leaves = keyCommitments(secret, 700);

describe('the keys of a channel of which the first are erased', () => {
  it('prove each that is left under keysRoot, and keep no more than a few roots for it', () => {
    const numbers = fc.tuple(fc.integer({ min: 1, max: 700 }), fc.nat(), fc.nat(), fc.nat());
    fc.assert(
      fc.property(numbers, ([blocksMax, a, b, c]) => {
        const blockNumber = a % blocksMax;
        const from = b % (blockNumber + 1);
        const own = leaves.subarray(0, blocksMax * 32);
        const groupRoots = keyGroupRootsOf(own);
        expect(groupRoots.length).toBe(keyGroupRootsBytes(blocksMax));
        const keys = keysBehind(keysBehind(allKeys(secret), c % (from + 1)), from);
        expect(keys.secret).toEqual(secretOf(secret, from));
        expect(keys.passed.roots.length).toBeLessThanOrEqual(8);
        const { commitment, path } = keyProofOf(keys, { groupRoots, blocksMax }, blockNumber);
        expect(commitment).toEqual(keyCommitmentOf(blockKeyOf(secretOf(secret, blockNumber))));
        expect(rootFromPath(commitment, blockNumber, blocksMax, path)).toEqual(keysRootOf(own));
      }),
      { numRuns: 60 },
    );
  });

  it('are the same whether they were erased at once or one by one', () => {
    let oneByOne = allKeys(secret);
    for (let n = 1; n <= 600; n++) {
      oneByOne = keysBehind(oneByOne, n);
      if (![1, 255, 256, 257, 511, 512, 600].includes(n)) continue;
      expect(keysBehind(allKeys(secret), n)).toEqual(oneByOne);
      expect(oneByOne.passed.count).toBe(n % 256);
    }
  });
});
