/** `papyrus replay FILE`: a real auction log, settled, a block a day. */

import type { NetworkSpec } from '../network/network-spec.js';
import { CommandRefused, type ExitCode } from '../report/command-refused.js';
import type { Output } from '../report/output.js';
import type { RunOptions } from '../network/run-network.js';
import { runScenario } from '../scenario.js';
import { planBlock } from '../traffic/plan-records.js';
import { LogRefused, type ReadLog, readIpinyou } from '../traffic/read-ipinyou.js';

export interface ReplayOptions extends RunOptions {
  readonly seed: string;
  /** Parts per million. */
  readonly disagree: number;
}

/** 10 CNY an impression: two thousand times what the log's dearest paid. */
const priceNanoMax = 1_000_000_000n;

export async function runReplay(file: string, options: ReplayOptions, output: Output): Promise<ExitCode> {
  const log = await readLog(file);
  const spec = replaySpec(log, options);
  const roster = { names: spec.participants.map((one) => one.name), auditor: spec.participants.length - 1 };
  const plans = Array.from({ length: log.days }, (_, block) => {
    const impressions = log.impressions.filter((one) => one.blockNumber === block);
    return planBlock(block, impressions, roster, { seed: options.seed, disagreePpm: options.disagree });
  });
  const title = `${log.rows} rows · ${log.days} days · exchanges ${log.exchanges.join(', ')}`;
  const scenario = { title, spec, plans, unusable: log.unusable, hasInvalidSubmissions: false };
  return runScenario(scenario, options, output);
}

async function readLog(file: string): Promise<ReadLog> {
  try {
    return await readIpinyou(file, priceNanoMax);
  } catch (error) {
    if (!(error instanceof LogRefused)) throw error;
    throw new CommandRefused(error.code, error.message);
  }
}

function replaySpec(log: ReadLog, options: ReplayOptions): NetworkSpec {
  return {
    schemaVersion: 4,
    origin: `replay of ${log.rows} rows from ${log.firstDayStart} --disagree ${options.disagree / 1_000_000}`,
    seed: options.seed,
    participants: [
      { name: 'advertiser', role: 'dsp' },
      ...log.exchanges.map((exchange) => ({ name: `exchange-${exchange}`, role: 'ssp' as const })),
      { name: 'auditor', role: 'auditor' },
    ],
    currency: 'CNY',
    depositNano: '1000000000000',
    blockMaxNano: '100000000000',
    auditorFeeNano: '1000',
    priceNanoMax: priceNanoMax.toString(),
    firstBlockStart: log.firstDayStart,
    blockDuration: 86_400,
    blocksMax: Math.max(64, log.days),
    collectionGrace: 600,
    collationPeriod: 3_600,
    processingPeriod: 3_600,
    challengePeriod: 3_600,
  };
}
