/** `papyrus replay FILES`: real auction logs, settled, a block a day. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { dayName, dayStart, LogRefused } from '#log-files';
import { nanoOf } from '../channel/money.js';
import type { NetworkSpec } from '../network/network-spec.js';
import type { RunOptions } from '../network/run-network.js';
import { CommandRefused, type ExitCode, onFile } from '../report/command-refused.js';
import { formatCount, type Output } from '../report/output.js';
import { printUnusable } from '../report/run-tables.js';
import { runScenario } from '../scenario.js';
import { blockTraffic } from '../traffic/log-traffic.js';
import { chooseById } from '../traffic/plan-records.js';
import { type LayoutName, type LogSurvey, surveyLog } from '../traffic/survey-log.js';

export interface ReplayOptions extends RunOptions {
  readonly seed: string;
  /** Parts per million. */
  readonly disagree: number;
  readonly layout?: LayoutName;
  /** What each payee's line gets, in units of the currency; what the log needs where that is not said. */
  readonly deposit?: string;
}

/** 10 CNY an impression: two thousand times what the log's dearest paid. */
const priceNanoMax = 10_000_000_000n;
const auditorFeeNano = 1_000n;
/** The least that a line gets and that a block may pay, of logs that need less. */
const [depositNanoMin, blockMaxNanoMin] = [1_000_000_000_000n, 100_000_000_000n];
const authorBytesMin = 64 * 1_048_576;

export async function runReplay(
  files: readonly string[],
  options: ReplayOptions,
  output: Output,
): Promise<ExitCode> {
  const deposit = options.deposit === undefined ? undefined : nanoOf(options.deposit);
  const folder = onFile(tmpdir(), () => mkdtempSync(join(tmpdir(), 'papyrus-rows-')));
  try {
    const survey = await surveyFiles(files, { folder, priceNanoMax, layout: options.layout }, output);
    const spec = replaySpec(survey, options, deposit);
    const roster = { names: spec.participants.map((one) => one.name), auditor: spec.participants.length - 1 };
    const days = survey.days.map(dayName);
    const { rows, exchanges, unusable, floods } = survey;
    const title =
      `${formatCount(rows)} rows · ${days.length === 1 ? '1 day' : `${days.length} days`}, ` +
      `${days.length === 1 ? days[0] : `${days[0]} to ${days.at(-1)}`} · exchanges ${exchanges.join(', ')}`;
    const traffic = blockTraffic(survey, roster, chooseById(options.seed, options.disagree));
    const scenario = { title, spec, traffic, unusable, floods, days, hasInvalidSubmissions: false };
    return await runScenario(scenario, options, output);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Says which rows could not be used also where none could. */
async function surveyFiles(
  files: readonly string[],
  options: Parameters<typeof surveyLog>[1],
  output: Output,
): Promise<LogSurvey> {
  const survey = await surveyLog(files, options).catch((cause: unknown) => {
    if (!(cause instanceof LogRefused)) throw cause;
    throw new CommandRefused(cause.code, cause.message);
  });
  if (survey.days.length > 0) return survey;
  const found = { unusable: survey.unusable.list(), unusableCounts: survey.unusable.counts() };
  printUnusable({ ...found, flooding: [] }, output);
  const counts = Object.entries(found.unusableCounts).map(([code, count]) => `${formatCount(count)} ${code}`);
  const why = counts.length === 0 ? 'it has no rows' : counts.join(', ');
  throw new CommandRefused(
    'log-without-impressions',
    `the log holds no impression that can be used: ${why}`,
    {
      data: found,
    },
  );
}

function replaySpec(survey: LogSurvey, options: ReplayOptions, deposit: bigint | undefined): NetworkSpec {
  const { rows, days, exchanges, dearest, rowsByDay, digest } = survey;
  const firstBlockStart = dayStart(days[0]);
  const rowsOfDay = Math.max(...rowsByDay.values());
  const all = [...rowsByDay.values()].reduce((sum, one) => sum + one, 0);
  const blockMax = most(blockMaxNanoMin, dearest.ofDay, BigInt(rowsOfDay) * auditorFeeNano);
  const needed = most(dearest.ofAll, BigInt(all) * auditorFeeNano) + blockMax;
  const told = [
    `replay of ${rows} rows from ${firstBlockStart}`,
    `log ${digest.slice(0, 16)}`,
    `--disagree ${options.disagree / 1_000_000}`,
    ...(options.deposit === undefined ? [] : [`--deposit ${options.deposit}`]),
  ];
  return {
    schemaVersion: 4,
    origin: told.join(' '),
    seed: options.seed,
    participants: [
      { name: 'advertiser', role: 'dsp' },
      ...exchanges.map((exchange) => ({ name: `exchange-${exchange}`, role: 'ssp' as const })),
      { name: 'auditor', role: 'auditor' },
    ],
    currency: 'CNY',
    depositNano: String(deposit ?? most(depositNanoMin, needed)),
    blockMaxNano: String(blockMax),
    auditorFeeNano: String(auditorFeeNano),
    priceNanoMax: String(priceNanoMax),
    // A record stands twice where a repetition is injected; a batch has a header beside its records.
    authorBytesMax: Math.max(authorBytesMin, rowsOfDay * 2 * 65),
    firstBlockStart,
    blockDuration: 86_400,
    blocksMax: Math.max(64, days.length),
    collectionGrace: 600,
    collationPeriod: 3_600,
    processingPeriod: 3_600,
    challengePeriod: 3_600,
  };
}

function most(...amounts: readonly bigint[]): bigint {
  let high = 0n;
  for (const one of amounts) if (one > high) high = one;
  return high;
}
