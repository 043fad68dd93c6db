/**
 * `papyrus dispute advance CHANNEL N`: everything in a dispute that only time was missing for: draws and
 * counts panels, ends accusations and questions whose time is over, and gets the account's bonds back.
 */
import { type Saying, sayingOf } from '#apps/settlement/src/dispute-say';
import { type DisputeTask, disputeTasks } from '#dispute';
import { isDue } from '#protocol';
import { nothingToSay } from '../dispute/silence-words.js';
import {
  asSpeaker,
  type DisputedBlock,
  requireDisputed,
  type Speaker,
  type SpeakerOptions,
} from '../dispute/speaker.js';
import type { ExitCode } from '../report/command-refused.js';
import type { Output } from '../report/output.js';

const timely: readonly DisputeTask['task'][] = [
  ...(['time-out', 'release', 'conclude-question'] as const),
  ...(['draw-panel', 'conclude-panel', 'release-panel'] as const),
];

/** Nothing that is against the own computation; `done` tells each act, in a dry run those of one look. */
export function runDisputeAdvance(
  channel: string,
  number: string,
  options: SpeakerOptions,
  output: Output,
): Promise<ExitCode> {
  return asSpeaker(channel, number, options, output, async (speaker, { act, isDryRun }) => {
    const done: object[] = [];
    for (;;) {
      const due = await sayingsDue(speaker, requireDisputed(await speaker.block()));
      // What one act changes is seen by the next look.
      for (const saying of isDryRun ? due : due.slice(0, 1)) {
        await act(saying.done, saying.send);
        done.push({ done: saying.done, ...saying.fields });
      }
      if (isDryRun || due.length === 0) break;
    }
    if (done.length === 0) throw nothingToSay('nothing-is-over');
    return { done };
  });
}

async function sayingsDue(speaker: Speaker, block: DisputedBlock): Promise<readonly Saying[]> {
  const { acts, participant, account } = speaker;
  const isOpen = block.stage.stage === 'dispute';
  const own = isOpen ? (await speaker.own(block)).found : undefined;
  const player = { participant, account, own, views: [], compared: new Set<string>() };
  const tasks = disputeTasks({ block, dispute: block.dispute, height: block.height }, player);
  return tasks
    .filter(({ task, due }) => timely.includes(task) && isDue(due))
    .flatMap((task) => sayingOf(acts, block, task) ?? []);
}
