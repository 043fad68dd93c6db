import { describe, expect, it } from '@jest/globals';
import { limits, recordFlag, recordKind } from '#protocol';
import { headAt, headWords } from '../../reduction-row.js';
import { KeptRecords } from './kept-records.js';

interface Said {
  readonly kind: number;
  readonly author: number;
  readonly counterparty: number;
  readonly flags?: number;
  readonly price?: number;
}

const { viewable, generalInvalidTraffic, sophisticatedInvalidTraffic, test } = recordFlag;
const win = (author: number, price: number, counterparty = author === 0 ? 1 : 0): Said => ({
  kind: recordKind.win,
  ...{ author, counterparty, price },
});
const audit = (flags: number, counterparty: number = limits.everySeller, author = 3): Said => ({
  kind: recordKind.audit,
  ...{ author, counterparty, flags },
});
const keeper = new KeptRecords();

/** Which of the records are kept, by their place; they stand as their hashes would have them. */
function keptOf(...said: Said[]): number[] {
  const rows = new Uint32Array(said.length * headWords);
  for (const [at, { kind, author, counterparty, flags = 0, price = 0 }] of said.entries()) {
    rows[at * headWords + headAt.statement] = kind | (author << 8) | (counterparty << 16) | (flags << 24);
    rows[at * headWords + headAt.priceHigh] = Math.floor(price / 2 ** 32);
    rows[at * headWords + headAt.priceLow] = price;
  }
  // In the middle of others, which stay as they are.
  const order = Uint32Array.from([99, ...said.keys(), 99]);
  const kept = keeper.keep(rows, order, 1, said.length + 1);
  expect([order[0], order[said.length + 1]]).toEqual([99, 99]);
  return [...order.slice(1, kept + 1)];
}

describe('of what one author says of an impression', () => {
  it('everything is kept that is said once', () => {
    expect(keptOf(win(0, 5), win(1, 6), win(2, 7), audit(viewable))).toEqual([0, 1, 2, 3]);
    expect(keeper.flooding).toBe(0);
  });

  it('the highest and the lowest win are kept, of equal prices the first', () => {
    expect(keptOf(win(1, 5), win(1, 5), win(1, 5))).toEqual([0]);
    expect(keptOf(win(1, 7), win(1, 5), win(1, 9), win(1, 5), win(1, 9), win(1, 6))).toEqual([1, 2]);
    expect(keptOf(win(1, 9), win(1, 5))).toEqual([0, 1]);
    // Prices above 32 bits compare as numbers.
    expect(keptOf(win(1, 2 ** 32), win(1, 2 ** 32 - 1), win(1, 2 ** 33))).toEqual([1, 2]);
  });

  it('wins towards several sellers are kept by seller, and those of several authors by author', () => {
    const wins = [win(0, 5, 1), win(0, 5, 2), win(0, 6, 1), win(0, 5, 1), win(0, 5, 2)];
    expect(keptOf(...wins)).toEqual([0, 1, 2]);
    expect(keptOf(win(1, 5), win(1, 5), win(2, 5), win(2, 6))).toEqual([0, 2, 3]);
  });

  it('the first audit of invalid traffic is kept, and the first without viewable', () => {
    const invalid = viewable | generalInvalidTraffic;
    expect(keptOf(audit(viewable), audit(invalid), audit(0), audit(invalid), audit(0))).toEqual([1, 2]);
    expect(keptOf(audit(viewable), audit(viewable | sophisticatedInvalidTraffic))).toEqual([1]);
    expect(keptOf(audit(generalInvalidTraffic), audit(invalid), audit(0))).toEqual([0]);
    expect(keptOf(audit(viewable), audit(viewable | recordFlag.click))).toEqual([0]);
    expect(keptOf(audit(viewable, 1), audit(viewable), audit(0, 1), audit(0))).toEqual([2, 3]);
  });

  it('nothing is kept of a test, and none of an impression that is nothing else', () => {
    expect(keptOf({ ...win(0, 5), flags: test }, win(1, 6), audit(viewable | test))).toEqual([1]);
    expect(keptOf({ ...win(0, 5), flags: test }, audit(test))).toEqual([]);
  });

  it('more than 16 records flood, tests apart, and change nothing that is kept', () => {
    const wins = (count: number): Said[] => Array.from({ length: count }, () => win(1, 5));
    expect([keptOf(...wins(16)), keeper.flooding]).toEqual([[0], 0]);
    expect([keptOf(...wins(17)), keeper.flooding]).toEqual([[0], 0b10]);
    const tests = wins(17).map((one, at) => ({ ...one, flags: at === 0 ? test : 0 }));
    expect([keptOf(...tests), keeper.flooding]).toEqual([[1], 0]);
    const towards = (seller: number) => Array.from({ length: 9 }, () => win(0, 5, seller));
    expect([keptOf(...towards(1), ...towards(2)), keeper.flooding]).toEqual([[0, 9], 1]);
    expect([keptOf(win(1, 5), win(2, 5)), keeper.flooding]).toEqual([[0, 1], 0]);
  });
});
