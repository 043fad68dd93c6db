/** What the games of a dispute are decided from: what the chain shows, and what one found oneself. */
import type { Address, Digest } from '#encoding';
import type { BlockSeen, DisputeFacts, Due } from '#protocol';
import type { PartView } from './questions-due.js';

/** A block in dispute, or one that was, as of one height. */
export interface DisputeSeen {
  readonly block: BlockSeen;
  readonly dispute: DisputeFacts;
  readonly height: number;
}

/** Who plays, and what it knows. */
export interface Player {
  /** Index in the channel. */
  readonly participant: number;
  /** Its account, lower case: whose bonds it gets back. */
  readonly account: Address;
  /** What the block gives; undefined as long as that is not computed. */
  readonly own: OwnFound | undefined;
  /** Parts that were looked at because results differ in them. */
  readonly views: readonly PartView[];
  /** Published rows that decrypt to what was published, as `part/row`. */
  readonly compared: ReadonlySet<string>;
}

export interface OwnFound {
  readonly outputHash: Digest;
  /** The parts that it counts, as a bit for each. */
  readonly validParts: number;
}

/** Something of one game; games run side by side, and one has one task at a time. */
export interface InGame {
  readonly game: string;
  readonly due: Due<'dispute'>;
}

export function countsPart({ validParts }: OwnFound, part: number): boolean {
  return ((validParts >> part) & 1) === 1;
}

/** Due at once for whose word it is; others leave it half of answerPeriod first. */
export function dueAfterOthers(
  { block }: DisputeSeen,
  untilSeconds: number,
  isFirst: boolean,
): Due<'dispute'> {
  const fromSeconds = untilSeconds - Math.floor(block.terms.answerPeriod / 2);
  return isFirst || block.nowSeconds >= fromSeconds
    ? { due: 'dispute', untilSeconds }
    : { waitsFor: 'answer-of-others', untilSeconds: fromSeconds };
}
