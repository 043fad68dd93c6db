/** `papyrus reconcile`: where do two logs differ, and what does it cost? */
import { LogRefused } from '#log-files';
import type { LogInputs } from '../reconcile/log-input.js';
import type { PolicyOptions } from '../reconcile/policy.js';
import { type Reconciliation, reconcileLogs } from '../reconcile/reconcile-logs.js';
import { printExplained, printReconciliation } from '../reconcile/reconcile-tables.js';
import { CommandRefused, type ExitCode, exitCode } from '../report/command-refused.js';
import type { Output } from '../report/output.js';

export interface ReconcileCommandOptions extends PolicyOptions {
  readonly explain?: string;
  readonly limit: number;
}

export async function runReconcile(
  inputs: LogInputs,
  options: ReconcileCommandOptions,
  output: Output,
): Promise<ExitCode> {
  const roles = new Set(inputs.logs.map((log) => log.role));
  if (!roles.has('ssp') || !roles.has('dsp')) {
    throw new CommandRefused('usage', 'name a log of the seller (--ssp) and one of the buyer (--dsp)');
  }
  const found = await reconcile(inputs, options);
  if (options.explain === undefined) printReconciliation(found, output);
  else printExplained(options.explain, found, output);
  output.result({ report: found.report, explained: found.explained });
  return exitCode.ok;
}

async function reconcile(inputs: LogInputs, options: ReconcileCommandOptions): Promise<Reconciliation> {
  const { explain, limit } = options;
  try {
    return await reconcileLogs(inputs.logs, { policy: options, explain, discrepancyLimitPpm: limit });
  } catch (error) {
    if (!(error instanceof LogRefused)) throw error;
    throw new CommandRefused(error.code, error.message);
  }
}
