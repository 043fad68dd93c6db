/** Progress of long work on standard error: bars where someone looks, a line a stage where nobody does. */
import { MultiBar, Presets, type SingleBar } from 'cli-progress';
import { formatCount } from './output.js';

export interface Progress {
  /** Sets how much of `stage` there is. */
  total(stage: string, total: number): void;
  /** `done` more of `stage` is done. */
  add(stage: string, done: number): void;
  stop(): void;
}

export function openProgress(options: { isQuiet: boolean; stages: readonly string[] }): Progress {
  if (options.isQuiet) return { total: () => {}, add: () => {}, stop: () => {} };
  return process.stderr.isTTY === true ? openBars(options.stages) : openLines();
}

function openBars(stages: readonly string[]): Progress {
  const bars = new MultiBar(
    {
      format: (options, { value, total }, { stage }) =>
        barText({ stage, value, total }, options.barsize ?? usualBarColumns),
      hideCursor: true,
      clearOnComplete: false,
      forceRedraw: true,
      stream: process.stderr,
    },
    Presets.shades_grey,
  );
  const width = Math.max(...stages.map((stage) => stage.length));
  const of = new Map<string, SingleBar>(
    stages.map((stage) => [stage, bars.create(0, 0, { stage: stage.padEnd(width) })]),
  );
  return {
    total: (stage, total) => of.get(stage)?.setTotal(total),
    add: (stage, done) => of.get(stage)?.increment(done),
    stop: () => bars.stop(),
  };
}

const usualBarColumns = 40;

/** Empty until something is done, also before it is known how much there is. */
export function barText(
  { stage, value, total }: { readonly stage: string; readonly value: number; readonly total: number },
  columns: number,
): string {
  const full = total === 0 ? 0 : Math.min(columns, Math.floor((value / total) * columns));
  const count = total === 0 ? '' : ` ${formatCount(value)}/${formatCount(total)}`;
  return `${stage} ${'▓'.repeat(full)}${'░'.repeat(columns - full)}${count}`;
}

function openLines(): Progress {
  const totals = new Map<string, number>();
  const done = new Map<string, number>();
  return {
    total: (stage, total) => void totals.set(stage, total),
    add: (stage, more) => {
      const total = totals.get(stage) ?? 0;
      const before = done.get(stage) ?? 0;
      done.set(stage, before + more);
      const tenth = (count: number): number => Math.floor((count * 10) / Math.max(total, 1));
      if (tenth(before + more) > tenth(before)) {
        process.stderr.write(`${stage}: ${formatCount(before + more)} of ${formatCount(total)}\n`);
      }
    },
    stop: () => {},
  };
}
