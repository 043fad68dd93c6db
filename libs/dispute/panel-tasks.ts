/** What is due of a block's panels, for a participant and for whoever sits in one. */
import type { Address } from '#encoding';
import { type Due, type PanelFacts, type PanelRoundFacts, panelTimes } from '#protocol';
import { countsPart, type DisputeSeen, type InGame, type Player } from './dispute-seen.js';

export type PanelTask = InGame & {
  /** `look-at-part`: whether the verdict is to be appealed against is not known before. */
  readonly task: 'draw-panel' | 'look-at-part' | 'appeal-panel' | 'conclude-panel' | 'release-panel';
  readonly part: number;
  readonly round: number;
};

/** Rounds of growing size; the last one's verdict stands. */
const roundsMax = 3;

export function panelTasks(seen: DisputeSeen, player: Player): PanelTask[] {
  return seen.dispute.parts.flatMap(({ part, panel }) => {
    if (panel === undefined || panel.isOver) return [];
    const round = panel.rounds.length - 1;
    const found = taskOf(seen, player, part, panel, panel.rounds[round]);
    return found === undefined ? [] : [{ game: `panel/${part}`, part, round, ...found }];
  });
}

type Found = Pick<PanelTask, 'task' | 'due'>;

function taskOf(
  seen: DisputeSeen,
  player: Player,
  part: number,
  panel: PanelFacts,
  current: PanelRoundFacts,
): Found | undefined {
  const { terms, stage, nowSeconds } = seen.block;
  const due = { due: 'dispute' } as const;
  if (stage.stage !== 'dispute') {
    const callers = [panel.asker, ...panel.rounds.map(({ appellant }) => appellant)];
    const isCaller = callers.some((one) => one?.toLowerCase() === player.account);
    return isCaller ? { task: 'release-panel', due } : undefined;
  }
  if (current.drawnAtSeconds === undefined) {
    return seen.height > current.seedHeight ? { task: 'draw-panel', due } : undefined;
  }
  const { revealUntilSeconds, appealUntilSeconds } = panelTimes(terms, current.drawnAtSeconds);
  const conclude = { task: 'conclude-panel', due } as const;
  if (current.members.length === 0) return conclude;
  if (nowSeconds < revealUntilSeconds) return undefined;
  if (!isAppealable(panel) || nowSeconds >= appealUntilSeconds) return conclude;
  const saysHeld = majorityOf(current) > 0;
  const isServed = servedToOwnKnowledge(player, part);
  const inTime = { ...due, untilSeconds: appealUntilSeconds };
  if (isServed === undefined) {
    return saysHeld && isUnseen(player, part) ? { task: 'look-at-part', due: inTime } : undefined;
  }
  return isServed === saysHeld ? undefined : { task: 'appeal-panel', due: inTime };
}

/** Whether there is a larger round, and no tie, which goes on to it without an appeal. */
export function isAppealable({ rounds }: PanelFacts): boolean {
  return rounds.length < roundsMax && majorityOf(rounds[rounds.length - 1]) !== 0;
}

/** By how many more members said that the part is held than that it is not. */
function majorityOf({ members }: PanelRoundFacts): number {
  return members.reduce((sum, { isHeld }) => sum + (isHeld === undefined ? 0 : isHeld ? 1 : -1), 0);
}

/** What panels said in the end against what one sees oneself. */
export function verdictsAgainst({ dispute }: DisputeSeen, player: Player): readonly number[] {
  return dispute.parts.flatMap(({ part, panel }) => {
    if (panel?.isHeld === undefined) return [];
    const isServed = servedToOwnKnowledge(player, part);
    return isServed === undefined || isServed === panel.isHeld ? [] : [part];
  });
}

/** Nothing was looked at since a restart. */
function isUnseen({ own, views }: Player, part: number): boolean {
  return own !== undefined && !views.some(({ participant }) => participant === part);
}

/** Undefined where one cannot say. */
function servedToOwnKnowledge({ own, views }: Player, part: number): boolean | undefined {
  if (own !== undefined && countsPart(own, part)) return true;
  const view = views.find((one) => one.participant === part);
  return view?.findings.some(({ fault }) => fault === 'not-served') ? false : undefined;
}

/** What a member of a panel is to do. */
export interface PanelSeat {
  readonly part: number;
  readonly round: number;
  readonly place: number;
  readonly step: 'commit' | 'reveal' | 'conclude' | 'release';
  readonly due: Due<'panel'>;
}

/** Of all panels of the block in which `member` (lower case) sits; the last of its seats in each. */
export function panelSeats({ block, dispute }: DisputeSeen, member: Address): PanelSeat[] {
  return dispute.parts.flatMap(({ part, panel }) => {
    if (panel === undefined || panel.isOver) return [];
    const round = panel.rounds.findLastIndex(({ members }) => placeOf(members, member) >= 0);
    if (round < 0) return [];
    const seat = { part, round, place: placeOf(panel.rounds[round].members, member) };
    if (block.stage.stage !== 'dispute') return [{ ...seat, step: 'release', due: { due: 'panel' } }];
    return round < panel.rounds.length - 1 ? [] : seatOf(block, panel.rounds[round], seat);
  });
}

function seatOf(
  { terms, nowSeconds }: DisputeSeen['block'],
  { drawnAtSeconds = 0, members }: PanelRoundFacts,
  seat: Omit<PanelSeat, 'step' | 'due'>,
): PanelSeat[] {
  const times = panelTimes(terms, drawnAtSeconds);
  const { commitment, isHeld } = members[seat.place];
  if (nowSeconds < times.commitUntilSeconds) {
    const untilSeconds = times.commitUntilSeconds;
    return commitment === undefined
      ? [{ ...seat, step: 'commit', due: { due: 'panel', untilSeconds } }]
      : [{ ...seat, step: 'reveal', due: { waitsFor: 'panel-time', untilSeconds } }];
  }
  if (nowSeconds < times.revealUntilSeconds && isHeld === undefined && commitment !== undefined) {
    return [{ ...seat, step: 'reveal', due: { due: 'panel', untilSeconds: times.revealUntilSeconds } }];
  }
  // Participants count first, and until then they may appeal.
  const untilSeconds = times.appealUntilSeconds + terms.answerPeriod;
  if (nowSeconds < untilSeconds) {
    return [{ ...seat, step: 'conclude', due: { waitsFor: 'panel-time', untilSeconds } }];
  }
  return [{ ...seat, step: 'conclude', due: { due: 'panel' } }];
}

function placeOf(members: PanelRoundFacts['members'], member: Address): number {
  return members.findIndex(({ account }) => account.toLowerCase() === member);
}
