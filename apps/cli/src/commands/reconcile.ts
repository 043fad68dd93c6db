/** `papyrus reconcile`: where do two logs differ, and what does it cost? */
import { writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { packageVersion } from '#environment/built-file';
import { makeFolders } from '#environment/make-folders';
import type { LogInputs } from '../reconcile/log-input.js';
import { pageOf } from '../reconcile/page.js';
import type { PolicyOptions } from '../reconcile/policy.js';
import { type ReconcileOptions, reconcileLogs } from '../reconcile/reconcile-logs.js';
import { printExplained, printReconciliation } from '../reconcile/reconcile-tables.js';
import { resultOf } from '../reconcile/result.js';
import { checkOut, refuseInput, writeDifferences } from '../reconcile/write-differences.js';
import { CommandRefused, type ExitCode, exitCode, onFile } from '../report/command-refused.js';
import type { Output } from '../report/output.js';
import { openProgress } from '../report/progress.js';

export interface ReconcileCommandOptions extends PolicyOptions {
  readonly explain?: string;
  readonly currency?: string;
  readonly limit: number;
  readonly out?: string;
  readonly rows: 'differences' | 'all';
  readonly page?: string;
  readonly threads?: number;
  readonly memory: number;
  readonly temp?: string;
  readonly quiet?: boolean;
}

export async function runReconcile(
  inputs: LogInputs,
  options: ReconcileCommandOptions,
  output: Output,
): Promise<ExitCode> {
  const roles = new Set(inputs.logs.map((log) => log.role));
  if (!roles.has('ssp') || !roles.has('dsp')) {
    throw new CommandRefused(
      'usage',
      'name a log of the seller (--ssp) and one of the buyer (--dsp): --help',
    );
  }
  const { out, page, explain } = options;
  if (out !== undefined) checkOut(out, inputs.logs);
  if (page !== undefined) refuseInput(page, inputs.logs);
  const found = await reconcileLogs(inputs.logs, reconcileOptions(options, output), async (parts) => {
    if (out !== undefined) writeDifferences(out, parts);
  });
  if (page !== undefined) {
    onFile(page, () => {
      makeFolders(dirname(page));
      writeFileSync(page, pageOf(found, packageVersion()));
    });
  }
  if (explain !== undefined && found.explained?.statements.length === 0) {
    throw new CommandRefused('id-not-in-logs', `no usable row of any log has the id ${explain}`);
  }
  if (explain === undefined) printReconciliation(found, output);
  else printExplained(explain, found, output);
  for (const path of [out, page]) if (path !== undefined) output.line(`Written: ${path}`);
  output.result(resultOf(found, explain));
  return exitCode.ok;
}

function reconcileOptions(options: ReconcileCommandOptions, output: Output): ReconcileOptions {
  const { explain, currency, limit, out, page, rows, threads, memory, temp, quiet } = options;
  return {
    policy: options,
    discrepancyLimitPpm: limit,
    explain,
    currency,
    lists: out !== undefined ? rows : page !== undefined ? 'largest' : 'none',
    threads,
    memoryMebibytes: memory,
    temporaryFolder: temp,
    progress: openProgress({ isQuiet: quiet === true || output.isJson, stages: ['read'] }),
  };
}
