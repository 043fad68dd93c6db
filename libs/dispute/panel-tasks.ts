/** What is due of a block's panels, for a participant and for whoever sits in one. */
import type { Address } from '#encoding';
import {
  type Due,
  type PanelFacts,
  type PanelRoundFacts,
  panelTimes,
  type QuestionedPartFacts,
} from '#protocol';
import { countsPart, type DisputeSeen, type InGame, type Player } from './dispute-seen.js';

export type PanelTask = InGame & {
  readonly task: 'draw-panel' | 'appeal-panel' | 'conclude-panel' | 'release-panel';
  readonly part: number;
  readonly round: number;
};

/** Rounds of growing size; the last one's verdict stands. */
const roundsMax = 3;

export function panelTasks(seen: DisputeSeen, player: Player): PanelTask[] {
  return seen.dispute.parts.flatMap(({ part, panel }) => {
    if (panel === undefined || panel.isOver) return [];
    const round = panel.rounds.length - 1;
    const found = taskOf(seen, player, part, panel, panel.rounds[round], round);
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
  round: number,
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
  const said = current.members.flatMap(({ isHeld }) => (isHeld === undefined ? [] : [isHeld]));
  const held = said.filter((one) => one).length;
  const isTie = held * 2 === said.length;
  if (isTie || round === roundsMax - 1 || nowSeconds >= appealUntilSeconds) return conclude;
  const isServed = servedToOwnKnowledge(player, part);
  if (isServed === undefined || isServed === held * 2 > said.length) return undefined;
  return { task: 'appeal-panel', due: { ...due, untilSeconds: appealUntilSeconds } };
}

/** Undefined where one cannot say. */
function servedToOwnKnowledge({ own, views }: Player, part: number): boolean | undefined {
  if (own !== undefined && countsPart(own, part)) return true;
  const view = views.find((one) => one.participant === part);
  return view?.findings.some(({ fault }) => fault === 'not-served') ? false : undefined;
}

/** What a member of a panel is to say: its place in the round that runs. */
export interface PanelSeat {
  readonly part: number;
  readonly round: number;
  readonly place: number;
  readonly step: 'commit' | 'reveal';
  readonly due: Due<'panel'>;
}

/** Of the rounds that run of a block in dispute. */
export function panelSeats(
  { block }: DisputeSeen,
  parts: readonly QuestionedPartFacts[],
  member: Address,
): PanelSeat[] {
  const { terms, stage, nowSeconds } = block;
  if (stage.stage !== 'dispute') return [];
  return parts.flatMap(({ part, panel }) => {
    const round = (panel?.rounds.length ?? 0) - 1;
    const current = panel?.rounds[round];
    if (panel?.isOver !== false || current?.drawnAtSeconds === undefined) return [];
    const { commitUntilSeconds, revealUntilSeconds } = panelTimes(terms, current.drawnAtSeconds);
    return current.members.flatMap((one, place): PanelSeat[] => {
      if (one.account.toLowerCase() !== member || one.isHeld !== undefined) return [];
      const seat = { part, round, place };
      if (nowSeconds < commitUntilSeconds) {
        if (one.commitment === undefined) {
          return [{ ...seat, step: 'commit', due: { due: 'panel', untilSeconds: commitUntilSeconds } }];
        }
        return [
          { ...seat, step: 'reveal', due: { waitsFor: 'panel-time', untilSeconds: commitUntilSeconds } },
        ];
      }
      if (one.commitment === undefined || nowSeconds >= revealUntilSeconds) return [];
      return [{ ...seat, step: 'reveal', due: { due: 'panel', untilSeconds: revealUntilSeconds } }];
    });
  });
}
