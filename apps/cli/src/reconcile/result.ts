/** The result of a reconciliation for programs. */
import { toHex } from '#encoding';
import { impressionKeyOf } from '#protocol';
import { statementAt } from '#reconciliation';
import type { Explained, Reconciliation } from './reconcile-logs.js';

/** So many names are listed, worst first. */
const namesMax = 100;

/** `explainedId` is the id that was asked for. */
export function resultOf(found: Reconciliation, explainedId = ''): unknown {
  const { logs, participants, currency, report, largest, explained } = found;
  return {
    currency,
    participants: participants.names,
    logs: logs.map(({ role, path, mappingText, rows, used, leftOut, withoutTime, unusable, listed }) => ({
      role,
      path,
      mapping: mappingText,
      rows,
      used,
      leftOut,
      withoutTime,
      unusable: Object.fromEntries(unusable),
      unusableRows: listed,
    })),
    report: {
      ...report,
      placements: report.placements.slice(0, namesMax),
      campaigns: report.campaigns.slice(0, namesMax),
    },
    largest,
    explained: explained === undefined ? undefined : explainedOf(explained, found, explainedId),
  };
}

function explainedOf(
  { statements, pairs, earnedNano }: Explained,
  { participants }: Reconciliation,
  id: string,
): unknown {
  return {
    statements: statements.map(({ log, line, imp, head }) => ({
      log: log.role,
      path: log.path,
      line,
      imp,
      priceNano: (BigInt(head[statementAt.priceHigh]) << 32n) + BigInt(head[statementAt.priceLow]),
      flags: head[statementAt.statement] >>> 24,
    })),
    pairs: pairs.map((pair) => ({ ...pair, impressionKey: toHex(impressionKeyOf(id, pair.imp)) })),
    earnedNano: Object.fromEntries(participants.names.map((name, at) => [name, earnedNano[at]])),
  };
}
