/** A dispute as tables for people: every word is there without colour. */
import { formatCount, formatNano, type Output, relativeText, timeText } from '../report/output.js';
import { entryText } from './dispute-acts.js';
import type {
  ShownAccusation,
  ShownDispute,
  ShownPanel,
  ShownQuestion,
  StandingBy,
} from './shown-dispute.js';

const standingText: Readonly<Record<StandingBy, string>> = {
  'binding-seat': 'its own validator, bound by it',
  seat: 'the validator of its seat',
  'own-result': 'its own result, with a bond',
  acceptance: 'accepted it, bound by it',
};
const windowText: Readonly<Record<ShownDispute['windows'][number]['window'], string>> = {
  'own-results': 'own results may be revealed',
  questions: 'parts may be questioned that not all count',
  'parts-decided': 'decided: which parts count, unless one is asked',
  accusations: 'results may be accused',
};
const stateText = { stands: 'stands', fell: 'FELL', gone: 'taken back' } as const;

export function printDispute(shown: ShownDispute, output: Output): void {
  output.line(`Channel ${shown.channelId}`);
  output.line(`Block ${shown.blockNumber} is in stage ${shown.stage}`);
  output.line(`The chain's time is ${timeText(shown.nowSeconds)}`);
  if (shown.endsAtSeconds !== null) {
    const isDispute = shown.stage === 'dispute';
    const when = `${timeText(shown.endsAtSeconds)}, ${relativeText(shown.endsAtSeconds, shown.nowSeconds)}`;
    output.line(`${isDispute ? 'If all take their time, the dispute' : 'The stage'} ends at ${when}`);
  }
  printResults(shown, output);
  printDifferences(shown, output);
  printWindows(shown, output);
  printAccusations(shown, output);
  printQuestions(shown, output);
  printPanels(shown, output);
  printNext(shown, output);
}

function printResults({ results, participants }: ShownDispute, output: Output): void {
  output.line();
  if (results.length === 0) {
    output.line('No result was revealed.');
    return;
  }
  output.line('Results');
  output.table(
    ['', 'outputHash', 'now', 'parts', 'impressions', 'revealed'],
    results.map((one) => [
      String(one.result),
      one.outputHash.slice(0, 10),
      stateText[one.state],
      `${one.parts.length}/${participants.length}`,
      formatCount(one.impressionCount),
      timeText(one.revealedAtSeconds),
    ]),
    3,
  );
  output.line();
  output.line('Who stands for each');
  output.table(
    ['result', 'participant', 'by'],
    results.flatMap((one) =>
      one.standFor.map(({ participant, by }) => [
        String(one.result),
        nameIn(participants, participant),
        standingText[by],
      ]),
    ),
    3,
  );
}

function printDifferences(
  { results, differ, participants, countedParts }: ShownDispute,
  output: Output,
): void {
  const [first, ...others] = results.filter(({ state }) => state === 'stands');
  if (countedParts !== null) {
    output.line();
    output.line(`It is decided which parts count: ${namesIn(participants, countedParts)}`);
  }
  if (others.length === 0) return;
  output.line();
  output.line('What differs between results that stand');
  if (differ.parts.length > 0) {
    output.table(
      ['result', 'leaves out the parts of'],
      [first, ...others].map((one) => {
        const missing = differ.parts.filter((part) => !one.parts.includes(part));
        return [String(one.result), namesIn(participants, missing)];
      }),
      2,
    );
  }
  if (differ.amounts.length === 0) {
    output.line('Every participant is paid the same by all of them.');
    return;
  }
  output.table(
    ['result', 'participant', 'amount', `result ${first.result} says`, 'more'],
    others.flatMap((one) =>
      differ.amounts
        .filter((at) => one.amountsNano[at] !== first.amountsNano[at])
        .map((at) => {
          const [says, base] = [BigInt(one.amountsNano[at]), BigInt(first.amountsNano[at])];
          const amounts = [says, base, says - base].map(formatNano);
          return [String(one.result), nameIn(participants, at), ...amounts];
        }),
    ),
    2,
  );
}

function printWindows({ windows, stage, nowSeconds }: ShownDispute, output: Output): void {
  if (stage !== 'dispute') return;
  output.line();
  output.line(windows.length === 0 ? 'No window is open.' : 'Windows');
  if (windows.length === 0) return;
  output.table(
    ['until', '', 'what may be said'],
    windows.map(({ window, untilSeconds }) => [
      timeText(untilSeconds),
      relativeText(untilSeconds, nowSeconds),
      windowText[window],
    ]),
    3,
  );
}

function printAccusations({ accusations, participants }: ShownDispute, output: Output): void {
  output.line();
  output.line(accusations.length === 0 ? 'No result is accused.' : 'Accusations');
  if (accusations.length === 0) return;
  output.table(
    ['result', 'accuser', 'turn', 'what', 'until'],
    accusations.map((one) => [
      String(one.result),
      `${nameIn(participants, one.participant)}${one.isValidator ? ', validator' : ''}`,
      one.waitsFor === 'over' ? 'over' : one.turn,
      doingOf(one),
      one.untilSeconds === null ? '' : dayTimeText(one.untilSeconds),
    ]),
    5,
  );
}

