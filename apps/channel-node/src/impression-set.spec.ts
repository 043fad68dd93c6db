import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { viewOf } from '#encoding';
import { ImpressionSet } from './impression-set.js';

const key = fc.uint8Array({ minLength: 16, maxLength: 16 });

describe('an impression set', () => {
  it('holds the keys that were added and no others', () => {
    fc.assert(
      fc.property(fc.array(key, { maxLength: 4_000 }), fc.array(key, { maxLength: 50 }), (added, asked) => {
        const set = new ImpressionSet(10_000);
        for (const one of added) set.add(viewOf(one), 0);
        const kept = new Set(added.map((one) => Buffer.from(one.subarray(0, 12)).toString('hex')));
        const zero = '00'.repeat(12);
        for (const one of [...added, ...asked]) {
          const name = Buffer.from(one.subarray(0, 12)).toString('hex');
          expect(set.has(viewOf(one), 0)).toBe(kept.has(name) && name !== zero);
        }
      }),
      { numRuns: 30 },
    );
  });

  it('stays within its bound and goes on answering', () => {
    const set = new ImpressionSet(2_000);
    const bytes = new Uint8Array(16);
    const view = viewOf(bytes);
    for (let index = 1; index <= 5_000; index++) {
      view.setUint32(8, index, true);
      set.add(view, 0);
    }
    expect(set.size).toBeLessThanOrEqual(2_000);
    view.setUint32(8, 1, true);
    expect(set.has(view, 0)).toBe(true);
    view.setUint32(8, 4_999, true);
    expect(set.has(view, 0)).toBe(false);
  });
});
