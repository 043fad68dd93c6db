import { describe, expect, it } from '@jest/globals';
import { endEach } from './end-each.js';
import { Fault } from './fault.js';

describe('ending several things', () => {
  const fault = new Fault('storage-unavailable', 'no room', { retriable: true });
  const bug = new TypeError('not a function');
  const endings = (ended: string[], failures: Readonly<Record<string, unknown>>) =>
    ['a', 'b', 'c'].map((name) => async () => {
      ended.push(name);
      if (name in failures) throw failures[name];
    });

  it('gives each its turn, in order, whatever fails, and tells the first failure', async () => {
    const ended: string[] = [];
    const other = new Fault('storage-unavailable', 'still no room', { retriable: true });
    await expect(endEach(endings(ended, { a: fault, b: other }))).rejects.toBe(fault);
    expect(ended).toEqual(['a', 'b', 'c']);
    await endEach(endings(ended, {}));
  });

  it('tells of a bug before a fault', async () => {
    await expect(endEach(endings([], { a: fault, c: bug }))).rejects.toBe(bug);
  });
});
