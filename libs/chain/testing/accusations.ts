/** Accusations of trees, as tests of what every chain promises, played by the pure rules on both sides. */
import { expect, it } from '@jest/globals';
import { accusedMove, accuserMove, type AccusedMove, type AccuserMove } from '#dispute';
import type { GameLeaf } from '#dispute/testing/game-block';
import { type AccusationFacts, type AccusationId, bondWei, validatorSlots } from '#protocol';
import type { DrivenChain } from '../chain.js';
import type { DisputeActs } from '../dispute-acts.js';
import { done, refused } from './answers.js';
import { DisputedBlock } from './disputed-block.js';
import { periods } from './example-channel.js';
import { take } from './take-move.js';

const payer = 0;
const seller = 1;
/** Openings on the way to a leaf: of the root, of a node below it, of the leaf. */
const impressions = 300;

export function accusesTrees(chain: () => DrivenChain): void {
  it('lets a result fall whose poster cannot open what it invented', async () => {
    const lie = (leaves: readonly GameLeaf[]) =>
      leaves.with(77, {
        ...leaves[77],
        amounts: leaves[77].amounts.map((one, at) => one + (at < 2 ? 5n : 0n)),
      });
    const block = await DisputedBlock.begin(chain(), { name: 'invented', impressions, lie });
    const id = await accuse(block, payer, 1);
    const moves = await play(block, id);
    expect(moves).toEqual(['open-node', 'name-entry', 'open-node', 'name-entry']);
    const before = await block.weiOf(payer);
    expect(refused(await block.acts[2].timeOut(id))).toBe('turn-not-over');
    await block.pass(periods.answerPeriod);
    done(await block.acts[2].timeOut(id));
    await hasFallen(block, id);
    // The accuser has its bond back, and half of the liar's.
    const after = await block.weiOf(payer);
    expect(after.freeWei - before.freeWei).toBe(bondWei.accusation + bondWei.ownResult / 2n);
  });

  it('lets a result fall that lacks a record, as soon as that is shown', async () => {
    const block = await DisputedBlock.begin(chain(), {
      ...{ name: 'omitted', impressions },
      lie: (leaves) => leaves.toSpliced(200, 1),
    });
    const id = await accuse(block, payer, 1);
    const moves = await play(block, id);
    expect(moves).toEqual([
      ...['open-node', 'name-entry', 'open-node', 'name-entry', 'open-leaf', 'show-omitted'],
    ]);
    await hasFallen(block, id);
  });

  it('lets a record that nobody signed be doubted, and a true one be placed', async () => {
    const block = await DisputedBlock.begin(chain(), {
      ...{ name: 'doubted', impressions: 3 },
      lie: (leaves) => leaves.toSpliced(2, 1),
    });
    const id = await accuse(block, payer, 1);
    const { acts, game, forged } = block;
    for (const name of [0, 1]) {
      const seen = await seenIn(block, id);
      if (name > 0) {
        const move = game.held.made(accuserMove(game.terms, game.held.own, seen));
        done(await take(acts[payer], id, move));
      }
      done(await take(acts[seller], id, forged.answers(await seenIn(block, id))[0]));
    }
    // The accuser doubts what is true, and pays for it.
    done(await acts[payer].doubtRecord(id, 0));
    const doubted = await seenIn(block, id);
    expect([doubted.turn, doubted.doubted, doubted.untilSeconds !== undefined]).toEqual(['placing', 0, true]);
    done(await take(acts[seller], id, forged.answers(doubted)[0]));
    const { end } = await seenIn(block, id);
    expect(end).toEqual({ outcome: 'failed', to: acts[seller].address });
  });

  it('lets an accusation fail that says nothing, and gives a bond back where the result fell otherwise', async () => {
    const block = await DisputedBlock.begin(chain(), {
      ...{ name: 'silent', impressions: 5 },
      lie: (leaves) => leaves.slice(1),
    });
    const { acts, game } = block;
    const false_ = await accuse(block, seller, 0);
    const own = game.held.made(accusedMove(game.terms, game.held.own, await seenIn(block, false_)));
    done(await take(acts[2], false_, own));
    expect(await seenIn(block, false_)).toMatchObject({ turn: 'accuser', answerer: acts[2].address });
    expect(refused(await acts[2].release(false_))).toBe('result-standing');
    expect(refused(await acts[payer].doubtRecord(false_, 0))).toBe('not-accuser');
    const validator = chain().disputeActs(block.channel.participants[payer].validatorKey);
    const { id, results } = block;
    expect(refused(await acts[payer].accuse(id, 1, results[0].result, payer))).toBe('output-hash-mismatch');
    done(await acts[payer].accuse(id, 1, results[1].result, payer));
    expect(refused(await acts[payer].accuse(id, 1, results[1].result, payer))).toBe('already-accused');
    done(await validator.accuse(id, 1, results[1].result, payer));
    await block.pass(periods.answerPeriod);
    done(await acts[payer].timeOut(false_));
    const byPayer = { ...id, resultIndex: 1, slot: payer };
    done(await validator.timeOut({ ...byPayer, slot: validatorSlots }));
    const { accusations } = await block.facts();
    expect(accusations.map(({ slot, turn, end }) => [slot, turn, end?.outcome])).toEqual([
      [seller, 'over', 'failed'],
      [payer, 'over', 'returned'],
      [validatorSlots, 'over', 'upheld'],
    ]);
    expect(refused(await acts[payer].timeOut(byPayer))).toBe('wrong-turn');
  });
}

async function accuse(block: DisputedBlock, by: number, resultIndex: number): Promise<AccusationId> {
  done(await block.acts[by].accuse(block.id, resultIndex, block.results[resultIndex].result, by));
  return { ...block.id, resultIndex, slot: by };
}

/** Both sides say what they have to say; the names of their moves until one is silent or it is over. */
async function play(block: DisputedBlock, id: AccusationId): Promise<string[]> {
  const { acts, game, forged } = block;
  const moves: string[] = [];
  for (;;) {
    const seen = await seenIn(block, id);
    if (seen.turn === 'over') return moves;
    const isAccusers = seen.turn === 'accuser';
    const tries = isAccusers
      ? [game.held.made(accuserMove(game.terms, game.held.own, seen))]
      : forged.answers(seen);
    const taken = await firstTaken(acts[isAccusers ? payer : seller], id, tries);
    if (taken === undefined) return moves;
    moves.push(taken);
  }
}

async function firstTaken(
  acts: DisputeActs,
  id: AccusationId,
  moves: readonly (AccuserMove | AccusedMove)[],
): Promise<string | undefined> {
  for (const move of moves) if ((await take(acts, id, move)).ok) return move.move;
  return undefined;
}

async function seenIn(block: DisputedBlock, id: AccusationId): Promise<AccusationFacts> {
  const { accusations } = await block.facts();
  const seen = accusations.find(
    ({ resultIndex, slot }) => resultIndex === id.resultIndex && slot === id.slot,
  );
  if (seen === undefined) throw new Error('the chain shows no such accusation');
  return seen;
}

async function hasFallen(block: DisputedBlock, id: AccusationId): Promise<void> {
  const { end } = await seenIn(block, id);
  expect(end).toEqual({ outcome: 'upheld', to: block.acts[payer].address });
  const { results } = await block.blockFacts();
  expect(results.map(({ isGone }) => isGone)).toEqual([false, true]);
}
