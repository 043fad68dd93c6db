/**
 * `papyrus dispute accuse, answer, question, publish, disprove, appeal`: one move of a dispute by hand, as
 * the settlement service of the participant would make it now.
 */
import {
  type Saying,
  type Silence,
  sayingInAccusation,
  sayingOf,
  sayingOfDisproof,
  sayingOfPublication,
  sayingOfQuestion,
} from '#apps/settlement/src/dispute-say';
import { byDeadline, disputeTasks, partsLeftOut, questionsDue } from '#dispute';
import { type AccusationFacts, standingResults } from '#protocol';
import { nothingToSay } from '../dispute/silence-words.js';
import {
  asSpeaker,
  type DisputedBlock,
  requireDispute,
  requirePart,
  requireResult,
  requireRow,
  type Speaker,
  type SpeakerOptions,
} from '../dispute/speaker.js';
import type { ExitCode } from '../report/command-refused.js';
import type { Output } from '../report/output.js';

type Choose = (speaker: Speaker, block: DisputedBlock) => Promise<Saying | Silence>;

/** Accuses the result, goes on with the own accusation of it, or ends it where nobody answered in time. */
export function accusing(resultIndex: number): Choose {
  return async (speaker, block) => {
    requireResult(block, resultIndex);
    const { acts, participant } = speaker;
    const own = await speaker.own(block);
    const result = block.facts.results[resultIndex];
    if (result.outputHash === own.found.outputHash) return { reason: 'same-tree' };
    if (result.validParts !== own.found.validParts) return { reason: 'other-parts' };
    const accusation = block.dispute.accusations.find(
      (one) => one.resultIndex === resultIndex && one.slot === participant && one.turn !== 'over',
    );
    const game = { game: `accusation/${resultIndex}`, due: { due: 'dispute' } } as const;
    if (accusation === undefined) {
      return sayingOf(acts, block, { ...game, task: 'accuse', resultIndex }) ?? { reason: 'other-turn' };
    }
    if (
      waitsForAccused(accusation) &&
      block.nowSeconds >= (accusation.untilSeconds ?? Number.POSITIVE_INFINITY)
    ) {
      return sayingOf(acts, block, { ...game, task: 'time-out', accusation }) ?? { reason: 'other-turn' };
    }
    return sayingInAccusation(acts, block, { ...game, task: 'accuser-move', accusation }, own);
  };
}

/** Answers the accusation of the result that waits for it and whose time ends first. */
export function answering(resultIndex: number): Choose {
  return async (speaker, block) => {
    requireResult(block, resultIndex);
    const [accusation] = byDeadline(
      block.dispute.accusations.filter((one) => one.resultIndex === resultIndex && waitsForAccused(one)),
    );
    if (accusation === undefined) return { reason: 'other-turn' };
    const game = { game: `answer/${resultIndex}`, due: { due: 'dispute' } } as const;
    const own = await speaker.own(block);
    return sayingInAccusation(speaker.acts, block, { ...game, task: 'answer', accusation }, own);
  };
}

/** Asks about a part what shows best why it does not count. */
export function questioning(part: number): Choose {
  return async (speaker, block) => {
    requirePart(block, part);
    const view = await (await speaker.own(block)).parts.look(part);
    const standing = standingResults(block.facts).map(({ validParts }) => validParts);
    const { participant } = speaker;
    const leftOut = partsLeftOut(block.facts, participant);
    const [move] = questionsDue(participant, standing, [view], block.dispute.parts, leftOut);
    return move === undefined ? { reason: 'nothing-to-ask' } : sayingOfQuestion(speaker.acts, block, move);
  };
}

export function publishing(part: number, rowIndex: number): Choose {
  return async (speaker, block) => {
    requireRow(block, part, rowIndex);
    const rows = block.dispute.parts.find((one) => one.part === part)?.rows ?? [];
    const row = rows.find((one) => one.rowIndex === rowIndex);
    if (row === undefined || row.isPublished) return { reason: 'nobody-asks' };
    return sayingOfPublication(speaker.acts, block, { part, rowIndex }, await speaker.own(block));
  };
}

/** Shows that the sealed bytes of a published row decrypt to something else, or are of another length. */
export function disproving(part: number, rowIndex: number): Choose {
  return async (speaker, block) => {
    requireRow(block, part, rowIndex);
    return sayingOfDisproof(speaker.acts, block, { part, rowIndex }, await speaker.own(block));
  };
}

/** Against a panel's verdict that says otherwise than the own look at the part. */
export function appealing(part: number): Choose {
  return async (speaker, block) => {
    requirePart(block, part);
    const { acts, participant, account } = speaker;
    const own = await speaker.own(block);
    const views = [await own.parts.look(part)];
    const player = { participant, account, own: own.found, views, compared: new Set<string>() };
    const tasks = disputeTasks({ block, dispute: block.dispute, height: block.height }, player);
    const task = tasks.find((one) => one.task === 'appeal-panel' && one.part === part);
    return (task && sayingOf(acts, block, task)) ?? { reason: 'nothing-to-appeal' };
  };
}

export function runDisputeMove(
  channel: string,
  number: string,
  choose: Choose,
  options: SpeakerOptions,
  output: Output,
): Promise<ExitCode> {
  return asSpeaker(channel, number, options, output, async (speaker, { act }) => {
    const saying = await choose(speaker, requireDispute(await speaker.block()));
    if ('reason' in saying) throw nothingToSay(saying.reason);
    await act(saying.done, saying.send);
    return { done: saying.done, ...saying.fields };
  });
}

function waitsForAccused({ turn }: AccusationFacts): boolean {
  return turn === 'opening' || turn === 'placing';
}
