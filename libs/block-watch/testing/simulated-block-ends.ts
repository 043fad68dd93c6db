/** The end of a block on the simulated chain: bonds and fees go where they belong (BlockEnds.sol). */
import type { Address, Digest } from '#encoding';
import { agreedIn, bondWei, countableParts, doPartsDiffer, type PostedPart, type Seat } from '#protocol';
import { amountsOf, type FoundBlock, has, standersOf } from './simulated-block-store.js';
import { burnAccount, burnt, handed, unlocked, type WeiMove } from './simulated-wei.js';

/** What a seat loses of its bond that committed and did not reveal. */
const silenceWei = bondWei.seat / 10n;

/** `paid`: the results that are paid, none of a void block. */
export function bondsBack(found: FoundBlock, paid: readonly Digest[]): WeiMove[] {
  const { terms, facts, quarrel } = found;
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
    return has(quarrel.burntOwn | burning, one) || hasIgnored(found, one)
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

/**
 * Where all agreed before it was decided which parts count: whether the participant took back a result of its own that
 * counts a questioned part, and that left out one which counts and about which nobody who stood for it asked.
 */
function hasIgnored(found: FoundBlock, participant: number): boolean {
  const { terms, facts, quarrel } = found;
  const agreed = agreedIn(terms, facts);
  const isEarly = agreed !== undefined && doPartsDiffer(facts) && facts.dispute?.counted === undefined;
  const own = quarrel.own[participant];
  if (!isEarly || own === undefined || !has(quarrel.takenBack, participant)) return false;
  const partsOf = (hash: Digest): number =>
    facts.results.find((one) => one.outputHash === hash)?.validParts ?? 0;
  const parts = partsOf(own);
  const leftOut = partsOf(agreed) & countableParts(facts) & ~parts;
  const standers = standersOf(found, own, () => true);
  const askers = (part: number): number => quarrel.questioned[part] ?? 0;
  const isAskedBySome = (part: number): boolean => standers.some((one) => has(askers(part), one));
  const all = [...terms.participants.keys()];
  return (
    all.some((part) => has(parts, part) && askers(part) !== 0) &&
    all.some((part) => has(leftOut, part) && !isAskedBySome(part))
  );
}
