/** Reconciliation of two large CSV files, reading included, against DuckDB's SQL over the same files. */
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isDeepStrictEqual, parseArgs } from 'node:util';
import { duckdbAnswer } from '../reconcile/duckdb-answer.js';
import { makeLogs } from '../reconcile/make-logs.js';
import { runReconcile } from '../reconcile/reconcile-answer.js';
import { measure, median, printTable } from './measure.js';

const threads = 2;

/** `--folder` keeps the files for the next time. */
export async function main(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: {
      rows: { type: 'string', default: '10000000' },
      repeats: { type: 'string', default: '5' },
      folder: { type: 'string' },
    },
  });
  const rows = Number(values.rows);
  const repeats = Number(values.repeats);
  const folder = values.folder ?? mkdtempSync(join(tmpdir(), 'papyrus-bench-'));
  mkdirSync(folder, { recursive: true });
  const there = { ssp: join(folder, 'ssp.csv'), dsp: join(folder, 'dsp.csv') };
  const logs = existsSync(there.dsp) ? there : makeLogs(folder, rows, 1);
  const seconds: Record<'papyrus' | 'duckdb', number[]> = { papyrus: [], duckdb: [] };
  let peak = 0;
  for (let run = 0; run < repeats; run++) {
    const ours = runReconcile(['--ssp', logs.ssp, '--dsp', logs.dsp, '--threads', String(threads)]);
    seconds.papyrus.push(ours.seconds);
    peak = Math.max(peak, ours.peakMebibytes);
    let theirs: unknown;
    const { wallSeconds } = await measure(async () => {
      theirs = await duckdbAnswer(logs, threads);
    });
    seconds.duckdb.push(wallSeconds);
    if (!isDeepStrictEqual(ours.answer, theirs)) {
      console.log(ours.answer, theirs);
      throw new Error('the answers differ');
    }
  }
  const line = (name: 'papyrus' | 'duckdb'): string[] => {
    const middle = median(seconds[name]);
    return [name, middle.toFixed(2), ((2 * rows) / middle / 1e6).toFixed(2)];
  };
  printTable([['', 'seconds', 'M rows/s'], line('papyrus'), line('duckdb')]);
  const [ours, theirs] = [median(seconds.papyrus), median(seconds.duckdb)];
  console.log(
    JSON.stringify({
      stage: 'reconcile',
      rows: 2 * rows,
      threads,
      repeats,
      seconds: { papyrus: ours, duckdb: theirs },
      ratio: theirs / ours,
      peakMebibytes: Math.round(peak),
    }),
  );
  if (values.folder === undefined) rmSync(folder, { recursive: true });
}
