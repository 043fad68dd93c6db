/** What is due of the accusations of a block: which to make, to go on with, to answer and to end. */
import type { Digest } from '#encoding';
import {
  type AccusationFacts,
  accusableUntil,
  type BlockFacts,
  doPartsDiffer,
  type KnownResult,
  lastRevealedAt,
} from '#protocol';
import { type DisputeSeen, dueAfterOthers, type InGame, type Player } from './dispute-seen.js';

export type AccusationTask = InGame &
  (
    | { readonly task: 'accuse'; readonly resultIndex: number }
    | {
        readonly task: 'accuser-move' | 'answer' | 'time-out' | 'release';
        readonly accusation: AccusationFacts;
      }
  );

export function accusationTasks(seen: DisputeSeen, player: Player): AccusationTask[] {
  const { results } = seen.block.facts;
  const isOpen = seen.block.stage.stage === 'dispute';
  const tasks: AccusationTask[] = isOpen
    ? results.flatMap((_, resultIndex) => accuse(seen, player, resultIndex))
    : [];
  const answered = new Set<string>();
  for (const accusation of byDeadline(seen.dispute.accusations)) {
    const task = nextOf(seen, player, accusation, isOpen);
    // What is opened or placed once is it for all who accuse the result: in time for the first of them.
    if (task === undefined || answered.has(task.game)) continue;
    answered.add(task.game);
    tasks.push(task);
  }
  return tasks;
}

/** Whose time ends first comes first. */
export function byDeadline(accusations: readonly AccusationFacts[]): AccusationFacts[] {
  const endOf = ({ untilSeconds = Number.POSITIVE_INFINITY }: AccusationFacts): number => untilSeconds;
  return accusations.toSorted((one, other) =>
    endOf(one) < endOf(other) ? -1 : Number(endOf(one) > endOf(other)),
  );
}

/** Each standing result that pays otherwise for the same parts, once. */
function accuse(seen: DisputeSeen, { participant, own }: Player, resultIndex: number): AccusationTask[] {
  const { terms, blockNumber, facts, nowSeconds } = seen.block;
  const result = facts.results[resultIndex];
  if (own === undefined || result.isGone || result.outputHash === own.outputHash) return [];
  if (result.validParts !== own.validParts) return [];
  // Parts are decided first.
  if (doPartsDiffer(facts) && facts.dispute?.counted === undefined) return [];
  if (!standsForAnother(facts, participant, result)) return [];
  const untilSeconds = accusableUntil(terms, blockNumber, facts, lastRevealedAt(result));
  if (nowSeconds >= untilSeconds) return [];
  const before = seen.dispute.accusations.find(
    (one) => one.resultIndex === resultIndex && one.slot === participant,
  );
  // Where a result stands again, it may be accused anew.
  if (before !== undefined && before.end?.outcome !== 'returned') return [];
  const game = `accusation/${resultIndex}`;
  return [{ task: 'accuse', game, due: { due: 'dispute', untilSeconds }, resultIndex }];
}

function nextOf(
  seen: DisputeSeen,
  player: Player,
  accusation: AccusationFacts,
  isOpen: boolean,
): AccusationTask | undefined {
  const { resultIndex, slot, turn, untilSeconds } = accusation;
  const { facts, nowSeconds } = seen.block;
  const { participant, own } = player;
  const isMine = slot === participant;
  const result = facts.results[resultIndex];
  const game = isMine ? `accusation/${resultIndex}` : `accusation/${resultIndex}/${slot}`;
  const due = { due: 'dispute' } as const;
  if (turn === 'over') return undefined;
  if (!isOpen || result.isGone) return isMine ? { task: 'release', game, due, accusation } : undefined;
  if (own === undefined || untilSeconds === undefined) return undefined;
  const isOwn = result.outputHash === own.outputHash;
  const waitsForAccused = turn === 'opening' || turn === 'placing';
  if (nowSeconds >= untilSeconds) {
    // Nobody ends what is against its own computation.
    const isFor = waitsForAccused ? !isOwn : !isMine;
    return isFor ? { task: 'time-out', game, due, accusation } : undefined;
  }
  if (waitsForAccused) {
    if (!isOwn) return undefined;
    const isFirst = stancesOf(facts, participant).includes(own.outputHash);
    const after = dueAfterOthers(seen, untilSeconds, isFirst);
    return { task: 'answer', game: answerOf(accusation), due: after, accusation };
  }
  if (turn !== 'accuser' || !isMine || isOwn) return undefined;
  return { task: 'accuser-move', game, due: { ...due, untilSeconds }, accusation };
}

/** Accused results for which the participant stands and that its own computation cannot answer for. */
export function unansweredOf({ block, dispute }: DisputeSeen, player: Player): readonly number[] {
  const { participant, own } = player;
  if (own === undefined || block.stage.stage !== 'dispute') return [];
  const stances = stancesOf(block.facts, participant);
  const waiting = dispute.accusations.filter(({ turn }) => turn === 'opening' || turn === 'placing');
  const accused = new Set(waiting.map(({ resultIndex }) => resultIndex));
  return [...accused].filter((at) => {
    const { outputHash, isGone } = block.facts.results[at];
    return !isGone && stances.includes(outputHash) && outputHash !== own.outputHash;
  });
}

function answerOf({ resultIndex, named, doubted }: AccusationFacts): string {
  return `answer/${resultIndex}/${named.level}/${named.index}/${doubted ?? 'entry'}`;
}

function standsForAnother(facts: BlockFacts, participant: number, { outputHash }: KnownResult): boolean {
  return stancesOf(facts, participant).some((one) => {
    const isGone = facts.results.some((result) => result.outputHash === one && result.isGone);
    return one !== outputHash && !isGone;
  });
}

/** What a participant stands for: by its seat, its own word, or by accepting it. */
function stancesOf({ seats, ownResults, acceptances }: BlockFacts, participant: number): Digest[] {
  return [...seats, ...ownResults, ...acceptances]
    .filter((one) => one.participant === participant)
    .flatMap(({ outputHash }) => (outputHash === undefined ? [] : [outputHash]));
}
