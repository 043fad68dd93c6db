/** What a participant stakes in a block's dispute, as the chain shows it. */
import type { DisputeTask } from '#dispute';
import type { Address } from '#encoding';
import { bondWei, type DisputeFacts } from '#protocol';

/** What a task locks of the account's free wei; 0 where it takes no bond. */
export function bondOf(task: DisputeTask): bigint {
  switch (task.task) {
    case 'accuse':
      return bondWei.accusation;
    case 'question':
      return task.move?.move === 'ask-row' || task.move?.move === 'ask-panel' ? bondWei.question : 0n;
    case 'appeal-panel':
      // Each size of a panel takes twice the bond of the one before.
      return bondWei.question << BigInt(task.round + 1);
    default:
      return 0n;
  }
}

/** All that it staked, whatever became of it. */
export function stakedWei(
  { accusations, parts }: DisputeFacts,
  { participant, account }: { readonly participant: number; readonly account: Address },
): bigint {
  const isOwn = (one: Address | undefined): boolean => one?.toLowerCase() === account;
  const accused = accusations.filter(({ slot }) => slot === participant).length;
  const asked = parts.flatMap(({ questions }) => questions.filter((one) => one.participant === participant));
  const panels = parts.flatMap(({ panel }) => {
    if (panel === undefined) return [];
    const appeals = panel.rounds.map(({ appellant }, round) =>
      isOwn(appellant) ? bondWei.question << BigInt(round) : 0n,
    );
    return [isOwn(panel.asker) ? bondWei.question : 0n, ...appeals];
  });
  const sum = panels.reduce((before, one) => before + one, 0n);
  return BigInt(accused) * bondWei.accusation + BigInt(asked.length) * bondWei.question + sum;
}
