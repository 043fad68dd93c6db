/**
 * A repeatable source of choices: the same seed gives the same traffic everywhere, without floating point.
 */
import { viewOf } from '#encoding';
import { seededEntropy } from '#environment';

export interface Random {
  /** An integer of [0, below); `below` is at most 2^32. */
  integer(below: number): number;
  /** True in `share` of a million cases. */
  chance(sharePpm: number): boolean;
  pick<T>(choices: readonly T[]): T;
}

const poolBytes = 4_096;

export function seededRandom(seed: string): Random {
  const entropy = seededEntropy(seed);
  let pool = entropy.bytes(poolBytes);
  let at = 0;
  const next = (): number => {
    if (at === poolBytes) {
      pool = entropy.bytes(poolBytes);
      at = 0;
    }
    at += 4;
    return viewOf(pool).getUint32(at - 4, true);
  };
  const integer = (below: number): number => Math.floor((next() * below) / 2 ** 32);
  return {
    integer,
    chance: (sharePpm) => integer(1_000_000) < sharePpm,
    pick: (choices) => choices[integer(choices.length)],
  };
}
