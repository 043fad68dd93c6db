/** A block's dispute as the command line tells it: who stands for what, what differs, whose turn it is. */
import { isAppealable } from '#dispute';
import {
  type AccusationFacts,
  type AskedRowFacts,
  amountsOfWords,
  type BlockFacts,
  type ChannelTerms,
  doPartsDiffer,
  type PanelFacts,
  panelTimes,
  type QuestionedPartFacts,
  validatorSlots,
} from '#protocol';
import type { BlockState } from '../network/drive.js';
import { nextSteps } from './next-steps.js';
import type {
  ShownAccusation,
  ShownDispute,
  ShownPanel,
  ShownQuestion,
  ShownResult,
  ShownWindow,
  StandingBy,
  Turn,
} from './shown-dispute.js';

export function describeDispute(
  channel: { readonly channelId: string; readonly terms: ChannelTerms; nameOf(participant: number): string },
  state: BlockState,
): ShownDispute {
  const { facts, stage, nowSeconds, blockNumber } = state;
  const { accusations, parts } = state.dispute ?? { accusations: [], parts: [] };
  const results = facts.results.map((_, at) => resultOf(facts, at, channel.terms.roles.length));
  const counted = facts.dispute?.counted;
  const seen = {
    channelId: channel.channelId,
    blockNumber,
    stage: stage.stage,
    nowSeconds,
    endsAtSeconds: 'endsAtSeconds' in stage ? stage.endsAtSeconds : null,
    participants: channel.terms.roles.map((_, index) => channel.nameOf(index)),
    results,
    differ: differencesOf(results),
    windows: windowsOf(state),
    countedParts: counted === undefined || !doPartsDiffer(facts) ? null : bitsOf(counted),
    accusations: accusations.map((one) => accusationOf(one, nowSeconds)),
    questions: parts.flatMap(questionsOf),
    struckParts: parts
      .filter(({ isStruck }) => isStruck)
      .map(({ part, found }) => ({ part, fault: found?.fault ?? null })),
    panels: parts.flatMap(({ part, panel }) =>
      panel === undefined ? [] : [panelOf(channel.terms, part, panel, nowSeconds)],
    ),
  };
  return { ...seen, next: nextSteps(seen) };
}

function resultOf(facts: BlockFacts, result: number, participants: number): ShownResult {
  const { outputHash, isGone, isFallen, firstRevealedAtSeconds, validParts, ...fields } =
    facts.results[result];
  const of = <One extends { readonly participant: number; readonly outputHash?: string }>(
    all: readonly One[],
    byOf: (one: One) => StandingBy,
  ) =>
    all
      .filter((one) => one.outputHash === outputHash)
      .map((one) => ({ participant: one.participant, by: byOf(one) }));
  return {
    result,
    outputHash,
    state: isFallen ? 'fell' : isGone ? 'gone' : 'stands',
    revealedAtSeconds: firstRevealedAtSeconds,
    parts: bitsOf(validParts),
    impressionCount: Number(fields.impressionCount),
    amountsNano: amountsOfWords(fields.amountWords).slice(0, participants).map(String),
    standFor: [
      ...of(facts.seats, ({ binding }) => (binding ? 'binding-seat' : 'seat')),
      ...of(facts.ownResults, () => 'own-result'),
      ...of(facts.acceptances, () => 'acceptance'),
    ],
  };
}

function differencesOf(results: readonly ShownResult[]): ShownDispute['differ'] {
  const standing = results.filter(({ state }) => state === 'stands');
  const [first] = standing;
  const every = (holds: (one: ShownResult) => boolean): boolean => standing.every(holds);
  const parts = [...new Set(standing.flatMap((one) => one.parts))].sort((a, b) => a - b);
  return {
    parts: parts.filter((part) => !every((one) => one.parts.includes(part))),
    amounts: (first?.amountsNano ?? []).flatMap((nano, at) =>
      every((one) => one.amountsNano[at] === nano) ? [] : [at],
    ),
  };
}

