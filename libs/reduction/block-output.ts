/** What reducing a block yields, put together from its buckets in key order. */
import { Sha256Stream } from '#crypto';
import { type Address, fromHex } from '#encoding';
import type { BlockReport } from '#protocol';
import type { BucketOutput } from './bucket-reduction.js';
import { ImpressionTally } from './impression-tally.js';
import type { MergedParts } from './part-merge.js';
import { type SettlementRoot, SettlementTree } from './settlement-tree.js';

export interface BlockOutput extends SettlementRoot {
  /** Bit i: participant i's part counted. */
  readonly validParts: number;
  readonly report: BlockReport;
  /** Of the validator for whom the block was reduced; undefined where none was named. */
  readonly workDigest: Uint8Array | undefined;
}

/** Is handed the leaves of each bucket in key order, as views that the next one overwrites. */
export type LeafVisit = (bucket: BucketOutput) => void;

/** Takes the buckets in key order. */
export class BlockOutputAssembly {
  readonly #tree: SettlementTree;
  readonly #work: Sha256Stream | undefined;
  readonly #tally = new ImpressionTally();
  readonly #visit: LeafVisit | undefined;
  #records = 0;

  constructor(participants: number, validator: Address | undefined, visit?: LeafVisit) {
    this.#visit = visit;
    this.#tree = new SettlementTree(participants);
    this.#work = validator && new Sha256Stream().update(fromHex(validator));
  }

  add(bucket: BucketOutput): void {
    this.#visit?.(bucket);
    this.#work?.update(bucket.recordHashes);
    this.#tree.add(bucket.leaves, bucket.amounts, bucket.groups, bucket.halves);
    this.#records += bucket.records;
  }

  /** Counts of any number of buckets, once each. */
  addTally(counts: Float64Array): void {
    this.#tally.add(counts);
  }

  finish(merged: MergedParts): BlockOutput {
    const root = this.#tree.finish();
    return {
      ...root,
      validParts: merged.validParts,
      report: {
        version: 1,
        ...this.#tally.report(),
        invalidParts: merged.invalidParts,
        records: BigInt(this.#records),
        impressions: BigInt(root.impressionCount),
        sequenceConflicts: merged.sequenceConflicts,
      },
      workDigest: this.#work?.digest(),
    };
  }
}
