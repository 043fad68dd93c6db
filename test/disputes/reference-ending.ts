/** How a dispute ends that at least one honest participant took part in, by the reference. */
import { defaultParameters } from '#reduction';
import { referenceReduce } from '../reference/reduce-records.js';
import { disputeMax, type SeededEnding } from './seeded-dispute.js';

/** Half of what the members of panels that held a part are paid is its owner's to bear. */
const panelsCostMax = ((7n + 15n + 31n) * 15n * 10n ** 13n) / 2n;

/** What is wrong with it, for people; nothing where it ended as it should. */
export function wrongIn(ending: SeededEnding): string[] {
  const { stage, roles, counted, paid, honest, grownWei, wasHeld, lockedWei, disputedSeconds } = ending;
  const { amounts } = referenceReduce(counted, roles, defaultParameters);
  const due = amounts.slice(1);
  const losers = honest.filter((one) => grownWei[one] < (wasHeld[one] ? -panelsCostMax : 0n));
  return [
    ...(stage === 'settled' ? [] : [`it ended ${stage}`]),
    ...(paid.join() === due.join() ? [] : [`paid ${paid.join()} and not ${due.join()}`]),
    ...losers.map((one) => `participant ${one} is honest and lost ${-grownWei[one]} wei`),
    ...(lockedWei === 0n ? [] : [`${lockedWei} wei are still locked`]),
    ...(disputedSeconds <= disputeMax ? [] : [`it took ${disputedSeconds} s`]),
  ];
}
