/** What blocks owe a participant, what of it arrived, and what its line lacked. */
import type { ParticipantBalance } from './balances.js';
import type { BlockSummary } from './block-summary.js';

export interface Earned {
  readonly owedNano: string;
  readonly paidNano: string;
  readonly missingNano: string;
}

/** A payer earns nothing. */
export function withEarned(
  participants: readonly ParticipantBalance[],
  blocks: readonly BlockSummary[],
): (ParticipantBalance & Earned)[] {
  const owed = participants.map(() => 0n);
  for (const { outputTransactions } of blocks) {
    for (const { payee, nano } of outputTransactions) owed[payee] += BigInt(nano);
  }
  return participants.map((one) => {
    const change = BigInt(one.balanceAfterNano) - BigInt(one.balanceBeforeNano);
    const paid = one.index === 0 ? 0n : change;
    const missing = owed[one.index] - paid;
    return {
      ...one,
      ...{ owedNano: String(owed[one.index]), paidNano: String(paid), missingNano: String(missing) },
    };
  });
}
