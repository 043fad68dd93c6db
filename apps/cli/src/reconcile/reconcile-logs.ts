/** Reconciles logs: scans each into statements, numbers the parties, reduces partition after partition. */
import { statSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { basename } from 'node:path';
import {
  type ExplainedStatement,
  type Explanation,
  explainStatements,
  type LogRole,
  makeReport,
  noCurrency,
  numberSellers,
  type Participants,
  type Report,
  rankNames,
  statementAt,
  statementNumbering,
} from '#reconciliation';
import { openReducer, type RtbImpressionParameters } from '#reduction';
import { CommandRefused } from '../report/command-refused.js';
import type { Progress } from '../report/progress.js';
import { type DifferencePart, type LargestPair, mergeLargest } from './difference-lines.js';
import type { LogInput } from './log-input.js';
import { type PolicyOptions, parametersOf, termsOf } from './policy.js';
import type { ScannedLog } from './scan-log.js';
import { openThreads, type TaskThreads } from './task-threads.js';
import type { ReduceResult, ScanResult } from './tasks.js';

export interface ReadLog extends ScannedLog {
  readonly role: LogRole;
  readonly path: string;
}

export interface Reconciliation {
  readonly logs: readonly ReadLog[];
  readonly participants: Participants;
  readonly parameters: RtbImpressionParameters;
  readonly currency: string;
  readonly report: Report;
  readonly largest: readonly LargestPair[];
  /** Of the id that was asked for. */
  readonly explained?: Explained;
}

export interface Explained extends Explanation {
  readonly statements: readonly (ExplainedStatement & { readonly log: ReadLog; readonly line: number })[];
}

export interface ReconcileOptions {
  readonly policy: PolicyOptions;
  readonly discrepancyLimitPpm: number;
  readonly explain?: string;
  /** Of prices whose logs do not say it. */
  readonly currency?: string;
  /** Lists of impressions are wanted: none, or the largest differences, or lines of CSV too. */
  readonly lists: 'none' | 'largest' | 'differences' | 'all';
  readonly threads?: number;
  readonly memoryMebibytes: number;
  readonly temporaryFolder?: string;
  readonly progress: Progress;
}

/** Is handed the parts of the lines in order; they are gone when it returns. */
export type TakeParts = (parts: readonly DifferencePart[], currency: string) => Promise<void>;

/** Files of less in all are read in this thread. */
const threadedBytesMin = 16 << 20;
const threadsMax = 4;
const linesMax = 5;
const progressMs = 100;

export async function reconcileLogs(
  inputs: readonly LogInput[],
  options: ReconcileOptions,
  takeParts: TakeParts,
): Promise<Reconciliation> {
  const sizes = inputs.map(({ path }) => sizeOf(path));
  const bytes = sizes.reduce((sum, size) => sum + size, 0);
  const usual = bytes < threadedBytesMin ? 1 : Math.min(threadsMax, availableParallelism());
  const threads = openThreads(options.threads ?? usual);
  try {
    const scans = await scanAll(inputs, sizes, threads, options);
    const logs = logsOf(inputs, scans);
    for (const log of logs) requireUsableRow(log);
    const participants = numberParties(inputs, logs, scans);
    const currency = currencyOf(logs, options.currency);
    const parameters = parametersOf(options.policy, participants.auditor !== undefined);
    const reduced = await reduceAll(scans, logs, participants, parameters, threads, options);
    await takeParts(reduced.parts, currency);
    const explained = explainedOf(scans, logs, participants, parameters, options.explain);
    return { logs, participants, parameters, currency, ...reduced, explained };
  } finally {
    options.progress.stop();
    await threads.close();
  }
}

function sizeOf(path: string): number {
  // What cannot be read is refused with its reason when it is opened.
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}

/** The largest files first, each to the thread that has the least. */
async function scanAll(
  inputs: readonly LogInput[],
  sizes: readonly number[],
  threads: TaskThreads,
  options: ReconcileOptions,
): Promise<ScanResult[]> {
  const scans = Array.from({ length: Math.min(threads.threads, inputs.length) }, () => ({
    bytes: 0,
    logs: [] as (LogInput & { number: number })[],
  }));
  const order = inputs.map((_, number) => number).sort((a, b) => sizes[b] - sizes[a]);
  for (const number of order) {
    const least = scans.reduce((low, one) => (one.bytes < low.bytes ? one : low));
    least.bytes += sizes[number] + 1;
    least.logs.push({ ...inputs[number], number });
  }
  const progress = new SharedArrayBuffer(inputs.length * 8);
  const read = new Float64Array(progress);
  const total = sizes.reduce((sum, size) => sum + size, 0);
  options.progress.total('read', toMegabytes(total));
  let shown = 0;
  const show = (bytes: number): void => {
    options.progress.add('read', toMegabytes(bytes) - shown);
    shown = toMegabytes(bytes);
  };
  const timer = setInterval(() => show(read.reduce((sum, one) => sum + one, 0)), progressMs);
  try {
    const found = await threads.scan(
      scans.map(({ logs }, scan) => ({
        kind: 'scan',
        scan,
        logs,
        memoryBytes: Math.floor((options.memoryMebibytes << 20) / scans.length),
        keepsTexts: options.lists !== 'none',
        explain: options.explain,
        temporaryFolder: options.temporaryFolder,
        progress,
      })),
    );
    show(total);
    return found;
  } finally {
    clearInterval(timer);
  }
}

function toMegabytes(bytes: number): number {
  return Math.ceil(bytes / 1e6);
}

function logsOf(inputs: readonly LogInput[], scans: readonly ScanResult[]): ReadLog[] {
  const logs = scans.flatMap((scan) => scan.logs).sort((a, b) => a.number - b.number);
  return logs.map((log) => ({ ...log, path: inputs[log.number].path }));
}

/** Where every row is unusable or left out, columns were taken for others: no answer is better than that. */
function requireUsableRow({ path, rows, used, leftOut, unusable, listed }: ReadLog): void {
  if (rows === 0 || used > 0) return;
  const why = [...unusable].map(([code, count]) => {
    const lines = listed.filter((row) => row.code === code).slice(0, linesMax);
    return `${code} ${count} (lines ${lines.map(({ line }) => line).join(', ')})`;
  });
  if (leftOut > 0) why.push(`left out by where ${leftOut}`);
  throw new CommandRefused(
    'log-without-usable-rows',
    `${path}: of ${rows} rows none can be used: ${why.join(', ')}`,
  );
}

async function reduceAll(
  scans: readonly ScanResult[],
  logs: readonly ReadLog[],
  participants: Participants,
  parameters: RtbImpressionParameters,
  threads: TaskThreads,
  options: ReconcileOptions,
): Promise<Pick<Reconciliation, 'report' | 'largest'> & Pick<ReduceResult, 'parts'>> {
  const campaigns = rankNames(scans.map((one) => one.campaigns));
  const placements = rankNames(scans.map((one) => one.placements));
  const next = new SharedArrayBuffer(4);
  const { lists, temporaryFolder } = options;
  const differences = {
    areAll: lists === 'all',
    writesLines: lists === 'differences' || lists === 'all',
    campaigns: campaigns.names,
    placements: placements.names,
    logs: logs.map((log) => basename(log.path)),
    temporaryFolder,
  };
  const results = await threads.reduce(
    Array.from({ length: threads.threads }, () => ({
      kind: 'reduce' as const,
      scans: scans.map((one) => one.stored),
      texts: scans.map((one) => one.texts ?? -1),
      participants,
      terms: termsOf(parameters, participants),
      sellers: scans.map((one) => one.sellers),
      campaignRanks: campaigns.ranks,
      placementRanks: placements.ranks,
      next,
      differences: lists === 'none' ? undefined : differences,
    })),
  );
  const names = { campaigns: campaigns.names, placements: placements.names };
  const totals = results.map((one) => one.totals);
  return {
    report: makeReport(totals, participants, names, options.discrepancyLimitPpm),
    largest: mergeLargest(results.map((one) => one.largest)),
    parts: results.flatMap((one) => one.parts).sort((a, b) => a.block - b.block),
  };
}

function explainedOf(
  scans: readonly ScanResult[],
  logs: readonly ReadLog[],
  participants: Participants,
  parameters: RtbImpressionParameters,
  explain: string | undefined,
): Explained | undefined {
  if (explain === undefined) return undefined;
  const statements = scans.flatMap((scan) => {
    const statementOf = statementNumbering(participants, scan.sellers);
    return scan.logs.flatMap(({ number, watched }) =>
      watched.map(({ head, imp, line }) => {
        const numbered = head.slice();
        numbered[statementAt.statement] = statementOf(head[statementAt.statement]);
        return { log: logs[number], line, imp, head: numbered };
      }),
    );
  });
  const terms = termsOf(parameters, participants);
  return { ...explainStatements(statements, participants, () => openReducer(terms)), statements };
}

function numberParties(
  inputs: readonly LogInput[],
  logs: readonly ReadLog[],
  scans: readonly ScanResult[],
): Participants {
  const hasUnnamed = logs.some(
    (log, at) =>
      log.role !== 'auditor' &&
      log.used > 0 &&
      log.mapping.seller === undefined &&
      inputs[at].seller === undefined,
  );
  const names = scans.flatMap((scan) => scan.sellers.slice(1));
  const numbered = numberSellers(
    names,
    hasUnnamed,
    logs.some((log) => log.role === 'auditor'),
  );
  if (!numbered.ok) throw new CommandRefused(numbered.code, numbered.detail);
  return numbered.participants;
}

/** The one currency of all prices, as far as logs or the command line say it. */
function currencyOf(logs: readonly ReadLog[], given: string | undefined): string {
  const named = logs.flatMap((log) => log.mapping.price?.currency ?? noCurrency);
  const found = [...new Set([...named, given ?? noCurrency])].filter((one) => one !== noCurrency);
  if (found.length > 1) {
    const what = `the logs have prices in ${found.join(' and ')}: say the same of both by --map, or convert one`;
    throw new CommandRefused('currencies-differ', what);
  }
  return found[0] ?? noCurrency;
}
