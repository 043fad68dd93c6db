/** `papyrus block reveal CHANNEL N`: the own computation as a result of one's own, with a bond. */
import { isOwnStoreAtFault } from '#apps/settlement/src/own-results';
import { reduceWatchedBlock } from '#block-reduction';
import { reduceInMemory } from '#block-reduction/reduce-in-memory';
import type { WatchedBlock } from '#block-watch';
import { isDue, revealOwnDue } from '#protocol';
import { accountIn } from '../chain/own-keys.js';
import { nothingToSay } from '../dispute/silence-words.js';
import { asSpeaker, type SpeakerOptions } from '../dispute/speaker.js';
import { missingOf, partsIncomplete } from '../network/revealed-results.js';
import type { ExitCode } from '../report/command-refused.js';
import { type Output, timeText } from '../report/output.js';

export interface BlockRevealOptions extends SpeakerOptions {
  /** Also where parts cannot be had that others may have seen. */
  readonly withoutMissing?: boolean;
}

/** Refuses one that was not computed from all that was posted, unless that is asked for. */
export function runBlockReveal(
  channel: string,
  number: string,
  options: BlockRevealOptions,
  output: Output,
): Promise<ExitCode> {
  const { secret } = accountIn(options.keys, 'participant');
  return asSpeaker(channel, number, options, output, async (speaker, { chain, act }) => {
    const { source, participant, account } = speaker;
    const block = await speaker.block();
    const { channelId, blockNumber } = block;
    const { kept, report, unsureBlocks } = await reduceWatchedBlock(
      block,
      source.blockKey(blockNumber),
      account,
      { chain, reduceBlock: reduceInMemory(source.partStore) },
    );
    const missing = missingOf(report.invalidParts.map(([participant, reason]) => ({ participant, reason })));
    if (missing.length > 0 || unsureBlocks > 0) requireWanted(block, missing, options);
    const due = revealOwnDue(block, participant, kept.result);
    if (!isDue(due)) {
      const until = 'untilSeconds' in due && due.untilSeconds !== undefined ? due.untilSeconds : undefined;
      const more = until === undefined ? '' : ` until ${timeText(until)}`;
      throw nothingToSay('done' in due ? due.done : due.waitsFor, more);
    }
    const acts = chain.participantActs(secret);
    await act('reveal the own result', () =>
      acts.revealOwnResult(channelId, blockNumber, kept.result, kept.opening),
    );
    return { outputHash: kept.result.outputHash, missing };
  });
}

function requireWanted(
  block: WatchedBlock,
  missing: readonly number[],
  { withoutMissing }: BlockRevealOptions,
): void {
  const isBlind = isOwnStoreAtFault(block, missing);
  if (withoutMissing === true && !isBlind) return;
  const how = 'name a store in --parts that has all';
  const more = isBlind ? '' : ', or --without-missing to reveal what the other parts give';
  throw partsIncomplete(missing, `${how}${more}`);
}
