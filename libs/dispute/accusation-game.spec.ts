/**
 * Games over a result's tree, by the rules of the chain: whoever lies falls, whatever the lie and however
 * well it is answered, and whoever accuses a true result gains nothing.
 */
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { sha256 } from '#crypto';
import { concatBytes } from '#encoding';
import { type AccusedResult, encodeRecord, recordAt, recordFlag, recordKind } from '#protocol';
import { encodeParameters, type RtbImpressionParameters } from '#reduction';
import { scenarioArbitrary } from '../../test/reference/arbitraries.js';
import type { ReducerParameters } from '../../test/reference/reduce-impression.js';
import type { AccusationSeen } from './accusation.js';
import { type AccusedMove, accusedMove } from './accused-move.js';
import { type AccuserMove, accuserMove, isSameTree } from './accuser-move.js';
import { entryBytesOf, entryHashOf, SumTree } from './sum-tree.js';
import { EndlessTree, ForgedTree } from './testing/forged-tree.js';
import { type GameBlock, type GameLeaf, gameBlock, leavesOf } from './testing/game-block.js';
import { TreeReferee } from './testing/tree-referee.js';
import { openingOf, openingsMax } from './tree-shape.js';

/** A seeded choice: `pick(n)` below n. */
type Pick = (below: number) => number;

