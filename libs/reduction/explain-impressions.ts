/** Says of each impression of a block what it paid and why, for exports and for people; the rules are the
 *  reducer's own. */
import { hash64Into } from '#crypto';
import { limits } from '#protocol';
import { BucketReduction, type ReducedGroup } from './bucket-reduction.js';
import {
  type MergedRecords,
  mergeOpened,
  type OpenedPart,
  openReducer,
  type ReductionTerms,
} from './reduce-block.js';
import type { ImpressionOutcome } from './reducer.js';
import { hashWords, headWords } from './reduction-row.js';
import { RowRuns } from './row-runs.js';
import { allocateScatter, bucketBitsFor, pagesFor, RowScatter } from './row-scatter.js';

export interface ExplainedImpression {
  /** 16 bytes. */
  readonly impressionKey: Uint8Array;
  /** Distinct records, tests too. */
  readonly records: number;
  /** Of those that count toward the leaf, in their order there, 32 bytes each. */
  readonly keptHashes: readonly Uint8Array[];
  /** A seller whose two prices differ and one stands has `price-differs` and then its outcome. */
  readonly outcomes: readonly ImpressionOutcome[];
  readonly contradictory: readonly number[];
  readonly flooding: readonly number[];
  /** What each participant earns, in nano; entry 0 what the payer owes. */
  readonly amounts: readonly bigint[];
  /** 32 bytes. */
  readonly leaf: Uint8Array;
}

/**
 * The impressions of opened parts, by key. Holds one bucket of them at a time beside the records themselves.
 */
export function explainImpressions(
  terms: ReductionTerms,
  parts: readonly OpenedPart[],
): Generator<ExplainedImpression> {
  return explain(terms, mergeOpened(terms.roles, parts));
}

/** The same of records one after the other, 64 bytes each, in any order. */
export function explainRecords(terms: ReductionTerms, records: Uint8Array): Generator<ExplainedImpression> {
  const count = records.length / limits.recordBytes;
  const bits = bucketBitsFor(count);
  const scatter = new RowScatter(allocateScatter(bits, pagesFor(count, bits)));
  const hashes = new Uint8Array(count * 32);
  hash64Into(records, hashes);
  scatter.add(records, hashes, count, 0);
  scatter.seal();
  return explain(terms, { scatter, bits });
}

function* explain(
  terms: ReductionTerms,
  { scatter, bits }: Pick<MergedRecords, 'scatter' | 'bits'>,
): Generator<ExplainedImpression> {
  const participants = terms.roles.length;
  const reducer = openReducer(terms);
  let found: Omit<ExplainedImpression, 'amounts' | 'leaf'>[] = [];
  const reduction = new BucketReduction(reducer, participants, (group) => {
    found.push({
      impressionKey: keyOf(group),
      records: group.records,
      keptHashes: keptHashesOf(group),
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

function keyOf({ rows: { words }, order, from }: ReducedGroup): Uint8Array {
  return new Uint8Array(words.buffer, order[from] * headWords * 4, 16).slice();
}

function keptHashesOf({ rows: { words }, order, from, kept }: ReducedGroup): Uint8Array[] {
  return Array.from(order.subarray(from, from + kept), (row) =>
    new Uint8Array(words.buffer, (row * headWords + hashWords) * 4, 32).slice(),
  );
}

function membersOf(bits: number): number[] {
  return Array.from({ length: limits.participantsMax }, (_, at) => at).filter((at) => (bits >> at) & 1);
}
