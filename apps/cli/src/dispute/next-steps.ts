/** What may be done next in a dispute: by whom, until when, and what bond and gas it takes. */
import { bondWei } from '#protocol';
import { type GasOf, gasOf } from './dispute-gas.js';
import type { NextStep, ShownAccusation, ShownDispute, ShownPanel, ShownQuestion } from './shown-dispute.js';

type Seen = Omit<ShownDispute, 'next'>;

/** The most urgent first. */
export function nextSteps(seen: Seen): NextStep[] {
  if (seen.stage === 'challenge') return challengeStep(seen);
  if (seen.stage !== 'dispute') return afterwards(seen);
  const steps = [
    ...windowSteps(seen),
    ...seen.accusations.flatMap((one) => accusationStep(seen, one)),
    ...seen.questions.flatMap((one) => questionStep(seen, one)),
    ...seen.panels.flatMap((one) => panelStep(seen, one)),
    ...acceptStep(seen),
  ];
  const isNew = (one: NextStep, at: number): boolean =>
    steps.findIndex(({ command, does }) => command === one.command && does === one.does) === at;
  const endOf = ({ untilSeconds }: NextStep): number => untilSeconds ?? Number.MAX_SAFE_INTEGER;
  return steps.filter(isNew).sort((a, b) => endOf(a) - endOf(b));
}

function step(
  command: string,
  does: string,
  by: string,
  untilSeconds: number | null,
  gas: GasOf | null,
  bond = 0n,
): NextStep {
  return { command, does, by, untilSeconds, bondWei: String(bond), gas: gas && gasOf[gas] };
}

const anybody = 'any participant';

/** The word that opens a dispute: silence would let what was revealed stand. */
function challengeStep({ participants, results, endsAtSeconds }: Seen): NextStep[] {
  const standing = results.filter(({ state }) => state === 'stands');
  const silent = participants.flatMap((_, at) =>
    standing.some(({ standFor }) => standFor.some(({ participant }) => participant === at)) ? [] : [at],
  );
  if (silent.length === 0) return [];
  const does = 'reveals the own computation, or what was revealed stands';
  const by = `${namesOf(participants, silent)}, if finding otherwise (block verify)`;
  return [step('block reveal', does, by, endsAtSeconds, 'reveal', bondWei.ownResult)];
}

function afterwards({ stage, accusations, questions, panels }: Seen): NextStep[] {
  const steps: NextStep[] = [];
  if (stage === 'final') steps.push(step('channel settle', 'pays what stands', anybody, null, 'settle'));
  const isLocked =
    accusations.some(({ waitsFor }) => waitsFor !== 'over') ||
    questions.some(({ state }) => state === 'open') ||
    panels.some((one) => one.step !== 'over');
  if (!isLocked) return steps;
  const does = 'gets back the bonds that still lie in it';
  return [...steps, step('dispute advance', does, 'whose bonds they are', null, 'release')];
}

function windowSteps({ windows, results, differ, struckParts, accusations, participants }: Seen): NextStep[] {
  return windows.flatMap(({ window, untilSeconds }): NextStep[] => {
    if (window === 'own-results') {
      const does = 'reveals the own computation, if nobody did yet';
      const by = 'who stands for no result, or whose result fell for its parts';
      return [step('block reveal', does, by, untilSeconds, 'reveal', bondWei.ownResult)];
    }
    if (window === 'questions') {
      const inDoubt = differ.parts.filter((part) => !struckParts.some((one) => one.part === part));
      return inDoubt.map((part) => {
        const does = `asks why the part of ${nameIn(participants, part)} should count`;
        const by = `${anybody} that does not count it`;
        const command = `dispute question --part ${part}`;
        return step(command, does, by, untilSeconds, 'question', bondWei.question);
      });
    }
    if (window !== 'accusations') return [];
    const standing = results.filter(({ state }) => state === 'stands');
    return standing.flatMap(({ result, standFor }) => {
      const tried = accusations.filter((one) => one.result === result && !one.isValidator);
      const who = participants.flatMap((_, at) => {
        const isFor = standFor.some(({ participant }) => participant === at);
        return isFor || tried.some(({ participant }) => participant === at) ? [] : [at];
      });
      if (who.length === 0) return [];
      const by = `${namesOf(participants, who)}, if standing for another result`;
      const command = `dispute accuse --result ${result}`;
      const does = `accuses result ${result}`;
      return [step(command, does, by, untilSeconds, 'accuse', bondWei.accusation)];
    });
  });
}

