/** Says of each impression of a block what it paid and why, for exports and for people; the rules are the
 *  reducer's own. */
import { limits } from '#protocol';
import { BucketReduction } from './bucket-reduction.js';
import { mergeOpened, type OpenedPart, openReducer, type ReductionTerms } from './reduce-block.js';
import type { ImpressionOutcome } from './reducer.js';
import { headWords } from './reduction-row.js';
import { RowRuns } from './row-runs.js';

export interface ExplainedImpression {
  /** 16 bytes. */
  readonly impressionKey: Uint8Array;
  /** Distinct records, tests too, and those of them that count toward the leaf. */
  readonly records: number;
  readonly kept: number;
  /** A seller whose two prices differ and one stands has `price-differs` and then its outcome. */
  readonly outcomes: readonly ImpressionOutcome[];
  readonly contradictory: readonly number[];
  readonly flooding: readonly number[];
  /** What each participant earns, in nano; entry 0 what the payer owes. */
  readonly amounts: readonly bigint[];
  /** 32 bytes. */
  readonly leaf: Uint8Array;
}

/** The impressions of opened parts, by key. Holds one bucket of them at a time beside the records
 *  themselves. */
export function* explainImpressions(
  terms: ReductionTerms,
  parts: readonly OpenedPart[],
): Generator<ExplainedImpression> {
  const { scatter, bits } = mergeOpened(terms.roles, parts);
  const participants = terms.roles.length;
  const reducer = openReducer(terms);
  let found: Omit<ExplainedImpression, 'amounts' | 'leaf'>[] = [];
  const reduction = new BucketReduction(reducer, participants, (_, words, row, kept, records) => {
    found.push({
      impressionKey: new Uint8Array(words.buffer, row * headWords * 4, 16).slice(),
      records,
      kept,
      outcomes: reducer.lastOutcomes(),
      contradictory: membersOf(reducer.lastContradictory),
      flooding: membersOf(reducer.lastFlooding),
    });
  });
  const rows = new RowRuns();
  for (let bucket = 0; bucket < scatter.buckets; bucket++) {
    found = [];
    rows.begin(scatter.arena);
    scatter.addRuns(bucket, rows);
    const { leaves, amounts } = reduction.reduce(rows, bits);
    for (const [group, impression] of found.entries()) {
      const at = group * participants;
      yield {
        ...impression,
        amounts: Array.from(
          { length: participants },
          (_, one) => (BigInt(amounts[(at + one) * 2]) << 32n) | BigInt(amounts[(at + one) * 2 + 1]),
        ),
        leaf: leaves.slice(group * 32, group * 32 + 32),
      };
    }
  }
}

function membersOf(bits: number): number[] {
  return Array.from({ length: limits.participantsMax }, (_, at) => at).filter((at) => (bits >> at) & 1);
}
