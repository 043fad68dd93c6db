import { expect, it } from '@jest/globals';
import type { KeptResult } from '#block-reduction';
import type { Hex } from '#encoding';
import { openMemoryKeyValue } from '#key-value/memory-key-value';
import { ValidatorState } from './validator-state.js';

const channelId: Hex = `0x${'01'.repeat(32)}`;
const validator: Hex = `0x${'0a'.repeat(20)}`;
const resultOf = (digit: string): KeptResult => {
  const hash: Hex = `0x${digit.repeat(64)}`;
  const result = {
    outputHash: hash,
    settlementRoot: hash,
    impressionCount: 2n,
    amountWords: [],
    validParts: 3,
  };
  return { result, opening: undefined, workDigest: hash, reportHash: hash };
};

it('the first result of a block stands, whoever reduced it: what may be committed to is not replaced', async () => {
  const keyValue = openMemoryKeyValue();
  const [one, other] = [1, 2].map(() => new ValidatorState(keyValue, validator));
  expect(await one.keepResult(channelId, 3, resultOf('1'))).toEqual(resultOf('1'));
  expect(await other.keepResult(channelId, 3, resultOf('2'))).toEqual(resultOf('1'));
  expect(await other.keepResult(channelId, 4, resultOf('2'))).toEqual(resultOf('2'));
  expect(await one.result(channelId, 3)).toEqual(resultOf('1'));
});
