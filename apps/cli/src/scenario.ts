/**
 * One run of demo or replay: network up, traffic through the REST interfaces, blocks driven to their end, the
 * result told.
 */
import { join } from 'node:path';
import { type BlockState, drive } from './network/drive.js';
import { invalidSubmissionsPerBlock } from './network/invalid-submissions.js';
import type { NetworkSpec } from './network/network-spec.js';
import { type OpenedBlock, openBlock } from './network/open-block.js';
import type { Network } from './network/open-network.js';
import { resultHashOf } from './network/result-hash.js';
import { RefusalNotes } from './network/refusal-notes.js';
import { type RunOptions, runNetwork } from './network/run-network.js';
import { type TrafficScenario, trafficWorks } from './network/submit-traffic.js';
import { balancesOf } from './report/balances.js';
import { type BlockSummary, summarizeBlock } from './report/block-summary.js';
import { withEarned } from './report/earned.js';
import { type CommandNo, CommandRefused, type ExitCode, exitCode } from './report/command-refused.js';
import { formatCount, formatNano, type Output } from './report/output.js';
import { openProgress, type Progress } from './report/progress.js';
import type { RunResult } from './report/run-result.js';
import { printRun } from './report/run-tables.js';
import { emptyTally, kinds, type Tally } from './traffic/impression.js';
import { PartyLogs } from './traffic/party-logs.js';
import type { BlockPlan } from './traffic/plan-records.js';
import type { Flood } from './traffic/survey-log.js';
import type { UnusableRows } from './traffic/unusable-rows.js';

export interface Scenario extends TrafficScenario {
  /** What runs, for people. */
  readonly title: string;
  readonly spec: NetworkSpec;
  /** Of a log; whole when all traffic was planned. */
  readonly unusable?: UnusableRows;
  /** Days of the blocks, such as 2013-06-06, where a block is a day. */
  readonly days?: readonly string[];
  /** Ids that stand for many records. */
  readonly floods?: readonly Flood[];
}

export const stages = ['submit records', 'post parts', 'reveal results', 'settle blocks'] as const;

/** Exit code 7 when what was found is not what was injected, or a result is not what we reduce ourselves. */
export async function runScenario(
  scenario: Scenario,
  options: RunOptions,
  output: Output,
): Promise<ExitCode> {
  const seconds = new Map<string, number>();
  const spend = (stage: string, ms: number): void => {
    seconds.set(stage, (seconds.get(stage) ?? 0) + ms / 1_000);
  };
  const progress = openProgress({ isQuiet: options.quiet === true || output.isJson, stages });
  try {
    const result = await runNetwork(scenario, options, output, async (network, { folder, setupMs }) => {
      spend('setup', setupMs);
      const notes = new RefusalNotes(join(folder, 'refusals.ndjson'));
      const logs = new PartyLogs(join(folder, 'logs'), scenario.spec);
      const injected = emptyTally();
      const onPlan = (plan: BlockPlan): void => {
        logs.write(plan);
        for (const kind of kinds) injected[kind] += plan.injected[kind];
      };
      const blocks = await driveScenario(network, scenario, notes, { output, progress, spend, onPlan });
      progress.stop();
      return resultOf(network, { ...scenario, injected }, blocks, notes, { spend, seconds });
    });
    return tell({ ...result, dataFolder: options.data ?? null }, output);
  } finally {
    progress.stop();
  }
}

/** Plays the traffic, and drives the blocks to their end. */
export async function driveScenario(
  network: Network,
  scenario: Scenario,
  notes: RefusalNotes,
  told: {
    output: Output;
    progress: Progress;
    spend: (stage: string, ms: number) => void;
    onPlan: (plan: BlockPlan) => void;
  },
): Promise<readonly BlockState[]> {
  const { output, progress } = told;
  const count = scenario.traffic.length;
  const members = network.members.length;
  progress.total(
    stages[0],
    scenario.traffic.reduce((sum, { records }) => sum + records, 0),
  );
  progress.total(stages[1], count * members);
  progress.total(stages[2], count * members);
  progress.total(stages[3], count);
  const works = trafficWorks(network, scenario, notes, {
    accepted: (done) => progress.add(stages[0], done),
    plan: told.onPlan,
  });
  const seen = [0, 0, 0];
  const last = new Map<number, string>();
  return drive(network, {
    channelId: network.channelId,
    blocks: count,
    works,
    onStep: (kind, ms, done) => {
      told.spend(kind, ms);
      if (done > 0) output.event('step', { kind, done });
    },
    onRound: (blocks) => {
      const now = [
        blocks.reduce((sum, { facts }) => sum + facts.parts.length, 0),
        blocks.reduce((sum, { facts }) => sum + facts.seats.filter((seat) => seat.outputHash).length, 0),
        blocks.filter(({ stage }) => stage.stage === 'settled' || stage.stage === 'void').length,
      ];
      for (const [at, value] of now.entries()) {
        if (value > seen[at]) progress.add(stages[at + 1], value - seen[at]);
        seen[at] = value;
      }
      for (const { blockNumber, stage } of blocks) {
        if (last.get(blockNumber) === stage.stage) continue;
        last.set(blockNumber, stage.stage);
        output.event('block', { blockNumber, stage: stage.stage });
      }
    },
  });
}

