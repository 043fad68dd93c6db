import { expect, it } from '@jest/globals';
import { boxesHashOf } from './channel-terms.js';
import { roleName, roleOf } from './ids.js';

it('every role has a name, and no other number has', () => {
  expect([1, 2, 3, 4, 5, 6].map(roleName)).toEqual(Object.keys(roleOf));
  expect(() => roleName(7)).toThrow(new RangeError('no role 7'));
});

it('boxes are hashed joined, in participant order', () => {
  // keccak256 of 0x0102 and of nothing, as other implementations give them.
  const joined = '0x22ae6da6b482f9b1b19b0b897c3fd43884180a1c5ee361e1107a1bc635649dda';
  const nothing = '0xc5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470';
  expect([boxesHashOf(['0x01', '0x02']), boxesHashOf(['0x0102']), boxesHashOf([])]).toEqual([
    joined,
    joined,
    nothing,
  ]);
  expect(boxesHashOf(['0x02', '0x01'])).not.toBe(joined);
});
