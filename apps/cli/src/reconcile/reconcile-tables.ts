/** What a reconciliation found, as tables of 80 columns. */
import { basename } from 'node:path';
import type { ImpressionReason } from '#protocol';
import { formatCount, formatNano, type Output } from '../report/output.js';
import type { Reconciliation } from './reconcile-logs.js';

const meaning: Readonly<Record<ImpressionReason, string>> = {
  matched: 'paid',
  'price-differs': 'two prices, one stands',
  'price-mismatch': 'two prices, none stands',
  'missing-dsp': 'the buyer has no win',
  'missing-ssp': 'the seller has no win',
  'missing-audit': 'no audit',
  'invalid-traffic': 'audited as invalid traffic',
  'not-viewable': 'never in view',
  'audit-only': 'an audit without a win',
};

export function printReconciliation(found: Reconciliation, output: Output): void {
  const { report, currency } = found;
  printLogs(found, output);
  output.line();
  output.line('By reason');
  output.table(
    ['reason', 'what it is', 'impressions', currency],
    report.reasons.map(({ reason, impressions, nano }) => [
      reason,
      meaning[reason],
      formatCount(impressions),
      formatNano(nano),
    ]),
    2,
  );
  printCounterparties(found, output);
}

function printLogs({ logs }: Reconciliation, output: Output): void {
  output.table(
    ['log', 'file', 'rows', 'used', 'left out', 'unusable'],
    logs.map((log) => {
      const unusable = [...log.unusable.values()].reduce((sum, count) => sum + count, 0);
      const counts = [log.rows, log.used, log.leftOut, unusable].map(formatCount);
      return [log.role, basename(log.path), ...counts];
    }),
    2,
  );
}

function printCounterparties({ report, currency }: Reconciliation, output: Output): void {
  output.line();
  output.line(`By counterparty, ${currency}`);
  output.table(
    ['seller', 'impressions', 'differ', '%', 'seller says', 'buyer says', 'paid'],
    report.counterparties.map((one) => [
      one.name,
      formatCount(one.impressions),
      formatCount(one.differing),
      percent(one.differingPpm),
      formatNano(one.sellerNano),
      formatNano(one.buyerNano),
      formatNano(one.earnedNano),
    ]),
  );
}

function percent(ppm: number): string {
  return (ppm / 10_000).toFixed(2);
}

/** The records behind one id, and what came of them. */
export function printExplained(
  id: string,
  { explained, currency, participants }: Reconciliation,
  output: Output,
): void {
  if (explained === undefined) return;
  output.line(`What the logs say of ${id}`);
  output.table(
    ['log', 'file', 'line', 'imp', currency],
    explained.statements.map(({ log, line, imp, head }) => {
      const price = (BigInt(head[5]) << 32n) + BigInt(head[4]);
      return [log.role, basename(log.path), String(line), imp, formatNano(price)];
    }),
    4,
  );
  output.line();
  output.line('What came of it');
  output.table(
    ['imp', 'seller', 'reason', 'seller says', 'buyer says', 'price'],
    explained.pairs.map((pair) => [
      pair.imp,
      pair.seller ?? '',
      pair.reason,
      pair.sellerNano === undefined ? 'nothing' : formatNano(pair.sellerNano),
      pair.buyerNano === undefined ? 'nothing' : formatNano(pair.buyerNano),
      formatNano(pair.nano),
    ]),
    3,
  );
  output.line();
  output.table(
    ['party', `${currency} by these`],
    participants.names.map((name, at) => [name, formatNano(explained.earnedNano[at])]),
  );
}
