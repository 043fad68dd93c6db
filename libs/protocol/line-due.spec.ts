import { describe, expect, it } from '@jest/globals';
import type { ChannelTerms } from './channel-terms.js';
import {
  firstBlockNoticed,
  isWithdrawalDue,
  type LineSeen,
  servableOf,
  startedBlocks,
  withdrawableOf,
} from './line-due.js';

const terms = {
  firstBlockStart: 1_000,
  blockDuration: 100,
  blocksMax: 5,
  withdrawalNotice: 250,
} as unknown as ChannelTerms;
const line: LineSeen = { amount: 900n, debt: 50n, requested: 0n, blockMax: 100n };

describe('of a line', () => {
  it('a debt is served from what no started block keeps', () => {
    expect([0, 8, 9, 20].map((live) => servableOf(line, live))).toEqual([50n, 50n, 0n, 0n]);
    expect(servableOf({ ...line, amount: 920n }, 9)).toBe(20n);
  });

  it('the payer can have what neither debt nor started blocks keep', () => {
    expect([0, 8, 9].map((live) => withdrawableOf(line, live))).toEqual([850n, 50n, 0n]);
    expect(withdrawableOf({ ...line, amount: 849n }, 8)).toBe(0n);
  });
});

describe('a withdrawal is due', () => {
  // Of block 2 the start lies within the notice, of block 3 it does not.
  const asked: LineSeen = { ...line, requested: 10n, requestedAtSeconds: 1_000 };
  const at = (lowestUnfinished: number, more: Partial<LineSeen> = {}, closedAtSeconds?: number) =>
    isWithdrawalDue({ terms, closedAtSeconds }, { ...asked, ...more }, { live: 1, lowestUnfinished });

  it('once every block that started within its notice is over', () => {
    expect([2, 3].map((lowest) => at(lowest))).toEqual([false, true]);
    expect(at(2, { requestedAtSeconds: 950 })).toBe(true);
    expect(at(2, { requestedAtSeconds: 951 })).toBe(false);
    expect(at(3, { requested: 0n })).toBe(false);
    expect(at(3, { amount: 150n })).toBe(false);
    // After the last block nothing is left to wait for.
    expect([4, 5].map((lowest) => at(lowest, { requestedAtSeconds: 9_000 }))).toEqual([false, true]);
  });

  it('of a closed channel at once, as far as something is free', () => {
    expect(at(0, { requested: 0n, requestedAtSeconds: undefined }, 1_010)).toBe(true);
    expect(at(0, { amount: 150n }, 1_010)).toBe(false);
  });
});

describe('blocks of a line', () => {
  it('start up to the time, to the last, and to the closing', () => {
    const started = (now: number, closedAtSeconds?: number) => startedBlocks({ terms, closedAtSeconds }, now);
    expect([999, 1_000, 1_099, 1_100, 9_999].map((now) => started(now))).toEqual([0, 1, 1, 2, 5]);
    expect(started(9_999, 1_150)).toBe(2);
  });

  it('are lowered by a request from the first that starts so long after it', () => {
    expect([750, 751, 850, 851].map((at) => firstBlockNoticed(terms, at))).toEqual([0, 1, 1, 2]);
    expect(firstBlockNoticed(terms, 10)).toBe(0);
  });
});
