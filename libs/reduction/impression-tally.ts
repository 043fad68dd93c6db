/** Counts for the block report, gathered without an object an impression and added up over buckets and
 *  threads. */
import { impressionReasons, limits } from '#protocol';

/** Per reason: impressions, nano high, nano low; then contradictory and flooding counts by author. Integers
 *  below 2^53. */
const perReason = 3;
const contradictoryAt = impressionReasons.length * perReason;
const floodingAt = contradictoryAt + limits.participantsMax;
const tallyLength = floodingAt + limits.participantsMax;

const two32 = 2 ** 32;

export class ImpressionTally {
  readonly counts: Float64Array;

  constructor(counts: Float64Array = new Float64Array(tallyLength)) {
    this.counts = counts;
  }

  /** One impression and seller with this reason (its index) and amount. */
  note(reason: number, nanoHigh: number, nanoLow: number): void {
    const at = reason * perReason;
    const low = this.counts[at + 2] + nanoLow;
    const carry = low >= two32 ? 1 : 0;
    this.counts[at] += 1;
    this.counts[at + 1] += nanoHigh + carry;
    this.counts[at + 2] = low - carry * two32;
  }

  noteContradictory(author: number): void {
    this.counts[contradictoryAt + author] += 1;
  }

  noteFlooding(author: number): void {
    this.counts[floodingAt + author] += 1;
  }

  add(other: Float64Array): void {
    for (let at = 0; at < tallyLength; at++) this.counts[at] += other[at];
    for (let at = 2; at < contradictoryAt; at += perReason) {
      const carry = Math.floor(this.counts[at] / two32);
      this.counts[at - 1] += carry;
      this.counts[at] -= carry * two32;
    }
  }

  /** What the report shows; zero counts are left out. */
  report(): {
    readonly reasons: Record<string, readonly [bigint, bigint]>;
    readonly contradictory: readonly (readonly [number, bigint])[];
    readonly flooding: readonly (readonly [number, bigint])[];
  } {
    const reasons: Record<string, readonly [bigint, bigint]> = {};
    for (const [index, reason] of impressionReasons.entries()) {
      const [impressions, high, low] = this.counts.subarray(index * perReason, (index + 1) * perReason);
      if (impressions > 0) reasons[reason] = [BigInt(impressions), (BigInt(high) << 32n) + BigInt(low)];
    }
    const byAuthor = (from: number): (readonly [number, bigint])[] =>
      Array.from(
        { length: limits.participantsMax },
        (_, author) => [author, BigInt(this.counts[from + author])] as const,
      ).filter(([, count]) => count > 0n);
    return { reasons, contradictory: byAuthor(contradictoryAt), flooding: byAuthor(floodingAt) };
  }
}
