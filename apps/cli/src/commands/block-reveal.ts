/** `papyrus block reveal CHANNEL N`: the own computation as a result of one's own, with a bond. */
import { reduceWatchedBlock } from '#block-reduction';
import { reduceInMemory } from '#block-reduction/reduce-in-memory';
import { isDue, revealOwnDue } from '#protocol';
import { accountIn } from '../chain/own-keys.js';
import { nothingToSay } from '../dispute/silence-words.js';
import { asSpeaker, type SpeakerOptions } from '../dispute/speaker.js';
import { CommandRefused, type ExitCode } from '../report/command-refused.js';
import { type Output, timeText } from '../report/output.js';

/** Refuses one that was not computed from all that was posted: others may have seen what is missing here. */
export function runBlockReveal(
  channel: string,
  number: string,
  options: SpeakerOptions,
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
    const unavailable = report.invalidParts.filter(([, reason]) => reason === 'unavailable');
    if (unavailable.length > 0 || unsureBlocks > 0) {
      const parts = unavailable.map(([part]) => part).join(', ');
      const message = `the part store lacks blocks of the parts of participants ${parts}`;
      throw new CommandRefused('parts-incomplete', `${message}: name a store in --parts that has all`);
    }
    const due = revealOwnDue(block, participant, kept.result);
    if (!isDue(due)) {
      const until = 'untilSeconds' in due && due.untilSeconds !== undefined ? due.untilSeconds : undefined;
      const more = until === undefined ? '' : `, until ${timeText(until)}`;
      throw nothingToSay('done' in due ? due.done : due.waitsFor, more);
    }
    const acts = chain.participantActs(secret);
    await act('reveal the own result', () =>
      acts.revealOwnResult(channelId, blockNumber, kept.result, kept.opening),
    );
    return { outputHash: kept.result.outputHash };
  });
}
