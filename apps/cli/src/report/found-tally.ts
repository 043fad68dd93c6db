/**
 * What a block shows of the parties' disagreement: from its report, its opened parts and what ingest refused.
 */

import { viewOf } from '#encoding';
import { type BlockReport, type ImpressionReason, limits, recordAt, recordFlag, recordKind } from '#protocol';
import { emptyTally, type Tally } from '../traffic/impression.js';

/** `batches`: every distinct batch of the valid parts. */
export function foundInBlock(report: BlockReport, batches: readonly Uint8Array[]): Tally {
  const tally = emptyTally();
  const count = (reason: ImpressionReason): number => Number(report.reasons[reason]?.[0] ?? 0n);
  tally.matched = count('matched');
  tally['price-differs'] = count('price-differs');
  tally['missing-dsp'] = count('missing-dsp');
  tally['missing-audit'] = count('missing-audit');
  tally['invalid-traffic'] = count('invalid-traffic');
  tally['not-viewable'] = count('not-viewable');
  // A log that repeats an impression at another price makes a contradiction of both sides: one is counted.
  const bySellers = report.contradictory.filter(([author]) => author !== 0);
  tally.contradictory = bySellers.reduce((sum, [, impressions]) => sum + Number(impressions), 0);
  const wins = winsByPair(batches);
  for (const { sellerPrices, sellerWins, payerWins } of wins.values()) {
    if (sellerWins === 0 && payerWins > 0) tally['missing-ssp'] += 1;
    tally.repeated += sellerWins - sellerPrices.size;
  }
  return tally;
}

interface PairWins {
  readonly sellerPrices: Set<bigint>;
  sellerWins: number;
  payerWins: number;
}

/** Wins by (impression, seller); a record that stands twice counts twice. */
function winsByPair(batches: readonly Uint8Array[]): Map<string, PairWins> {
  const pairs = new Map<string, PairWins>();
  for (const batch of batches) {
    const view = viewOf(batch);
    for (let at = limits.batchHeaderBytes; at < batch.length; at += limits.recordBytes) {
      if (batch[at] !== recordKind.win || (batch[at + recordAt.flags] & recordFlag.test) !== 0) continue;
      const author = batch[at + recordAt.author];
      const seller = author === 0 ? batch[at + recordAt.counterparty] : author;
      const key = `${view.getBigUint64(at + 16, true)} ${view.getBigUint64(at + 24, true)} ${seller}`;
      const pair = pairs.get(key) ?? { sellerPrices: new Set(), sellerWins: 0, payerWins: 0 };
      pairs.set(key, pair);
      if (author === 0) {
        pair.payerWins += 1;
      } else {
        pair.sellerWins += 1;
        pair.sellerPrices.add(view.getBigUint64(at + recordAt.priceNano, true));
      }
    }
  }
  return pairs;
}
