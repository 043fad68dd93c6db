/** What a played dispute yields, and whether it ended as it has to. */
import { bondWei } from '#protocol';
import type { ShownDispute } from './shown-dispute.js';
import type { DisputeAct } from './dispute-acts.js';

/** `data` of the result. */
export interface DisputeRun {
  readonly dataFolder: string | null;
  /** Index of who lied. */
  readonly liar: number;
  readonly acts: readonly DisputeAct[];
  readonly dispute: ShownDispute;
  /** The result that is paid; null where none is. */
  readonly settled: string | null;
  /** What reducing the block gives here. */
  readonly honest: string;
  readonly bonds: readonly BondBalance[];
  readonly burntWei: string;
}

export interface BondBalance {
  readonly participant: number;
  readonly beforeWei: string;
  readonly afterWei: string;
  readonly lockedWei: string;
}

/** What is not as it has to end. */
export function faultsOf({ dispute, liar, settled, honest, bonds, burntWei }: DisputeRun): string[] {
  const lies = dispute.results.filter(({ outputHash }) => outputHash !== honest);
  const change = (participant: number): bigint =>
    BigInt(bonds[participant].afterWei) - BigInt(bonds[participant].beforeWei);
  const winners = dispute.accusations.filter(({ outcome }) => outcome === 'upheld');
  const half = bondWei.ownResult / 2n;
  const expected = bonds.map(({ participant }) => {
    if (participant === liar) return -bondWei.ownResult;
    return winners.some((one) => one.participant === participant) ? half : 0n;
  });
  const held: readonly (readonly [boolean, string])[] = [
    [settled === honest, `settled is ${settled}, the parts reduce to ${honest}`],
    [lies.length === 1 && lies[0].state === 'fell', 'not one false result fell'],
    [winners.length === 1, `${winners.length} accusations were upheld`],
    ...bonds.map(({ participant, lockedWei }): [boolean, string] => [
      change(participant) === expected[participant] && lockedWei === '0',
      `participant ${participant} has ${change(participant)} wei more, ${lockedWei} locked`,
    ]),
    [BigInt(burntWei) === bondWei.ownResult - half, `${burntWei} wei are burnt`],
  ];
  return held.flatMap(([isSo, otherwise]) => (isSo ? [] : [otherwise]));
}
