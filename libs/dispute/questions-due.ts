/** Which parts to question, and how, where results differ in their parts; and what to publish when asked. */
import type { PartCommitment, PartReason } from '#protocol';
import { type RowPlace, rowPlace } from '#proofs';
import type { HeldPart } from './held-block.js';
import type { PartFinding, PlacedHeader } from './part-findings.js';

/** A posted part as one sees it oneself: without findings it counts. */
export interface PartView {
  readonly participant: number;
  readonly commitment: PartCommitment;
  readonly findings: readonly PartFinding[];
}

/** What the chain shows of the questions about one part. */
export interface QuestionedPart {
  readonly part: number;
  readonly isStruck: boolean;
  /** Bit i: participant i asked about one of its rows. */
  readonly askedRows: number;
  /** The panel was asked, by whomever: once for everybody. */
  readonly isPanelAsked: boolean;
}

export type QuestionMove =
  | {
      readonly move: 'prove-disorder' | 'prove-too-many-rows';
      readonly part: number;
      readonly commitment: PartCommitment;
      readonly earlier: PlacedHeader;
      readonly later: PlacedHeader;
    }
  | {
      readonly move: 'ask-row';
      readonly part: number;
      readonly commitment: PartCommitment;
      readonly rowIndex: number;
      readonly reason: PartReason;
    }
  | { readonly move: 'ask-panel'; readonly part: number; readonly reason: PartReason };

/**
 * One question at most for each part that one standing result counts, another leaves out, and the own view
 * does not count. `standing`: validParts of the results that stand; `participant`: who would ask.
 */
export function questionsDue(
  participant: number,
  standing: readonly number[],
  views: readonly PartView[],
  questioned: readonly QuestionedPart[],
): QuestionMove[] {
  const counted = standing.reduce((bits, one) => bits | one, 0);
  const common = standing.reduce((bits, one) => bits & one, counted);
  return views.flatMap(({ participant: part, commitment, findings }) => {
    const isInDoubt = (((counted & ~common) >> part) & 1) === 1;
    const asked = questioned.find((one) => one.part === part);
    if (!isInDoubt || findings.length === 0 || asked?.isStruck === true) return [];
    const move = moveOf(part, commitment, findings[0]);
    const isAsked =
      (move.move === 'ask-row' && (((asked?.askedRows ?? 0) >> participant) & 1) === 1) ||
      (move.move === 'ask-panel' && asked?.isPanelAsked === true);
    return isAsked ? [] : [move];
  });
}

function moveOf(part: number, commitment: PartCommitment, finding: PartFinding): QuestionMove {
  switch (finding.fault) {
    case 'disorder':
    case 'too-many-rows': {
      const { fault, earlier, later } = finding;
      return { move: `prove-${fault}`, part, commitment, earlier, later };
    }
    case 'row': {
      const { rowIndex, reason } = finding;
      return { move: 'ask-row', part, commitment, rowIndex, reason };
    }
    case 'not-served':
      return { move: 'ask-panel', part, reason: finding.reason };
  }
}

/** A row that somebody asked about. */
export interface AskedRow {
  readonly part: number;
  readonly rowIndex: number;
  readonly isPublished: boolean;
}

export interface PublicationMove {
  readonly move: 'publish';
  readonly part: number;
  readonly commitment: PartCommitment;
  readonly row: RowPlace;
  /** The opened bytes. */
  readonly segment: Uint8Array;
}

/** Of each asked row of a part that one holds and calls good: its opened bytes, once for all who ask. */
export function publicationsDue(asked: readonly AskedRow[], held: readonly HeldPart[]): PublicationMove[] {
  return asked.flatMap(({ part, rowIndex, isPublished }) => {
    const found = held.find(({ participant }) => participant === part);
    if (isPublished || found === undefined) return [];
    const { commitment, rows, segments } = found;
    return [
      { move: 'publish', part, commitment, row: rowPlace(rows, rowIndex), segment: segments[rowIndex] },
    ];
  });
}
