/** Reconciles logs: reads each into statements, numbers the parties, reduces partition after partition. */
import {
  type ExplainedStatement,
  type Explanation,
  explainStatements,
  GroupReduction,
  makeReport,
  numberSellers,
  type Participants,
  partitions,
  type Report,
  rankNames,
  StatementNames,
  StatementOrder,
  StatementPages,
  statementNumbering,
} from '#reconciliation';
import { openReducer } from '#reduction';
import { CommandRefused } from '../report/command-refused.js';
import type { LogInput } from './log-input.js';
import { type PolicyOptions, parametersOf, termsOf } from './policy.js';
import { type ScannedLog, type ScanOptions, scanLog } from './scan-log.js';

export type ReadLog = ScannedLog & Pick<LogInput, 'role'>;

export interface Reconciliation {
  readonly logs: readonly ReadLog[];
  readonly participants: Participants;
  readonly currency: string;
  readonly report: Report;
  /** Of the id that was asked for. */
  readonly explained?: Explained;
}

export interface Explained extends Explanation {
  readonly statements: readonly (ExplainedStatement & { readonly log: ReadLog; readonly line: number })[];
}

export interface ReconcileOptions extends ScanOptions {
  readonly policy: PolicyOptions;
  readonly discrepancyLimitPpm: number;
}

const memoryBytes = 512 << 20;

export async function reconcileLogs(
  inputs: readonly LogInput[],
  options: ReconcileOptions,
): Promise<Reconciliation> {
  const names = new StatementNames();
  const pages = new StatementPages(memoryBytes);
  const logs: ReadLog[] = [];
  for (const input of inputs) {
    const scanned = await scanLog(
      input,
      names,
      (heads, tails, count) => pages.add(heads, tails, count),
      options,
    );
    logs.push({ ...scanned, role: input.role });
  }
  const participants = numberParties(inputs, logs, names);
  const sellers = names.sellers.texts();
  const campaigns = rankNames([names.campaigns.texts()]);
  const placements = rankNames([names.placements.texts()]);
  const statementOf = statementNumbering(participants, sellers);
  const hasAuditor = participants.auditor !== undefined;
  const terms = termsOf(parametersOf(options.policy, hasAuditor), participants);
  const reduction = new GroupReduction(openReducer(terms), participants.roles.length);
  const order = new StatementOrder();
  for (let partition = 0; partition < partitions; partition++) {
    order.clear();
    pages.take(partition, (words, head, tail, rows) =>
      order.add(words, head, tail, rows, statementOf, campaigns.ranks[0], placements.ranks[0]),
    );
    if (order.rows === 0) continue;
    order.sort();
    reduction.reduce(order);
  }
  const ranked = { campaigns: campaigns.names, placements: placements.names };
  const report = makeReport([reduction.totals()], participants, ranked, options.discrepancyLimitPpm);
  const result = { logs, participants, currency: currencyOf(logs), report };
  if (options.explain === undefined) return result;
  const statements = logs.flatMap((log) =>
    log.watched.map(({ head, imp, line }) => {
      const numbered = head.slice();
      numbered[6] = statementOf(numbered[6]);
      return { log, line, imp, head: numbered };
    }),
  );
  const explanation = explainStatements(statements, participants, () => openReducer(terms));
  return { ...result, explained: { ...explanation, statements } };
}

function numberParties(
  inputs: readonly LogInput[],
  logs: Reconciliation['logs'],
  names: StatementNames,
): Participants {
  const hasUnnamed = logs.some(
    (log, at) =>
      log.role !== 'auditor' &&
      log.used > 0 &&
      log.mapping.seller === undefined &&
      inputs[at].seller === undefined,
  );
  const hasAuditor = logs.some((log) => log.role === 'auditor');
  const numbered = numberSellers(names.sellers.texts().slice(1), hasUnnamed, hasAuditor);
  if (!numbered.ok) throw new CommandRefused(numbered.code, numbered.detail);
  return numbered.participants;
}

/** The one currency of all prices. */
function currencyOf(logs: Reconciliation['logs']): string {
  const found = [...new Set(logs.flatMap((log) => log.mapping.price?.currency ?? []))];
  if (found.length > 1) {
    throw new CommandRefused(
      'usage',
      `the logs have prices in ${found.join(' and ')}: convert one of them first`,
    );
  }
  return found[0] ?? 'units';
}