function accusationStep({ participants }: Seen, one: ShownAccusation): NextStep[] {
  const { result, participant, isValidator, turn, waitsFor, untilSeconds, named } = one;
  if (waitsFor === 'over') return [];
  const accuser = `${nameIn(participants, participant)}${isValidator ? ', its validator' : ''}`;
  if (turn === 'anybody') {
    const ends = waitsFor === 'accuser' || waitsFor === 'placed' ? 'which fails' : 'and result falls';
    const does = `ends the accusation of result ${result} by ${accuser}, ${ends}`;
    return [step('dispute advance', does, anybody, null, 'timeOut')];
  }
  if (turn === 'nobody') return [];
  const entry = named.level === 0 ? `leaf ${named.index}` : `node ${named.level}/${named.index}`;
  if (turn === 'accuser') {
    const does = `says what is wrong with ${entry}, or the accusation fails`;
    return [step(`dispute accuse --result ${result}`, does, accuser, untilSeconds, 'accuserMove')];
  }
  const command = `dispute answer --result ${result}`;
  const by = 'anybody who computed this result';
  if (waitsFor === 'placing') {
    const does = 'shows where the doubted record stands, or the result falls';
    return [step(command, does, by, untilSeconds, 'placeRecord')];
  }
  const does = `opens ${entry}, or the result falls`;
  return [step(command, does, by, untilSeconds, named.level === 0 ? 'openLeaf' : 'openNode')];
}

function questionStep({ participants, nowSeconds }: Seen, one: ShownQuestion): NextStep[] {
  const { part, row, state, isPublished, untilSeconds } = one;
  if (state !== 'open') return [];
  const what = `row ${row} of the part of ${nameIn(participants, part)}`;
  const options = `--part ${part} --row ${row}`;
  if (untilSeconds !== null && nowSeconds >= untilSeconds) {
    return [step('dispute advance', `ends the question about ${what}`, anybody, null, null)];
  }
  if (isPublished) {
    const does = `shows that ${what} was sealed otherwise, and strikes it`;
    return [step(`dispute disprove ${options}`, does, anybody, untilSeconds, 'disprove')];
  }
  const does = `publishes ${what}, or the part is struck`;
  return [step(`dispute publish ${options}`, does, 'anybody who has the part', untilSeconds, 'publish')];
}

function panelStep({ participants }: Seen, one: ShownPanel): NextStep[] {
  const { part, round, untilSeconds } = one;
  const about = `the panel about the part of ${nameIn(participants, part)}`;
  const answer = `validator answer --part ${part}`;
  switch (one.step) {
    case 'draw':
      return [step('dispute advance', `draws ${about}`, anybody, null, 'drawPanel')];
    case 'commit': {
      const does = 'commits to whether the part is served, or loses of its stake';
      return [step(answer, does, 'each member that has not', untilSeconds, 'commitPanel')];
    }
    case 'reveal':
      return [step(answer, 'reveals what it committed to', 'each member', untilSeconds, 'revealPanel')];
    case 'appeal': {
      const bond = bondWei.question << BigInt(round + 1);
      const does = `calls a larger panel in the place of ${about}`;
      const by = `${anybody} that sees it otherwise`;
      return [step(`dispute appeal --part ${part}`, does, by, untilSeconds, 'appeal', bond)];
    }
    case 'conclude':
      return [step('dispute advance', `counts the words of ${about}`, anybody, null, 'concludePanel')];
    case 'over':
      return [];
  }
}

/** Ends the dispute without any more of it. */
function acceptStep({ participants, results, endsAtSeconds }: Seen): NextStep[] {
  const spoken = new Set(
    results
      .filter(({ state }) => state === 'stands')
      .flatMap(({ standFor }) => standFor.filter(({ by }) => by === 'binding-seat' || by === 'acceptance'))
      .map(({ participant }) => participant),
  );
  const silent = participants.flatMap((_, at) => (spoken.has(at) ? [] : [at]));
  if (silent.length === 0) return [];
  const does = 'stands for the own computation; once all do, the dispute is over';
  return [step('block accept', does, namesOf(participants, silent), endsAtSeconds, 'accept')];
}

function nameIn(participants: readonly string[], index: number): string {
  return `${index} ${participants[index]}`;
}

function namesOf(participants: readonly string[], indexes: readonly number[]): string {
  return indexes.length > 4
    ? `${indexes.length} participants`
    : indexes.map((at) => nameIn(participants, at)).join(', ');
}
