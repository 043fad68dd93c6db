/** The tables at the end of a played dispute: who did what, what each result said, which bonds moved. */
import type { BondBalance, DisputeRun } from './dispute-run.js';
import { formatNano, type Output, timeText } from '../report/output.js';
import type { ShownDispute } from './shown-dispute.js';
import type { DisputeAct } from './dispute-acts.js';
import { coins } from './dispute-tables.js';

const movedText = { staked: 'staked', back: 'back', won: 'won', lost: 'LOST' } as const;

export function printDisputeRun({ dispute, liar, acts, bonds, burntWei }: DisputeRun, output: Output): void {
  const { participants } = dispute;
  output.line();
  output.line(`Channel ${dispute.channelId}`);
  output.line(`Block ${dispute.blockNumber}, ${participants[liar]} lies. Who did what, in the chain's time:`);
  output.table(['time', 'who', 'what', 'bond'], together(acts, participants), 4);
  output.line('node L/I is entry I of level L of the settlement tree; a leaf is an impression');
  output.line();
  printResults(dispute, output);
  output.line();
  output.line('Bonds of each account, in the coin of the chain');
  const rows = bonds.map((one) => bondRow(participants[one.participant], one));
  output.table(
    ['participant', 'before', 'after', 'change'],
    [...rows, ['burnt', '', '', coins(BigInt(burntWei))]],
  );
}

/** What several do at one moment is one line. */
function together(acts: readonly DisputeAct[], participants: readonly string[]): string[][] {
  const lines = new Map<string, { readonly act: DisputeAct; readonly who: number[] }>();
  for (const act of acts) {
    const key = JSON.stringify([act.atSeconds, act.what, act.bond]);
    const line = lines.get(key) ?? { act, who: [] };
    line.who.push(...act.who);
    lines.set(key, line);
  }
  return [...lines.values()].map(({ act, who }) => [
    timeText(act.atSeconds).slice(11, 19),
    whoText(who, participants),
    act.what,
    bondText(act, who.length),
  ]);
}

function whoText(who: readonly number[], participants: readonly string[]): string {
  const names = who.map((index) => participants[index]);
  return names.length > 2 ? `${names[0]} and ${names.length - 1} more` : names.join(', ');
}

function bondText({ bond }: DisputeAct, count: number): string {
  if (bond === null) return '';
  const each = count > 1 ? ' each' : '';
  return `${coins(BigInt(bond.wei))}${each} ${movedText[bond.moved]}`;
}

function printResults({ results, participants }: ShownDispute, output: Output): void {
  output.line('What each result pays');
  output.table(
    ['', ...results.map(({ result, state }) => `result ${result}, ${state === 'fell' ? 'FELL' : 'settled'}`)],
    participants
      .slice(1)
      .map((name, at) => [
        name,
        ...results.map(({ amountsNano }) => formatNano(BigInt(amountsNano[at + 1]))),
      ]),
  );
}

function bondRow(name: string, { beforeWei, afterWei }: BondBalance): string[] {
  const [before, after] = [BigInt(beforeWei), BigInt(afterWei)];
  return [name, ...[before, after, after - before].map(coins)];
}
