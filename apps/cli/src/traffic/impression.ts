/** Impressions as a log shows them, and what the parties will say of each. */

/** One row of an auction log: an impression that a seller sold and the payer bought. */
export interface Impression {
  readonly auctionId: string;
  readonly impId: string;
  /** Participant index of the seller. */
  readonly seller: number;
  readonly blockNumber: number;
  readonly timestampMs: number;
  readonly priceNano: bigint;
  readonly campaign: string;
  readonly placement: string;
  /** The line behind the row, 8 bytes of its hash: the `reference` of both wins, and that of the audit. */
  readonly winReference: Uint8Array;
  readonly auditReference: Uint8Array;
  readonly isClicked: boolean;
  /**
   * What an earlier row of the same auction id and seller makes of this one: `repeated` at a price that is
   * known, `contradictory` at the first other one, `repriced` at one more.
   */
  readonly again?: 'repeated' | 'contradictory' | 'repriced';
  /** Other rows have the same auction id and seller. */
  readonly hasOthers: boolean;
}

/** Ways in which the parties' logs differ, one at most an impression. */
export const disagreements = [
  'missing-dsp',
  'missing-ssp',
  'price-differs',
  'contradictory',
  'repeated',
  'late',
  'missing-audit',
  'invalid-traffic',
  'not-viewable',
] as const;
export type Disagreement = (typeof disagreements)[number];

/**
 * What is injected or found, by kind: `matched` and the disagreements count impressions (`late` and
 * `repeated`
 *  records), `invalid` counts submissions that a node must refuse. */
export type Kind = Disagreement | 'matched' | 'invalid';
export const kinds: readonly Kind[] = ['matched', ...disagreements, 'invalid'];
export type Tally = Record<Kind, number>;

export function emptyTally(): Tally {
  return Object.fromEntries(kinds.map((kind) => [kind, 0])) as Tally;
}

/** Whether an impression with this disagreement is still paid. */
export function isPaid(disagreement: Disagreement | undefined): boolean {
  return !['missing-dsp', 'late', 'missing-audit', 'invalid-traffic', 'not-viewable'].includes(
    disagreement ?? 'none',
  );
}
