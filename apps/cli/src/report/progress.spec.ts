/** Bars as they are drawn: empty at first, full at the end, never wider. */
import { describe, expect, it } from '@jest/globals';
import { barText } from './progress.js';

describe('a bar', () => {
  const drawn = (value: number, total: number): string => barText({ stage: 'settle', value, total }, 10);

  it('is empty before it is known how much there is, and while nothing is done', () => {
    expect(drawn(0, 0)).toBe('settle ░░░░░░░░░░');
    expect(drawn(0, 12_345)).toBe('settle ░░░░░░░░░░ 0/12,345');
  });

  it('fills as work is done, and not before all of it is', () => {
    expect(drawn(5_000, 10_000)).toBe('settle ▓▓▓▓▓░░░░░ 5,000/10,000');
    expect(drawn(9_999, 10_000)).toBe('settle ▓▓▓▓▓▓▓▓▓░ 9,999/10,000');
    expect(drawn(10_000, 10_000)).toBe('settle ▓▓▓▓▓▓▓▓▓▓ 10,000/10,000');
    expect(drawn(11_000, 10_000)).toBe('settle ▓▓▓▓▓▓▓▓▓▓ 11,000/10,000');
  });
});
