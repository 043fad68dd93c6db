/** The bonds that services reckon with are those that the contracts lock. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import { bondWei } from '#protocol';

const source = readFileSync(join(import.meta.dirname, '../contracts/src/lib/Bonds.sol'), 'utf8');

/** `NAME = 0.01 ether`, in wei. */
function lockedWei(name: string): bigint {
  const found = new RegExp(` ${name} = 0\\.(\\d+) ether;`).exec(source)?.[1];
  if (found === undefined) throw new Error(`${name} is no part of an ether`);
  return BigInt(found.padEnd(18, '0'));
}

it('says of each bond what the contracts lock', () => {
  const names = {
    ...{ part: 'PART', seat: 'SEAT', ownResult: 'OWN_RESULT', question: 'QUESTION' },
    ...{ accusation: 'ACCUSATION', leastStake: 'STAKE_MIN' },
  } satisfies Record<keyof typeof bondWei, string>;
  const inContracts = Object.entries(names).map(([bond, name]) => [bond, lockedWei(name)]);
  expect(Object.fromEntries(inContracts)).toEqual(bondWei);
});
