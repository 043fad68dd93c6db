/** What is said where the own reduction is not what was revealed. */
import { describe, expect, it } from '@jest/globals';
import type { Digest } from '#encoding';
import { requireRevealed } from './revealed-results.js';

const [own, other]: Digest[] = ['0x11', '0x22'];

describe('what was revealed', () => {
  it('is well where one result is the own', () => {
    expect(() =>
      requireRevealed(own, [other, own], [{ participant: 1, reason: 'unavailable' }]),
    ).not.toThrow();
  });

  it('is held against the own only where all parts were had', () => {
    expect(() => requireRevealed(own, [other], [{ participant: 0, reason: undefined }])).toThrow(
      expect.objectContaining({ code: 'result-differs' }),
    );
    for (const reason of ['unavailable', 'wrong-bytes'] as const) {
      const parts = [
        { participant: 0, reason: undefined },
        { participant: 3, reason },
      ];
      expect(() => requireRevealed(own, [other], parts)).toThrow(
        expect.objectContaining({
          code: 'parts-incomplete',
          message: expect.stringContaining('of participants 3: name a store that has all'),
        }),
      );
    }
  });
});
