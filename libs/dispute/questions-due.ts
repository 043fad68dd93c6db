/** Which parts to question, and how, where results differ in their parts; and what to publish when asked. */
import { rowPlace } from '#proofs';
import type {
  AskedRowFacts,
  HeaderPair,
  PartCommitment,
  PartReason,
  QuestionedPartFacts,
  RowDoubt,
  RowPublication,
} from '#protocol';
import type { HeldPart } from './held-block.js';
import type { PartFinding } from './part-findings.js';

/** A posted part as one sees it oneself: without findings it counts. */
export interface PartView {
  readonly participant: number;
  readonly commitment: PartCommitment;
  readonly findings: readonly PartFinding[];
}

/** What the chain shows of the questions about one part. */
export type QuestionedPart = Pick<QuestionedPartFacts, 'part' | 'isStruck' | 'askedRows' | 'isPanelAsked'>;

export type QuestionMove =
  | (HeaderPair & { readonly move: 'prove-disorder' | 'prove-too-many-rows' })
  | (RowDoubt & { readonly move: 'ask-row'; readonly reason: PartReason })
  | { readonly move: 'ask-panel'; readonly part: number; readonly reason: PanelReason };

/** `came-late`: it is served now, and was left out because it was not. */
export type PanelReason = PartReason | 'came-late';

/**
 * One question at most for each part that one standing result counts, another leaves out, and the own view
 * does not count. `standing`: validParts of the results that stand; `participant`: who would ask; `leftOut`:
 * as a bit for each, parts that a result leaves out for which it stands: a result loses its bond by what
 * nobody asked about who stands for it, also where that came once the result was revealed.
 */
export function questionsDue(
  participant: number,
  standing: readonly number[],
  views: readonly PartView[],
  questioned: readonly QuestionedPart[],
  leftOut = 0,
): QuestionMove[] {
  const counted = standing.reduce((bits, one) => bits | one, 0);
  const common = standing.reduce((bits, one) => bits & one, counted);
  return views.flatMap(({ participant: part, commitment, findings }) => {
    const isInDoubt = (((counted & ~common) >> part) & 1) === 1;
    const asked = questioned.find((one) => one.part === part);
    if (!isInDoubt || asked?.isStruck === true) return [];
    const hasAskedRow = (((asked?.askedRows ?? 0) >> participant) & 1) === 1;
    const isLeftOut = ((leftOut >> part) & 1) === 1;
    // Whether it was served is the question of all that costs least where it is refuted.
    if (findings.length === 0) {
      const isAsked = hasAskedRow || asked?.isPanelAsked === true;
      return isAsked || !isLeftOut ? [] : [{ move: 'ask-panel', part, reason: 'came-late' }];
    }
    const move = moveOf(part, commitment, findings[0]);
    const isAsked =
      (move.move === 'ask-row' && hasAskedRow) || (move.move === 'ask-panel' && asked?.isPanelAsked === true);
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
export type AskedRow = Pick<AskedRowFacts, 'part' | 'rowIndex' | 'isPublished'>;

export type PublicationMove = RowPublication & { readonly move: 'publish' };

/** Of each asked row of a part that one holds and calls good: its opened bytes, once for all who ask. */
export function publicationsDue(asked: readonly AskedRow[], held: readonly HeldPart[]): PublicationMove[] {
  return asked.flatMap(({ part, rowIndex, isPublished }) => {
    const found = held.find(({ participant }) => participant === part);
    if (isPublished || found === undefined) return [];
    const { commitment, rows, segments } = found;
    return [{ move: 'publish', ...publicationOf({ part, commitment }, rows, rowIndex, segments[rowIndex]) }];
  });
}

/** The opened bytes of one row. */
export function publicationOf(
  { part, commitment }: { readonly part: number; readonly commitment: PartCommitment },
  rows: Uint8Array,
  rowIndex: number,
  segment: Uint8Array,
): RowPublication {
  return { part, commitment, row: rowPlace(rows, rowIndex), segment };
}
