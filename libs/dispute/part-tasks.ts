/** What is due of the questions about a block's parts. */
import {
  type AskedRowFacts,
  type BlockFacts,
  type PostedRow,
  partsInDoubt,
  type QuestionedPartFacts,
  questionEnd,
  type RowQuestion,
  standingResults,
} from '#protocol';
import { countsPart, type DisputeSeen, dueAfterOthers, type InGame, type Player } from './dispute-seen.js';
import { type QuestionMove, questionsDue } from './questions-due.js';

export type PartTask = InGame &
  /** Looks what is wrong with the part, and asks about it; `move` where that is known. */
  (
    | { readonly task: 'question'; readonly part: number; readonly move: QuestionMove | undefined }
    | (PostedRow & { readonly task: 'publish' })
    /** Holds the sealed bytes against what was published. */
    | (PostedRow & { readonly task: 'disprove' })
    | { readonly task: 'conclude-question'; readonly part: number; readonly participant: number }
  );

export function partTasks(seen: DisputeSeen, player: Player): PartTask[] {
  const isOpen = seen.block.stage.stage === 'dispute';
  const questions = isOpen ? questionTasks(seen, player) : [];
  return [
    ...questions,
    ...seen.dispute.parts.flatMap((part) => [
      ...(isOpen ? openRows(part).flatMap((row) => rowTasks(seen, player, row)) : []),
      ...part.questions.flatMap((one) => concludeTasks(seen, player, part, one, isOpen)),
    ]),
  ];
}

/** Rows that a question is open about, also of a part that is struck: each is decided by itself. */
function openRows({ rows, questions }: QuestionedPartFacts): AskedRowFacts[] {
  return rows.filter(({ rowIndex }) =>
    questions.some((one) => one.state === 'open' && one.rowIndex === rowIndex),
  );
}

function questionTasks({ block, dispute }: DisputeSeen, player: Player): PartTask[] {
  const { terms, blockNumber, facts, nowSeconds } = block;
  const { participant, own } = player;
  const untilSeconds = questionEnd(terms, blockNumber, facts);
  if (own === undefined || nowSeconds >= untilSeconds) return [];
  const standing = standingResults(facts).map(({ validParts }) => validParts);
  const doubted = partsInDoubt(facts);
  const leftOut = partsLeftOut(facts, participant);
  return facts.parts.flatMap(({ participant: part }) => {
    const isBondAtStake = ((leftOut >> part) & 1) === 1;
    if (((doubted >> part) & 1) === 0 || (countsPart(own, part) && !isBondAtStake)) return [];
    const view = player.views.find((one) => one.participant === part);
    const task = { task: 'question', game: `question/${part}`, part } as const;
    if (view === undefined) return [{ ...task, due: { due: 'dispute', untilSeconds }, move: undefined }];
    return questionsDue(participant, standing, [view], dispute.parts, leftOut).map((move): PartTask => {
      const servedUntil = servedUntilSeconds(block.facts.disputedAtSeconds ?? 0, untilSeconds);
      // Its bytes may still come.
      if (move.move === 'ask-panel' && nowSeconds < servedUntil) {
        return { ...task, due: { waitsFor: 'part-served', untilSeconds: servedUntil }, move };
      }
      return { ...task, due: { due: 'dispute', untilSeconds }, move };
    });
  });
}

/**
 * Of those posted, a bit for each that a standing result leaves out which is the participant's own: by its
 * own word, by accepting it, or by a seat that binds.
 */
export function partsLeftOut(facts: BlockFacts, participant: number): number {
  const { seats, ownResults, acceptances, parts } = facts;
  const own = [...seats.filter(({ binding }) => binding), ...ownResults, ...acceptances]
    .filter((one) => one.participant === participant)
    .map(({ outputHash }) => outputHash);
  const posted = parts.reduce((bits, { participant: part }) => bits | (1 << part), 0);
  return standingResults(facts)
    .filter(({ outputHash }) => own.includes(outputHash))
    .reduce((bits, { validParts }) => bits | (posted & ~validParts), 0);
}

/** Half of the time in which it can be asked about. */
function servedUntilSeconds(disputedAtSeconds: number, untilSeconds: number): number {
  return Math.floor((disputedAtSeconds + untilSeconds) / 2);
}

function rowTasks(seen: DisputeSeen, { participant, own, compared }: Player, row: AskedRowFacts): PartTask[] {
  const { part, rowIndex, isPublished, untilSeconds } = row;
  if (own === undefined || seen.block.nowSeconds >= untilSeconds) return [];
  const game = `row/${part}/${rowIndex}`;
  const isCounted = countsPart(own, part);
  if (!isPublished) {
    const due = dueAfterOthers(seen, untilSeconds, part === participant);
    return isCounted ? [{ task: 'publish', game, due, part, rowIndex }] : [];
  }
  if (isCounted || compared.has(`${part}/${rowIndex}`)) return [];
  return [{ task: 'disprove', game, due: { due: 'dispute', untilSeconds }, part, rowIndex }];
}

function concludeTasks(
  { block }: DisputeSeen,
  player: Player,
  { part, rows }: QuestionedPartFacts,
  { participant, rowIndex, state }: RowQuestion,
  isOpen: boolean,
): PartTask[] {
  if (state !== 'open') return [];
  const isMine = participant === player.participant;
  const row = rows.find((one) => one.rowIndex === rowIndex);
  const isDecided = row !== undefined && block.nowSeconds >= row.untilSeconds;
  // Nobody strikes a part that it counts itself.
  const isAgainst = row?.isPublished === false && (player.own === undefined || countsPart(player.own, part));
  const isDue = isOpen ? isDecided && (isMine || !isAgainst) : isMine;
  if (!isDue) return [];
  const game = `conclude/${part}/${participant}`;
  return [{ task: 'conclude-question', game, due: { due: 'dispute' }, part, participant }];
}