function windowsOf({ stage }: BlockState): ShownWindow[] {
  if (stage.stage !== 'dispute') return [];
  const { ownResults, questions, accusations, partsDecidedAtSeconds } = stage;
  const windows = [
    ['own-results', ownResults?.untilSeconds],
    ['questions', questions?.untilSeconds],
    ['parts-decided', partsDecidedAtSeconds],
    ['accusations', accusations?.untilSeconds],
  ] as const;
  return windows.flatMap(([window, untilSeconds]) =>
    untilSeconds === undefined ? [] : [{ window, untilSeconds }],
  );
}

function accusationOf(one: AccusationFacts, nowSeconds: number): ShownAccusation {
  const { resultIndex, slot, accuser, turn, untilSeconds, named, doubted, nodes, leaves, end } = one;
  const isValidator = slot >= validatorSlots;
  return {
    result: resultIndex,
    participant: isValidator ? slot - validatorSlots : slot,
    isValidator,
    account: accuser.toLowerCase(),
    turn: turnOf(one, nowSeconds),
    waitsFor: turn,
    untilSeconds: turn === 'over' ? null : (untilSeconds ?? null),
    named: { level: named.level, index: named.index },
    doubtedRecord: doubted ?? null,
    opened: { nodes: nodes.length, leaves: leaves.length },
    outcome: end?.outcome ?? null,
    bondTo: end?.to.toLowerCase() ?? null,
  };
}

function turnOf({ turn, untilSeconds }: AccusationFacts, nowSeconds: number): Turn {
  if (turn === 'over') return 'nobody';
  if (untilSeconds !== undefined && nowSeconds >= untilSeconds) return 'anybody';
  if (turn === 'accuser') return 'accuser';
  return turn === 'placed' ? 'nobody' : 'accused';
}

function questionsOf({ part, questions, rows }: QuestionedPartFacts): ShownQuestion[] {
  return questions.map(({ participant, rowIndex, state }) => {
    const row: AskedRowFacts | undefined = rows.find((one) => one.rowIndex === rowIndex);
    return {
      ...{ part, row: rowIndex, participant, state, isPublished: row?.isPublished ?? false },
      untilSeconds: state === 'open' ? (row?.untilSeconds ?? null) : null,
    };
  });
}

function panelOf(terms: ChannelTerms, part: number, panel: PanelFacts, nowSeconds: number): ShownPanel {
  const round = panel.rounds[panel.rounds.length - 1];
  return {
    part,
    round: panel.rounds.length - 1,
    ...stepOf(terms, panel, nowSeconds),
    members: round.members.map(({ account, commitment, isHeld }) => ({
      account: account.toLowerCase(),
      says: isHeld === undefined ? (commitment === undefined ? 'nothing' : 'committed') : heldText(isHeld),
    })),
    verdict: panel.isHeld === undefined ? null : heldText(panel.isHeld),
  };
}

function stepOf(
  terms: ChannelTerms,
  panel: PanelFacts,
  nowSeconds: number,
): Pick<ShownPanel, 'step' | 'untilSeconds'> {
  if (panel.isOver) return { step: 'over', untilSeconds: null };
  const { drawnAtSeconds, members } = panel.rounds[panel.rounds.length - 1];
  if (drawnAtSeconds === undefined) return { step: 'draw', untilSeconds: null };
  const times = panelTimes(terms, drawnAtSeconds);
  const steps = [
    ['commit', times.commitUntilSeconds],
    ['reveal', times.revealUntilSeconds],
    ['appeal', isAppealable(panel) ? times.appealUntilSeconds : 0],
  ] as const;
  const now = members.length === 0 ? undefined : steps.find(([, untilSeconds]) => nowSeconds < untilSeconds);
  return now === undefined
    ? { step: 'conclude', untilSeconds: null }
    : { step: now[0], untilSeconds: now[1] };
}

function heldText(isHeld: boolean): 'held' | 'not-held' {
  return isHeld ? 'held' : 'not-held';
}

function bitsOf(mask: number): number[] {
  return Array.from({ length: 32 - Math.clz32(mask) }, (_, bit) => bit).filter(
    (bit) => ((mask >> bit) & 1) === 1,
  );
}
