import { expect, it } from '@jest/globals';
import { amountText, baseUnitsOf, nanoOf } from './money.js';

const refused = expect.objectContaining({ code: 'amount-not-payable' });
const thrown = (step: () => unknown): unknown => {
  try {
    return step();
  } catch (error) {
    return error;
  }
};

it('an amount is a whole number of base units, or refused', () => {
  expect(baseUnitsOf('12.5', 1_000_000n)).toBe(12_500_000n);
  expect(baseUnitsOf('0.000001', 1_000_000n)).toBe(1n);
  expect(baseUnitsOf('0.000000000000000001', 10n ** 18n)).toBe(1n);
  // Three to one: a third of a base unit is none, three of them are one.
  expect(baseUnitsOf('2', 3n)).toBe(6n);
  for (const text of ['0.0000001', '-1', '1e3', '', '1,5', '${AMOUNT}', '0.0000000000000000001']) {
    expect([text, thrown(() => baseUnitsOf(text, 1_000_000n))]).toEqual([text, refused]);
  }
});

it('an amount of nano-units has nine digits behind the point at most', () => {
  expect(nanoOf('0.000000001')).toBe(1n);
  expect(nanoOf('3')).toBe(3_000_000_000n);
  expect(thrown(() => nanoOf('0.0000000001'))).toEqual(refused);
});

it('base units are shown in units, cut to nano', () => {
  expect(amountText(12_500_000n, 1_000_000n)).toBe('12.500000000');
  expect(amountText(1n, 10n ** 18n)).toBe('0.000000000');
  expect(amountText(1_234_567n * 10n ** 18n, 10n ** 18n)).toBe('1,234,567.000000000');
});