async function resultOf(
  network: Network,
  scenario: Scenario & { readonly injected: Tally },
  states: readonly BlockState[],
  notes: RefusalNotes,
  timing: { spend: (stage: string, ms: number) => void; seconds: ReadonlyMap<string, number> },
): Promise<Omit<RunResult, 'dataFolder'>> {
  const from = performance.now();
  await network.withdrawAll();
  const found = emptyTally();
  const blocks: BlockSummary[] = [];
  for (const state of states) {
    const opened = await openBlock(network, {
      ...network,
      ...state,
      blockKey: network.blockKey(state.blockNumber),
    });
    requireSameResult(network, state, opened);
    const { summary, found: inBlock } = summarizeBlock(state, opened, network.cidOf);
    for (const kind of kinds) found[kind] += inBlock[kind];
    blocks.push(summary);
  }
  for (const noted of notes.all()) found[noted.kind] += noted.records;
  const injected = { ...scenario.injected };
  if (scenario.hasInvalidSubmissions) injected.invalid = scenario.traffic.length * invalidSubmissionsPerBlock;
  const participants = withEarned(await balancesOf(network), blocks);
  timing.spend('report', performance.now() - from);
  return {
    channels: [{ channelId: network.channelId, currency: network.spec.currency, participants, blocks }],
    days: scenario.days ?? [],
    unusable: scenario.unusable?.list() ?? [],
    unusableCounts: scenario.unusable?.counts() ?? {},
    flooding: scenario.floods ?? [],
    injected,
    found,
    seconds: Object.fromEntries(
      [...timing.seconds].map(([stage, one]) => [stage, Math.round(one * 1_000) / 1_000]),
    ),
  };
}

/**
 * The command line trusts the validators no more than any participant does: it opens and reduces by itself.
 */
function requireSameResult(
  network: Network,
  { blockNumber, stage }: BlockState,
  { output }: OpenedBlock,
): void {
  if (!('standing' in stage)) return;
  const own = resultHashOf(network.channelId, blockNumber, output);
  if (stage.standing.includes(own)) return;
  throw new CommandRefused(
    'result-differs',
    `reducing the parts of block ${blockNumber} gives ${own}, the chain has ${stage.standing.join(' and ')}`,
  );
}

function tell(result: RunResult, output: Output): ExitCode {
  const errors: { code: CommandNo; message: string }[] = [];
  for (const kind of kinds) {
    if (result.injected[kind] !== result.found[kind]) {
      errors.push({
        code: 'found-differs-from-injected',
        message: `${kind}: injected ${formatCount(result.injected[kind])}, found ${formatCount(result.found[kind])}`,
      });
    }
  }
  const differences = errors.map(({ message }) => message);
  const short = shortfalls(result);
  errors.push(...short);
  printRun(result, output);
  for (const message of differences) output.line(`DIFFERENCE ${message}`);
  for (const { message } of short) output.line(`MISSING ${message}`);
  output.result(result, { errors, warnings: [...short, ...floodWarnings(result)] });
  return errors.length === 0 ? exitCode.ok : exitCode.verificationFailed;
}

/** What lines lacked is a debt, and nobody's money yet. */
function shortfalls({ channels }: RunResult): { code: CommandNo; message: string }[] {
  return channels.flatMap(({ currency, participants }) =>
    participants
      .filter(({ missingNano }) => missingNano !== '0')
      .map(({ name, owedNano, paidNano, missingNano }) => {
        const [owed, paid, missing] = [owedNano, paidNano, missingNano].map((one) => formatNano(BigInt(one)));
        const message = `${name} is owed ${owed} ${currency}, ${paid} arrived, its line lacked ${missing}`;
        return { code: 'deposit-exceeded', message };
      }),
  );
}

function floodWarnings({ flooding }: RunResult): { code: string; message: string }[] {
  return flooding.map(({ auctionId, exchange, records }) => {
    const message = `the id ${auctionId} stands for ${formatCount(records)} records of exchange ${exchange}`;
    return { code: 'flooding', message: `${message}: one impression is paid` };
  });
}
