/** `papyrus demo --scenario dispute`: one participant reveals a false result, the others make it fall. */
import { join } from 'node:path';
import type { Address, Digest } from '#encoding';
import { describeDispute } from '../dispute/describe-dispute.js';
import { type DisputeAct, disputeActs } from '../dispute/dispute-acts.js';
import { type DisputeRun, faultsOf } from '../dispute/dispute-run.js';
import { printDisputeRun } from '../dispute/dispute-run-tables.js';
import { FalseResult } from '../dispute/false-result.js';
import { type BlockState, blockState, type SweepGroup } from '../network/drive.js';
import { Notes } from '../network/notes.js';
import { bondsWei } from '../network/open-channel.js';
import { openBlock } from '../network/open-block.js';
import type { Network } from '../network/open-network.js';
import { RefusalNotes } from '../network/refusal-notes.js';
import { resultHashOf } from '../network/result-hash.js';
import { type RunOptions, runNetwork } from '../network/run-network.js';
import { type CommandNo, type ExitCode, exitCode } from '../report/command-refused.js';
import type { Output } from '../report/output.js';
import { openProgress } from '../report/progress.js';
import { driveScenario, type Scenario, stages } from '../scenario.js';

const blockNumber = 0;
/** A seller. */
const liar = 1;
/** Where what is burnt goes: contracts/src/lib/Bonds.sol. */
const burnt: Address = '0x000000000000000000000000000000000000dead';

export async function runDisputeDemo(
  scenario: Scenario,
  options: RunOptions,
  output: Output,
): Promise<ExitCode> {
  const progress = openProgress({ isQuiet: options.quiet === true || output.isJson, stages });
  try {
    const found = await runNetwork(scenario, options, output, async (network, { folder }) => {
      const refusals = new RefusalNotes(join(folder, 'refusals.ndjson'));
      const acts = new Notes<DisputeAct>(join(folder, 'dispute.ndjson'));
      const driven = { ...network, groups: groupsOf(network, acts, output) };
      await driveScenario(driven, scenario, refusals, {
        ...{ output, progress },
        spend: () => {},
        onPlan: () => {},
      });
      return outcomeOf(network, acts.all());
    });
    return tell({ dataFolder: options.data ?? null, ...found }, output);
  } finally {
    progress.stop();
  }
}

/** The liar neither delegates nor computes: its seat stays empty, and it speaks for itself. */
function groupsOf(network: Network, acts: Notes<DisputeAct>, output: Output): SweepGroup[] {
  const note = (act: DisputeAct): void => {
    if (acts.has(act.id)) return;
    acts.note(act);
    output.event('act', { ...act });
  };
  const onRefused = ({ nowSeconds }: BlockState, leaf: number, code: string): void => {
    const what = `cannot open leaf ${leaf}: ${code}`;
    note({ id: `refused/${leaf}`, atSeconds: nowSeconds, who: [liar], what, bond: null });
  };
  const lie = new FalseResult(network, { participant: liar, blockNumber }, onRefused);
  const watch = async (): Promise<number> => {
    const state = await blockState(network.chain, network.channelId, blockNumber);
    for (const act of disputeActs(state, network.members)) note(act);
    return 0;
  };
  const honest = network.groups.map((group) =>
    group.kind === 'delegate' || group.kind === 'settle'
      ? { ...group, sweepers: group.sweepers.toSpliced(liar, 1) }
      : group,
  );
  const watching = { kind: 'watch', sweepers: [{ sweep: watch }] };
  return [...honest, watching, { kind: 'lie', sweepers: [lie] }, watching];
}

async function outcomeOf(
  network: Network,
  acts: readonly DisputeAct[],
): Promise<Omit<DisputeRun, 'dataFolder'>> {
  const state = await blockState(network.chain, network.channelId, blockNumber);
  const blockKey = network.blockKey(blockNumber);
  const { output } = await openBlock(network, { ...network, ...state, blockKey });
  const nameOf = (index: number): string => network.members[index].name;
  const latest = await network.chain.snapshot({ finality: 'latest' });
  const bonds = network.members.map(async ({ index, secrets }) => {
    const { freeWei, lockedWei } = await latest.weiAccount(secrets.account.address);
    return {
      ...{ participant: index, beforeWei: String(bondsWei), lockedWei: String(lockedWei) },
      afterWei: String(freeWei + lockedWei),
    };
  });
  return {
    ...{ liar, acts, dispute: describeDispute({ ...network, nameOf }, state) },
    settled: settledIn(state) ?? null,
    honest: resultHashOf(network.channelId, blockNumber, output),
    bonds: await Promise.all(bonds),
    burntWei: String((await latest.weiAccount(burnt)).freeWei),
  };
}

function settledIn({ stage }: BlockState): Digest | undefined {
  return stage.stage === 'settled' && stage.standing.length === 1 ? stage.standing[0] : undefined;
}

function tell(run: DisputeRun, output: Output): ExitCode {
  const errors = faultsOf(run).map((message) => {
    const code: CommandNo = 'dispute-ended-otherwise';
    return { code, message };
  });
  printDisputeRun(run, output);
  for (const { message } of errors) output.line(`OTHERWISE ${message}`);
  output.result(run, { errors });
  return errors.length === 0 ? exitCode.ok : exitCode.verificationFailed;
}