function picker(seed: number): Pick {
  let state = seed >>> 0;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

/** Small blocks with everything that records may say, and the same under many more keys. */
const block: fc.Arbitrary<GameBlock> = scenarioArbitrary.chain(({ roles, parameters, records }) =>
  fc
    .record({
      copies: fc.oneof(
        { weight: 5, arbitrary: fc.constant(1) },
        { weight: 3, arbitrary: fc.integer({ min: 2, max: 60 }) },
        { weight: 1, arbitrary: fc.integer({ min: 100, max: 400 }) },
      ),
      seed: fc.integer(),
      counted: fc.integer({ min: 1, max: 2 ** roles.length - 1 }),
    })
    .map(({ copies, seed, counted }) => {
      const pick = picker(seed);
      const most = Math.ceil(9_000 / records.length);
      const of =
        copies === 1 ? records : records.flatMap((record) => copiesOf(record, Math.min(copies, most)));
      const terms = {
        ...{ roles, reducer: 'rtb-impression/1' },
        parameters: encodeParameters(decoded(parameters)),
      };
      const spread = of.map(() => pick(2 ** roles.length));
      const game = gameBlock({ terms, records: of, spread, counted });
      // Its seed is printed, and that is enough.
      return { ...game, [fc.toStringMethod]: () => `${game.leaves.length} impressions` };
    }),
);

function decoded(parameters: ReducerParameters): RtbImpressionParameters {
  const { requireViewable, auditorFeeNano, ...others } = parameters;
  return { ...others, requireViewable: Boolean(requireViewable), auditorFeeNano: BigInt(auditorFeeNano) };
}

/** The record under so many keys, at a price so low that the sums of all stay what opening allows. */
function copiesOf(record: Uint8Array, copies: number): Uint8Array[] {
  return Array.from({ length: copies }, (_, copy) => {
    const out = record.slice();
    const digest = sha256(concatBytes(Uint8Array.of(copy & 255, copy >> 8), keyOf(record)));
    if (copy > 0) out.set(digest.subarray(0, 4), recordAt.impressionKey);
    return out.fill(0, recordAt.priceNano + 5, recordAt.priceNano + 8);
  });
}

function keyOf(record: Uint8Array): Uint8Array {
  return record.slice(recordAt.impressionKey, recordAt.impressionKey + 16);
}

type Lie = (game: GameBlock, leaves: readonly GameLeaf[], pick: Pick) => readonly GameLeaf[];

function withLeaf(leaves: readonly GameLeaf[], pick: Pick, change: (leaf: GameLeaf) => GameLeaf): GameLeaf[] {
  if (leaves.length === 0) return [];
  const at = pick(leaves.length);
  return leaves.toSpliced(at, 1, change(leaves[at]));
}

/** The leaf of these records as the reducer has it: it can be opened. */
function reduced({ terms }: GameBlock, leaf: GameLeaf, records: readonly Uint8Array[]): GameLeaf {
  return leavesOf(terms, records)[0] ?? { ...leaf, records };
}

/** A win of the first seller for the payer that nobody signed; its key and price as told. */
function forgedWins({ terms }: GameBlock, key: Uint8Array, priceNano: bigint): Uint8Array[] {
  const seller = terms.roles.findIndex((role) => role === 3 || role === 4);
  return [0, seller].map((author) =>
    encodeRecord({
      ...{ kind: recordKind.win, author, counterparty: author === 0 ? seller : 0, flags: 0 },
      ...{ timestampMs: 5n, impressionKey: key, priceNano },
      ...{ campaign: new Uint8Array(8), placement: new Uint8Array(8), reference: new Uint8Array(8).fill(9) },
    }),
  );
}

const lies: Readonly<Record<string, Lie>> = {
  'alters what a leaf pays': (_, leaves, pick) =>
    withLeaf(leaves, pick, (leaf) => ({
      ...leaf,
      amounts: leaf.amounts.map((one, at) => (at < 2 ? one + 5n : one)),
    })),
  'omits the first leaf': (_, leaves) => leaves.slice(1),
  'omits a leaf': (_, leaves, pick) => leaves.toSpliced(pick(leaves.length), 1),
  'omits the last leaf': (_, leaves) => leaves.slice(0, -1),
  'omits the second half': (_, leaves) => leaves.slice(0, leaves.length >> 1),
  'invents an impression': (game, leaves, pick) => {
    const key = sha256(Uint8Array.of(pick(256))).slice(0, 16);
    const [leaf] = leavesOf(game.terms, forgedWins(game, key, 7n));
    return [...leaves, leaf].sort((a, b) => Buffer.compare(a.key, b.key));
  },
  'invents a last impression': (game, leaves) => {
    const [leaf] = leavesOf(game.terms, forgedWins(game, new Uint8Array(16).fill(255), 7n));
    return [...leaves, leaf];
  },
  'pads with copies of a leaf': (_, leaves, pick) => [
    ...leaves,
    ...Array.from({ length: 1 + pick(700) }, () => leaves[pick(leaves.length)]).filter(
      (one) => one !== undefined,
    ),
  ],
  'repeats a leaf': (_, leaves, pick) => withSecond(leaves, pick),
  'drops a record': (game, leaves, pick) =>
    withLeaf(leaves, pick, (leaf) => {
      const records = leaf.records.toSpliced(pick(leaf.records.length), 1);
      return reduced(game, leaf, records);
    }),
  'adds records that nobody signed': (game, leaves, pick) =>
    withLeaf(leaves, pick, (leaf) =>
      reduced(game, leaf, [...leaf.records, ...forgedWins(game, leaf.key, BigInt(pick(1_000_000)))]),
    ),
  'adds a record of another impression': (_, leaves, pick) =>
    withLeaf(leaves, pick, (leaf) => {
      const other = leaves[pick(leaves.length)];
      return { ...leaf, records: [...leaf.records, ...other.records.slice(0, 1)] };
    }),
  'adds a test record': (_, leaves, pick) =>
    withLeaf(leaves, pick, (leaf) => {
      if (leaf.records.length === 0) return leaf;
      const test = leaf.records[0].slice();
      test[recordAt.flags] |= recordFlag.test;
      return { ...leaf, records: [...leaf.records, test] };
    }),
  'has a leaf without records': (_, leaves, pick) =>
    withLeaf(leaves, pick, (leaf) => ({ ...leaf, records: [] })),
  'counts parts that do not count': ({ leavesOfAll }) => leavesOfAll,
  'swaps two leaves': (_, leaves, pick) => {
    if (leaves.length < 2) return leaves;
    const at = pick(leaves.length - 1);
    return leaves.toSpliced(at, 2, leaves[at + 1], leaves[at]);
  },
  'swaps two records': (_, leaves, pick) =>
    withLeaf(leaves, pick, (leaf) => ({ ...leaf, records: leaf.records.toReversed() })),
  'moves what leaves pay': (_, leaves, pick) => {
    if (leaves.length < 2) return leaves;
    const at = pick(leaves.length - 1);
    const [one, other] = leaves.slice(at, at + 2);
    return leaves.toSpliced(at, 2, { ...one, amounts: other.amounts }, { ...other, amounts: one.amounts });
  },
  'says that there is nothing': () => [],
};

function withSecond(leaves: readonly GameLeaf[], pick: Pick): readonly GameLeaf[] {
  if (leaves.length === 0) return leaves;
  const at = pick(leaves.length);
  return leaves.toSpliced(at, 0, leaves[at]);
}

interface Ended {
  readonly outcome: string;
  readonly acts: number;
  readonly reasons: readonly string[];
}

/** Tries one move after the other until one is taken. */
function isTaken(
  referee: TreeReferee,
  number: number,
  moves: readonly (AccusedMove | AccuserMove)[],
): boolean {
  return moves.some((move) => referee.take(number, move) === undefined);
}

/**
 * Plays to the end. An honest accuser's moves are always taken; who has no answer that is taken times out.
 */
function play(
  game: GameBlock,
  referee: TreeReferee,
  number: number,
  answers: (seen: AccusationSeen) => readonly AccusedMove[],
): Ended {
  const reasons: string[] = [];
  for (;;) {
    const seen = referee.seen(number);
    if (seen.turn === 'over') return { ...referee.outcomeOf(number), reasons };
    if (seen.turn === 'opening' || seen.turn === 'placing') {
      if (!isTaken(referee, number, answers(seen))) referee.timeOut(number);
      continue;
    }
    const { held, terms } = game;
    const move: AccuserMove = held.made(accuserMove(terms, held.own, seen));
    reasons.push('reason' in move ? move.reason : '');
    const refusal = referee.take(number, move);
    if (refusal !== undefined) throw new Error(`${move.move} (${reasons.at(-1)}) is refused: ${refusal}`);
  }
}

function expectFall(game: GameBlock, forged: ForgedTree, result: AccusedResult, seed: number): void {
  const referee = new TreeReferee(game, result);
  const first = referee.accuse();
  // Somebody who only wants to disturb has led the way elsewhere before.
  const disturbing = referee.accuse();
  accuseAtRandom(game, referee, disturbing, (seen) => forged.answers(seen), picker(seed));
  const ended = play(game, referee, first, (seen) => forged.answers(seen));
  expect(ended).toMatchObject({ outcome: 'upheld' });
  expect(ended.acts).toBeLessThanOrEqual(2 * openingsMax(result.impressionCount) + 2);
}

/**
 * Names, shows and doubts whatever can be said; what is refused changes nothing. Whether every answer was
 * taken.
 */
function accuseAtRandom(
  game: GameBlock,
  referee: TreeReferee,
  number: number,
  answers: (seen: AccusationSeen) => readonly AccusedMove[],
  pick: Pick,
): boolean {
  for (let act = 0; act < 40; act++) {
    const seen = referee.seen(number);
    if (seen.turn === 'over' || seen.turn === 'placed') return true;
    if (seen.turn === 'opening' || seen.turn === 'placing') {
      if (!isTaken(referee, number, answers(seen))) return false;
      continue;
    }
    isTaken(referee, number, movesAtRandom(game, seen, pick));
  }
  return true;
}

function movesAtRandom({ parts, all, terms }: GameBlock, seen: AccusationSeen, pick: Pick): AccuserMove[] {
  const moves: AccuserMove[] = [];
  const { named, result, leaves } = seen;
  const leaf = leaves.find(({ index }) => index === named.index);
  const part = parts[pick(parts.length)];
  if (part.segments.length > 0) {
    const segment = part.segments[pick(part.segments.length)];
    const shown = all.placeOf(segment.subarray(192, 256));
    if (shown !== undefined) {
      moves.push({ move: 'show-omitted', shown, leaf, reason: 'record-lacking' });
      moves.push({
        move: 'show-omitted',
        shown,
        leaf: leaves[pick(leaves.length)],
        reason: 'record-lacking',
      });
    }
  }
  const node = seen.nodes.find(({ level, index }) => level === named.level && index === named.index);
  if (node !== undefined) {
    const { level, first, count } = openingOf(result.impressionCount, node);
    const at = pick(count);
    const bytes = entryBytesOf(terms.roles.length);
    const entry = node.entries.subarray(at * bytes, (at + 1) * bytes);
    const path = SumTree.ofEntries(terms.roles.length, node.entries).pathOf({ level: 0, index: at });
    const named: AccuserMove = {
      ...{ move: 'name-entry', entry: { level, index: first + at }, path },
      ...{ entryHash: entryHashOf(entry), reason: 'entry-differs' },
    };
    const elsewhere = { level, index: first + ((at + 1) % count) };
    if (count > 1) moves.push({ ...named, entry: elsewhere }, { ...named, entryHash: sha256(entry) });
    moves.push({ ...named, path: path.slice(0, -2) }, named);
  }
  if (leaf !== undefined) {
    const recordIndex = pick(leaf.records.length / 64);
    moves.push({ move: 'doubt-record', recordIndex, reason: 'record-in-no-part' });
  }
  return moves;
}

/** Smaller blocks than the one that failed say no more, and take minutes to find. */
const runs = { numRuns: 12, endOnFailure: true };

describe('a game over a tree', () => {
  it.each(Object.entries(lies))('ends with the fall of whoever %s', (_, lie) => {
    let played = 0;
    fc.assert(
      fc.property(block, fc.integer(), (game, seed) => {
        const leaves = lie(game, game.leaves, picker(seed));
        const forged = new ForgedTree(game.terms.roles.length, leaves, game.all);
        const result = forged.result(game.held.own.validParts);
        fc.pre(!isSameTree(game.held.own.tree, result));
        played += 1;
        expectFall(game, forged, result, seed);
      }),
      runs,
    );
    expect(played).toBe(12);
  });

  it('ends with the fall of whoever tells two lies at once', () => {
    const names = fc.constantFrom(...Object.keys(lies));
    fc.assert(
      fc.property(block, names, names, fc.integer(), (game, one, other, seed) => {
        const pick = picker(seed);
        const leaves = lies[other](game, lies[one](game, game.leaves, pick), pick);
        const forged = new ForgedTree(game.terms.roles.length, leaves, game.all);
        const result = forged.result(game.held.own.validParts);
        fc.pre(!isSameTree(game.held.own.tree, result));
        expectFall(game, forged, result, seed);
      }),
      { ...runs, numRuns: 100 },
    );
  });

  it('ends with the fall of whoever says another number of impressions', () => {
    const counts = fc.constantFrom(-300, -256, -2, -1, 1, 2, 3, 255, 256, 70_000, 2 ** 39);
    fc.assert(
      fc.property(block, counts, fc.integer(), (game, more, seed) => {
        const forged = new ForgedTree(game.terms.roles.length, game.leaves, game.all);
        const count = forged.tree.count + more;
        fc.pre(count >= 0);
        expectFall(game, forged, forged.result(game.held.own.validParts, BigInt(count)), seed);
      }),
      runs,
    );
  });

  it('ends with the fall of whoever opens as many leaves as a block can have', () => {
    let played = 0;
    fc.assert(
      fc.property(block, (game) => {
        const { held, terms } = game;
        const leaf = game.leaves.find(({ amounts }) => amounts.every((one) => one === 0n));
        fc.pre(leaf !== undefined);
        const endless = new EndlessTree(terms.roles.length, leaf as GameLeaf);
        const referee = new TreeReferee(game, endless.result(held.own.validParts));
        const ended = play(game, referee, referee.accuse(), (seen) => [endless.answer(seen)]);
        expect(ended.outcome).toBe('upheld');
        // Six openings are asked for; where all leaves but the first are of one impression, five are taken.
        expect(ended.acts).toBeGreaterThanOrEqual(10);
        expect(ended.acts).toBeLessThanOrEqual(14);
        played += 1;
      }),
      runs,
    );
    expect(played).toBe(12);
  });

  it('never costs a true result anything, whatever is said against it', () => {
    fc.assert(
      fc.property(block, fc.integer(), (game, seed) => {
        const { held, terms } = game;
        const result = trueResult(game);
        const referee = new TreeReferee(game, result);
        const pick = picker(seed);
        const answers = (seen: AccusationSeen) => [held.made(accusedMove(terms, held.own, seen))];
        for (let accuser = 0; accuser < 4; accuser++) {
          const number = referee.accuse();
          expect(accuseAtRandom(game, referee, number, answers, pick)).toBe(true);
          const { turn } = referee.seen(number);
          if (turn !== 'over') referee.timeOut(number);
          expect(referee.outcomeOf(number).outcome).toBe('failed');
        }
      }),
      { ...runs, numRuns: 60 },
    );
  });

  it('is not begun by who has computed the same, nor over other parts', () => {
    fc.assert(
      fc.property(block, (game) => {
        const { held, terms } = game;
        const result = trueResult(game);
        const referee = new TreeReferee(game, result);
        const seen = { ...referee.seen(referee.accuse()), turn: 'accuser' as const };
        const said = (one: AccusationSeen) => held.made(accuserMove(terms, held.own, one));
        expect(said(seen)).toEqual({ move: 'none', reason: 'same-tree' });
        const validParts = result.validParts ^ 1;
        expect(said({ ...seen, result: { ...result, validParts } })).toEqual({
          move: 'none',
          reason: 'other-parts',
        });
        expect(said({ ...seen, turn: 'opening' })).toEqual({ move: 'none', reason: 'other-turn' });
      }),
      runs,
    );
  });
});

describe('whoever answers for a result', () => {
  it('says nothing for one that it has not computed, over other parts, out of turn, or without place', () => {
    fc.assert(
      fc.property(block, (game) => {
        const { held, terms } = game;
        fc.pre(held.own.tree.count > 0);
        const result = trueResult(game);
        const referee = new TreeReferee(game, result);
        const seen = referee.seen(referee.accuse());
        const said = (one: AccusationSeen) => held.made(accusedMove(terms, held.own, one));
        const other = { ...result, settlementRoot: sha256(result.settlementRoot) };
        expect(said({ ...seen, result: other })).toEqual({ move: 'none', reason: 'other-tree' });
        const longer = { ...result, impressionCount: result.impressionCount + 1n };
        expect(said({ ...seen, result: longer })).toEqual({ move: 'none', reason: 'other-tree' });
        const fewer = { ...result, validParts: result.validParts ^ 1 };
        expect(said({ ...seen, result: fewer })).toEqual({ move: 'none', reason: 'other-parts' });
        expect(said({ ...seen, turn: 'accuser' })).toEqual({ move: 'none', reason: 'other-turn' });
        const [record] = forgedWins(game, new Uint8Array(16), 3n);
        const leaf = { index: 0, records: record, leftKey: undefined };
        const named = { level: 0, index: 0 };
        const doubting = { ...seen, ...{ turn: 'placing' as const, leaves: [leaf], named, doubted: 0 } };
        expect(said(doubting)).toEqual({ move: 'none', reason: 'record-nowhere' });
      }),
      runs,
    );
  });
});

function trueResult({ held: { own } }: GameBlock): AccusedResult {
  const { tree, validParts } = own;
  return { settlementRoot: tree.settlementRoot, impressionCount: BigInt(tree.count), validParts };
}