function doingOf({ waitsFor, named, doubtedRecord, outcome, turn }: ShownAccusation): string {
  const entry = entryText(named);
  if (outcome === 'upheld') return 'upheld, the result fell';
  if (outcome === 'failed') return 'failed, its bond is lost';
  if (outcome === 'returned') return 'its bond came back';
  if (turn === 'anybody')
    return waitsFor === 'accuser' ? 'time is over: it fails' : 'time is over: the result falls';
  if (waitsFor === 'opening') return `open ${entry}`;
  if (waitsFor === 'accuser') return `speak on ${entry}`;
  return waitsFor === 'placing' ? `place record ${doubtedRecord ?? 0}, ${entry}` : 'fails by time';
}

function printQuestions(
  { questions, struckParts, participants, nowSeconds }: ShownDispute,
  output: Output,
): void {
  output.line();
  output.line(questions.length === 0 ? 'No row of a part is questioned.' : 'Questions');
  if (questions.length > 0) {
    output.table(
      ['part of', 'row', 'asked by', 'now', 'until'],
      questions.map((one) => [
        nameIn(participants, one.part),
        String(one.row),
        nameIn(participants, one.participant),
        askedText(one, nowSeconds),
        one.untilSeconds === null ? '' : dayTimeText(one.untilSeconds),
      ]),
      5,
    );
  }
  for (const { part, fault } of struckParts) {
    output.line(`The part of ${nameIn(participants, part)} is struck: ${fault ?? 'not served'}`);
  }
}

function askedText({ state, isPublished, untilSeconds }: ShownQuestion, nowSeconds: number): string {
  if (state !== 'open') return state;
  if (untilSeconds !== null && nowSeconds >= untilSeconds)
    return isPublished ? 'time is over: refuted' : 'time is over: upheld';
  return isPublished ? 'published, to be disproved' : 'to be published';
}

function printPanels({ panels, participants }: ShownDispute, output: Output): void {
  output.line();
  output.line(panels.length === 0 ? 'No panel is asked.' : 'Panels');
  for (const panel of panels) {
    output.line(`Whether the part of ${nameIn(participants, panel.part)} was served: ${panelText(panel)}`);
    if (panel.members.length === 0) continue;
    output.table(
      ['member', 'says'],
      panel.members.map(({ account, says }) => [account, says]),
      2,
    );
  }
}

const notYet = 'There is nothing to do yet: a dispute begins where results pay differently.';
const nothingText: Readonly<Record<string, string>> = {
  ...{ pending: notYet, collection: notYet, collation: notYet, processing: notYet },
  challenge: 'There is nothing to do: all participants stand for a result.',
  dispute: 'There is nothing to do but wait for the time above.',
};
const weiPerNano = 1_000_000_000n;

function printNext({ next, nowSeconds, stage }: ShownDispute, output: Output): void {
  output.line();
  if (next.length === 0) {
    output.line(nothingText[stage] ?? 'There is nothing to do any more.');
    return;
  }
  output.line('What may be done now, by `papyrus COMMAND` (--dry-run shows it without doing it)');
  for (const { command, does, by, untilSeconds, bondWei, gas } of next) {
    output.line(`${command}`);
    output.line(`  ${does}`);
    output.line(`  by ${by}`);
    const until =
      untilSeconds === null
        ? 'at any time'
        : `until ${dayTimeText(untilSeconds)}, ${relativeText(untilSeconds, nowSeconds)}`;
    const bond = bondWei === '0' ? 'no bond' : `bond ${coins(BigInt(bondWei))} ether`;
    output.line(`  ${until}; ${bond}${gas === null ? '' : `, gas up to ${formatCount(gas)}`}`);
  }
  output.line('A bond comes back unless what it stands for turns out to be wrong.');
}

/** 0.01 from wei; no bond has more than nine digits behind the point. */
export function coins(wei: bigint): string {
  return formatNano(wei / weiPerNano).replace(/\.?0+$/, '');
}

function panelText({ round, step, untilSeconds, verdict }: ShownPanel): string {
  const until = untilSeconds === null ? '' : ` until ${dayTimeText(untilSeconds)}`;
  return verdict ?? `round ${round}, ${step}${until}`;
}

/** 01-01 12:00:00Z */
function dayTimeText(seconds: number): string {
  return timeText(seconds).slice(5);
}

function nameIn(participants: readonly string[], index: number): string {
  return `${index} ${participants[index]}`;
}

function namesIn(participants: readonly string[], indexes: readonly number[]): string {
  if (indexes.length === 0) return 'nobody';
  // Many names are no line of a terminal.
  return indexes.map((index) => (indexes.length > 5 ? index : participants[index])).join(', ');
}
