/** Why an accuser says what it says: each ground for itself, in a small block. */
import { describe, expect, it } from '@jest/globals';
import { encodeRecord, recordKind } from '#protocol';
import { defaultParameters, encodeParameters, onMissing } from '#reduction';
import type { AccusationSeen } from './accusation.js';
import { type AccuserMove, accuserMove } from './accuser-move.js';
import { ForgedTree } from './testing/forged-tree.js';
import { type GameBlock, type GameLeaf, gameBlock, leavesOf } from './testing/game-block.js';
import { TreeReferee } from './testing/tree-referee.js';

const parameters = encodeParameters({
  ...defaultParameters,
  onMissingAudit: onMissing.pay,
  requireViewable: false,
});
const terms = { roles: [1, 3], reducer: 'rtb-impression/1', parameters };

const winOf = (impression: number, author: number, priceNano = 7n): Uint8Array =>
  encodeRecord({
    ...{ kind: recordKind.win, author, counterparty: 1 - author, flags: 0, timestampMs: 5n, priceNano },
    impressionKey: Uint8Array.from({ length: 16 }, (_, at) => [impression >> 8, impression & 255][at] ?? 0),
    ...{ campaign: new Uint8Array(8), placement: new Uint8Array(8), reference: new Uint8Array(8) },
  });

/** So many impressions, from the tenth key on, which both parts have. */
function blockOf(impressions: number): GameBlock {
  const records = Array.from({ length: impressions }, (_, at) => [
    winOf(at + 10, 0),
    winOf(at + 10, 1),
  ]).flat();
  return gameBlock({ terms, records, spread: records.map(() => 3), counted: 3 });
}

/** Whatever the accuser says against these leaves, until the liar has no answer or the result falls. */
function reasonsAgainst(game: GameBlock, leaves: readonly GameLeaf[], count = leaves.length): string[] {
  const forged = new ForgedTree(terms.roles.length, leaves, game.all);
  const referee = new TreeReferee(game, forged.result(3, BigInt(count)));
  const number = referee.accuse();
  const reasons: string[] = [];
  for (;;) {
    const seen = referee.seen(number);
    if (seen.turn === 'over') return reasons;
    if (seen.turn !== 'accuser') {
      if (forged.answers(seen).some((move) => referee.take(number, move) === undefined)) continue;
      return reasons;
    }
    const move: AccuserMove = game.held.made(accuserMove(terms, game.held.own, seen));
    if (!('reason' in move)) throw new Error('it has nothing to say');
    reasons.push(move.reason);
    expect(referee.take(number, move)).toBeUndefined();
  }
}

const game = blockOf(6);
const { leaves } = game;
const invented = (key: number) => leavesOf(terms, [winOf(key, 0), winOf(key, 1)])[0];

describe('an accuser', () => {
  it.each<[string, readonly GameLeaf[], readonly string[]]>([
    ['a tree without leaves', [], ['tree-empty']],
    ['the first leaf left out', leaves.slice(1), ['entry-differs', 'impression-before']],
    ['a leaf left out', leaves.toSpliced(2, 1), ['entry-differs', 'impression-before']],
    ['the last leaf left out', leaves.slice(0, -1), ['entry-not-last', 'impression-behind']],
    ['one out of order', leaves.toSpliced(2, 0, invented(200)), ['entry-differs', 'impression-before']],
    ['one behind the last', [...leaves, invented(200)], ['entry-beyond-end', 'impression-in-no-part']],
    [
      'a record left out',
      leaves.with(3, leavesOf(terms, [winOf(13, 0)])[0]),
      ['entry-differs', 'record-lacking'],
    ],
    [
      'a record that nobody signed',
      leaves.with(3, leavesOf(terms, [winOf(13, 0), winOf(13, 1), winOf(13, 1, 3n)])[0]),
      ['entry-differs', 'record-in-no-part'],
    ],
    [
      'another amount',
      leaves.with(3, { ...leaves[3], amounts: leaves[3].amounts.map((one) => one + 1n) }),
      ['entry-differs'],
    ],
  ])('says of %s what is wrong', (_, forged, reasons) => {
    expect(reasonsAgainst(game, forged)).toEqual(reasons);
  });

  it('leads to the end of a tree that says to have more leaves', () => {
    expect(reasonsAgainst(game, leaves, 7)).toEqual([]);
    const more = blockOf(300);
    expect(reasonsAgainst(more, more.leaves.slice(0, 298))).toEqual([
      ...['entry-not-last', 'entry-not-last', 'impression-behind'],
    ]);
    expect(reasonsAgainst(more, [...more.leaves, invented(999)])).toContain('entry-beyond-end');
  });

  it('has nothing to say where nothing differs below what was named, nor at a leaf that is its own', () => {
    const forged = new ForgedTree(terms.roles.length, leaves.toSpliced(5, 1, invented(200)), game.all);
    const result = forged.result(3);
    const { tree } = game.held.own;
    const said = (more: Partial<AccusationSeen>) =>
      game.held.made(
        accuserMove(terms, game.held.own, {
          ...{ result, turn: 'accuser', nodes: [], leaves: [], doubted: undefined },
          ...{ named: tree.top, ...more },
        }),
      );
    const nothing = { move: 'none', reason: 'nothing-differs' };
    expect(said({ nodes: [{ ...tree.top, entries: tree.entriesBelow(tree.top) }] })).toEqual(nothing);
    const records = new Uint8Array(Buffer.concat([...leaves[0].records]));
    const named = { level: 0, index: 0 };
    expect(said({ named, leaves: [{ index: 0, records, leftKey: undefined }] })).toEqual(nothing);
    expect(() => said({})).toThrow('the accuser is to move, and node 0 of 3 is not open');
    expect(() => said({ named })).toThrow('the accusation has passed leaf 0, which is not open');
  });

  it('is no good with another answer than it asked for, or without a record that counts', () => {
    const forged = new ForgedTree(terms.roles.length, [], game.all);
    const seen: AccusationSeen = {
      ...{ result: forged.result(3), turn: 'accuser', nodes: [], leaves: [], doubted: undefined },
      named: { level: 0, index: 0 },
    };
    const steps = () => accuserMove(terms, game.held.own, seen);
    const wrong = steps();
    expect(wrong.next().value).toMatchObject({ wants: 'records' });
    expect(() => wrong.next({ placed: undefined })).toThrow('asked for records, was given a place');
    const records = new Uint8Array(Buffer.concat([...leaves[0].records]));
    for (const [answer, message] of [
      [{ records }, 'asked for a place, was given records'],
      [{ placed: undefined }, 'a record of the parts that count stands in none of them'],
    ] as const) {
      const asked = steps();
      asked.next();
      expect(asked.next({ records }).value).toMatchObject({ wants: 'place' });
      expect(() => asked.next(answer)).toThrow(message);
    }
  });
});
