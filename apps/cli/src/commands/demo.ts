/** `papyrus demo`: a day of seeded traffic, settled. */

import type { NetworkSpec } from '../network/network-spec.js';
import { trafficOf } from '../network/submit-traffic.js';
import type { ExitCode } from '../report/command-refused.js';
import type { Output } from '../report/output.js';
import type { RunOptions } from '../network/run-network.js';
import { runDisputeDemo } from './demo-dispute.js';
import { runScenario } from '../scenario.js';
import { generateImpressions } from '../traffic/generate-impressions.js';
import { planBlock } from '../traffic/plan-records.js';

export interface DemoOptions extends RunOptions {
  readonly seed: string;
  readonly impressions: number;
  readonly sellers: number;
  readonly blocks: number;
  /** `dispute`: of one block a participant reveals a false result. */
  readonly scenario?: 'day' | 'dispute';
}

/** 2026-01-01T00:00:00Z: the demo's chain lives in its own time. */
const firstBlockStart = 1_767_225_600;
const disagreePpm = 100_000;

export async function runDemo(options: DemoOptions, output: Output): Promise<ExitCode> {
  const spec = demoSpec(options);
  const sellers = Array.from({ length: options.sellers }, (_, at) => at + 1);
  const roster = { names: spec.participants.map((one) => one.name), auditor: options.sellers + 1 };
  const traffic = {
    seed: options.seed,
    sellers,
    firstBlockStart,
    blockDuration: spec.blockDuration,
    blocks: options.blocks,
    impressionsPerDay: options.impressions,
  };
  const plans = Array.from({ length: options.blocks }, (_, block) =>
    trafficOf(
      planBlock(block, generateImpressions(traffic, block), roster, { seed: options.seed, disagreePpm }),
    ),
  );
  const hours = options.blocks === 1 ? '1 block of an hour' : `${options.blocks} blocks of an hour`;
  const ssps = options.sellers === 1 ? 'ssp-1' : `ssp-1 to ssp-${options.sellers}`;
  const title = `${hours} · dsp, ${ssps}, auditor · seed ${options.seed}`;
  const scenario = {
    title,
    spec,
    traffic: plans,
    hasInvalidSubmissions: options.scenario !== 'dispute',
  };
  if (options.scenario === 'dispute') return runDisputeDemo(scenario, options, output);
  const code = await runScenario(scenario, options, output);
  sayNext(options, output);
  return code;
}

export function demoSpec(options: DemoOptions): NetworkSpec {
  return {
    schemaVersion: 4,
    origin: `demo${options.scenario === 'dispute' ? ' --scenario dispute' : ''} --impressions ${options.impressions} --sellers ${options.sellers} --blocks ${options.blocks}`,
    seed: options.seed,
    participants: [
      { name: 'dsp', role: 'dsp' },
      ...Array.from({ length: options.sellers }, (_, at) => ({
        name: `ssp-${at + 1}`,
        role: 'ssp' as const,
      })),
      { name: 'auditor', role: 'auditor' },
    ],
    currency: 'EUR',
    depositNano: '1000000000000',
    blockMaxNano: '100000000000',
    auditorFeeNano: '2000',
    priceNanoMax: '1000000000',
    firstBlockStart,
    blockDuration: 3_600,
    blocksMax: 48,
    collectionGrace: 60,
    collationPeriod: 300,
    processingPeriod: 600,
    challengePeriod: 600,
  };
}

function sayNext(options: DemoOptions, output: Output): void {
  output.line();
  output.line('What to try next, each after `npm run -s papyrus --`');
  output.line('  demo --seed 7                   other traffic, the same rules');
  output.line('  demo --scenario dispute         one participant lies, and is found out');
  output.line('  demo --data .data/demo          keep the data, then look into a block:');
  output.line('  block export CHANNEL 0 --data .data/demo --out .data/block-0 --sealed');
  output.line('  replay FILE.tsv.gz --disagree 0 settle a real iPinYou log');
  output.line('  up                              leave a network running');
  if (options.data !== undefined) output.line(`Everything of this run is in ${options.data}`);
}
