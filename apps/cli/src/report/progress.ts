/** Progress of long work on standard error: bars where someone looks, a line a stage where nobody does. */
import { MultiBar, Presets, type SingleBar } from 'cli-progress';

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
      format: '{stage} {bar} {value}/{total}',
      hideCursor: true,
      clearOnComplete: false,
      autopadding: true,
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
        process.stderr.write(`${stage}: ${before + more} of ${total}\n`);
      }
    },
    stop: () => {},
  };
}
