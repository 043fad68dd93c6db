/** Says of one auction id what each log states about it and what came of it, by the same reduction. */
import { type ImpressionReason, impressionReasons } from '#protocol';
import type { GroupReducer } from '#reduction';
import { nanoAt } from './money-sums.js';
import type { Participants } from './participants.js';
import { GroupReduction } from './reduce-groups.js';
import { StatementOrder } from './statement-order.js';
import { headWords, plainTailWords } from './statement-pages.js';

/**
 * A statement by itself: the words of its head, its participants numbered; `imp` is the id of the
 * impression.
 */
export interface ExplainedStatement {
  readonly head: Uint32Array;
  readonly imp: string;
}

export interface ExplainedPair {
  readonly imp: string;
  /** Undefined where only an auditor speaks. */
  readonly seller: string | undefined;
  readonly reason: ImpressionReason;
  readonly sellerNano: bigint | undefined;
  readonly buyerNano: bigint | undefined;
  /** The price that stands, or the larger of both. */
  readonly nano: bigint;
}

export interface Explanation {
  readonly pairs: readonly ExplainedPair[];
  /** What each participant earns of them, and first what the payer owes. */
  readonly earnedNano: readonly bigint[];
}

/** `openReducer` gives a reducer of its own. */
export function explainStatements(
  statements: readonly ExplainedStatement[],
  participants: Participants,
  openReducer: () => GroupReducer,
): Explanation {
  const order = new StatementOrder(plainTailWords);
  const nothing = new Uint32Array(1);
  for (const { head } of statements) {
    const words = new Uint32Array(headWords + plainTailWords);
    words.set(head);
    order.add(words, 0, headWords, 1, (statement) => statement, nothing, nothing);
  }
  order.sort();
  const impOf = new Map(statements.map(({ head, imp }) => [head.subarray(0, 4).join(), imp]));
  const pairs: ExplainedPair[] = [];
  const reduction = new GroupReduction(
    openReducer(),
    participants.roles.length,
    (pair) => {
      const said = (nano: number): bigint | undefined => (nano < 0 ? undefined : BigInt(nano));
      pairs.push({
        imp: impOf.get(keyAt(order, pair.from))!,
        seller: pair.seller < 0 ? undefined : participants.names[pair.seller],
        reason: impressionReasons[pair.reason],
        sellerNano: said(pair.sellerNano),
        buyerNano: said(pair.buyerNano),
        nano: BigInt(pair.nano),
      });
    },
    true,
  );
  reduction.reduce(order);
  const { earned } = reduction.totals();
  pairs.sort((a, b) => (a.imp < b.imp ? -1 : a.imp > b.imp ? 1 : 0));
  return { pairs, earnedNano: participants.names.map((_, at) => nanoAt(earned, at * 2)) };
}

function keyAt({ heads, order }: StatementOrder, at: number): string {
  return heads.subarray(order[at] * headWords, order[at] * headWords + 4).join();
}
