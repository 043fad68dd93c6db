/** The same figures as `papyrus reconcile` gives them. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { builtFile } from '#environment/built-file';
import type { LogAnswer } from './duckdb-answer.js';

export interface ReconcileRun {
  readonly answer: LogAnswer;
  readonly seconds: number;
  readonly peakMebibytes: number;
}

interface Line {
  readonly reason?: string;
  readonly kind?: string;
  readonly impressions: number;
}

/** Runs the command as a process of its own. */
export function runReconcile(args: readonly string[]): ReconcileRun {
  const folder = mkdtempSync(join(tmpdir(), 'papyrus-reconcile-'));
  const memory = join(folder, 'memory');
  const report = `data:text/javascript,import{writeFileSync}from'node:fs';process.on('exit',()=>writeFileSync(${JSON.stringify(memory)},String(process.resourceUsage().maxRSS)))`;
  const main = builtFile('apps/cli/src/main.js');
  const start = performance.now();
  const run = spawnSync(process.execPath, ['--import', report, main, 'reconcile', ...args, '--json'], {
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  });
  const seconds = (performance.now() - start) / 1_000;
  if (run.status !== 0) throw new Error(`reconcile ended with ${run.status}: ${run.stdout}${run.stderr}`);
  const peakMebibytes = Number(readFileSync(memory, 'utf8')) / 1_024;
  rmSync(folder, { recursive: true });
  const { data } = JSON.parse(run.stdout.trim().split('\n').at(-1)!);
  return { answer: answerOf(data.report), seconds, peakMebibytes };
}

function answerOf(report: {
  total: Record<string, string | number>;
  difference: Line[];
  payerOwesNano: string;
  repeated: { count: number }[];
}): LogAnswer {
  const of = (kind: string): bigint =>
    BigInt(report.difference.find((one) => one.kind === kind)?.impressions ?? 0);
  const { impressions, sellerNano, buyerNano, gapNano } = report.total;
  return {
    impressions: BigInt(impressions),
    onlySeller: of('only-seller'),
    onlyBuyer: of('only-buyer'),
    otherPrice: of('other-price'),
    sellerNano: BigInt(sellerNano),
    buyerNano: BigInt(buyerNano),
    paidNano: BigInt(report.payerOwesNano),
    gapNano: BigInt(gapNano),
    repeated: BigInt(report.repeated.reduce((sum, { count }) => sum + count, 0)),
  };
}
