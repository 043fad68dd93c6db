/** The end of a block on the simulated chain: bonds and fees go where they belong (BlockEnds.sol). */
import type { Address, Digest } from '#encoding';
import { bondWei, type PostedPart, type Seat } from '#protocol';
import { amountsOf, type FoundBlock, has } from './simulated-block-store.js';
import { burnAccount, burnt, handed, unlocked, type WeiMove } from './simulated-wei.js';

/** What a seat loses of its bond that committed and did not reveal. */
const silenceWei = bondWei.seat / 10n;

/** `paid`: the results that are paid, none of a void block. */
export function bondsBack({ terms, facts, quarrel }: FoundBlock, paid: readonly Digest[]): WeiMove[] {
  const isAccused = (facts.dispute?.openAccusations ?? 0) > 0;
  const unclaimed = isAccused ? 0 : quarrel.forfeitable;
  const amounts = new Set(paid.map(paidOf));
  return terms.participants.flatMap((account, one): WeiMove[] => {
    const seat = facts.seats.find(({ participant }) => participant === one);
    const part = facts.parts.find(({ participant }) => participant === one);
    return [
      ...ownBack(account, one, unclaimed),
      ...(part === undefined ? [] : partBack(account, part)),
      ...(seat === undefined ? [] : [...feeOf(account, seat), ...seatBack(seat)]),
    ];
  });

  function ownBack(account: Address, one: number, burning: number): WeiMove[] {
    const isOwn = quarrel.own[one] !== undefined && !has(quarrel.lostOwn, one);
    if (!isOwn && !has(burning, one)) return [];
    return has(quarrel.burntOwn | burning, one)
      ? [burnt(account, bondWei.ownResult)]
      : [unlocked(account, bondWei.ownResult)];
  }

  /** What is left of it: of a part that is struck half is shared by all who were right, and the rest is burnt. */
  function partBack(account: Address, { participant, isStruck }: PostedPart): WeiMove[] {
    const left = bondWei.part - (quarrel.chargedWei[participant] ?? 0n);
    if (isStruck !== true) return [unlocked(account, left)];
    const provers = terms.participants.filter((_, one) => has(quarrel.provers[participant] ?? 0, one));
    const share = provers.length === 0 ? 0n : left / 2n / BigInt(provers.length);
    const rest = left - share * BigInt(provers.length);
    return [...provers.map((one) => handed(account, one, share)), burnt(account, rest)];
  }

  /** To whoever computed what is paid, otherwise back. */
  function feeOf(account: Address, { participant, validator, feeWei, outputHash }: Seat): WeiMove[] {
    if (feeWei === 0n) return [];
    const isHonest = outputHash !== undefined && !has(quarrel.lostSeats, participant);
    const isPaid = isHonest && amounts.has(paidOf(outputHash));
    return [isPaid ? handed(account, validator, feeWei) : unlocked(account, feeWei)];
  }

  function seatBack({ participant, validator, outputHash }: Seat): WeiMove[] {
    if (has(quarrel.lostSeats, participant)) return [];
    if (has(quarrel.burntSeats, participant)) return [burnt(validator, bondWei.seat)];
    if (outputHash !== undefined) return [unlocked(validator, bondWei.seat, 'stakeWei')];
    return [
      handed(validator, burnAccount, silenceWei),
      unlocked(validator, bondWei.seat - silenceWei, 'stakeWei'),
    ];
  }

  function paidOf(outputHash: Digest): string {
    const words = facts.results.find((one) => one.outputHash === outputHash)?.amountWords ?? [];
    return amountsOf(terms, words);
  }
}
