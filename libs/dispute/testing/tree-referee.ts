/**
 * Accusations of one result as the chain decides them (`TreeRules`), for games that are played in memory:
 * whose turn each is, and how it ends.
 */
import { equalBytes } from '#encoding';
import type { AccusationTurn, AccusedResult, EntryPosition, OpenedLeaf } from '#protocol';
import type { AccusationSeen } from '../accusation.js';
import type { AccusedMove } from '../accused-move.js';
import type { AccuserMove } from '../accuser-move.js';
import { eachRecord } from '../impression-records.js';
import { topLevelOf } from '../tree-shape.js';
import { isSameLeaf, type RefereedBlock, TreeRules } from './tree-rules.js';

interface Accusation {
  turn: AccusationTurn;
  named: EntryPosition;
  entryHash: Uint8Array;
  doubted: number | undefined;
  outcome: 'open' | 'upheld' | 'failed';
  acts: number;
}

export class TreeReferee {
  readonly #rules: TreeRules;
  readonly #result: AccusedResult;
  readonly #nodes = new Map<string, Uint8Array>();
  readonly #leaves = new Map<number, OpenedLeaf>();
  readonly #placed = new Set<string>();
  readonly #accusations: Accusation[] = [];

  constructor(block: RefereedBlock, result: AccusedResult) {
    this.#rules = new TreeRules(block, result);
    this.#result = result;
  }

  /** Begins one more accusation; returns its number. */
  accuse(): number {
    const named = { level: topLevelOf(this.#result.impressionCount), index: 0 };
    const entryHash = this.#result.settlementRoot;
    const turn = this.#result.impressionCount === 0n ? 'accuser' : 'opening';
    this.#accusations.push({ turn, named, entryHash, doubted: undefined, outcome: 'open', acts: 0 });
    return this.#accusations.length - 1;
  }

  outcomeOf(number: number): { readonly outcome: Accusation['outcome']; readonly acts: number } {
    return this.#accusations[number];
  }

  seen(number: number): AccusationSeen {
    const { named, doubted } = this.#accusations[number];
    return {
      ...{ result: this.#result, turn: this.#turnOf(number), named, doubted },
      nodes: [...this.#nodes].map(([place, entries]) => {
        const [level, index] = place.split(':').map(Number);
        return { level, index, entries };
      }),
      leaves: [...this.#leaves.values()],
    };
  }

  /** Takes a move of either side, or says why not. */
  take(number: number, move: AccuserMove | AccusedMove): string | undefined {
    const accusation = this.#accusations[number];
    const refusal = this.#refusalOf(accusation, this.#turnOf(number), move);
    if (refusal === undefined) accusation.acts += 1;
    return refusal;
  }

  /** The turn is over. */
  timeOut(number: number): void {
    const turn = this.#turnOf(number);
    if (turn === 'over') throw new Error('it is over');
    this.#end(this.#accusations[number], turn === 'opening' || turn === 'placing' ? 'upheld' : 'failed');
  }

  /** What was opened or placed for another accusation is it for this one. */
  #turnOf(number: number): AccusationTurn {
    const { turn, named, doubted } = this.#accusations[number];
    if (turn === 'opening' && this.#isOpen(named)) return 'accuser';
    if (turn === 'placing' && this.#placed.has(`${named.index}:${doubted}`)) return 'placed';
    return turn;
  }

  #isOpen({ level, index }: EntryPosition): boolean {
    return level > 0 ? this.#nodes.has(`${level}:${index}`) : this.#leaves.has(index);
  }

  #refusalOf(
    accusation: Accusation,
    turn: AccusationTurn,
    move: AccuserMove | AccusedMove,
  ): string | undefined {
    switch (move.move) {
      case 'open-node':
        return turn === 'opening' ? this.#openNode(accusation, move) : 'wrong-turn';
      case 'open-leaf':
        return turn === 'opening' ? this.#openLeaf(accusation, move) : 'wrong-turn';
      case 'place-record':
        return turn === 'placing' ? this.#placeRecord(accusation, move) : 'wrong-turn';
      case 'name-entry':
        return turn === 'accuser' ? this.#nameEntry(accusation, move) : 'wrong-turn';
      case 'show-omitted':
        return turn === 'accuser' ? this.#showOmitted(accusation, move) : 'wrong-turn';
      case 'doubt-record':
        return turn === 'accuser' ? this.#doubtRecord(accusation, move) : 'wrong-turn';
      case 'none':
        return 'none';
    }
  }

  #openNode(accusation: Accusation, { node, entries }: AccusedMove & { move: 'open-node' }) {
    const { named } = accusation;
    if (node.level !== named.level || node.index !== named.index) return 'other-node';
    const refusal = this.#rules.nodeRefusal(accusation, entries);
    if (refusal === undefined) this.#nodes.set(`${named.level}:${named.index}`, entries);
    return refusal;
  }

  #nameEntry(accusation: Accusation, move: AccuserMove & { move: 'name-entry' }) {
    const named = this.#rules.namedBelow(accusation, move);
    if (typeof named === 'string') return named;
    Object.assign(accusation, { named, entryHash: move.entryHash, turn: 'opening' });
    return undefined;
  }

  #openLeaf(accusation: Accusation, move: AccusedMove & { move: 'open-leaf' }) {
    if (move.index !== accusation.named.index) return 'other-leaf';
    const leaf = this.#rules.openedLeaf(accusation, move);
    if (typeof leaf === 'string') return leaf;
    this.#leaves.set(leaf.index, leaf);
    return undefined;
  }

  #showOmitted(accusation: Accusation, move: AccuserMove & { move: 'show-omitted' }) {
    const { named } = accusation;
    const refusal = this.#rules.omissionRefusal(named, this.#leaves.get(named.index), move);
    if (refusal === undefined) this.#end(accusation, 'upheld');
    return refusal;
  }

  #doubtRecord(accusation: Accusation, { recordIndex }: AccuserMove & { move: 'doubt-record' }) {
    const leaf = this.#leaves.get(accusation.named.index);
    if (accusation.named.level > 0 || leaf === undefined) return 'wrong-level';
    if (recordIndex < 0 || recordIndex >= eachRecord(leaf.records).length) return 'record-outside';
    if (this.#placed.has(`${leaf.index}:${recordIndex}`)) return 'record-already-placed';
    Object.assign(accusation, { turn: 'placing', doubted: recordIndex });
    return undefined;
  }

  #placeRecord(accusation: Accusation, { leaf, placed }: AccusedMove & { move: 'place-record' }) {
    const { named, doubted } = accusation;
    const opened = this.#leaves.get(named.index);
    if (opened === undefined || !isSameLeaf(leaf, opened)) return 'leaf-mismatch';
    if (!equalBytes(placed.place.record, eachRecord(leaf.records)[doubted as number]))
      return 'record-mismatch';
    const refusal = this.#rules.placeRefusal(placed);
    if (refusal !== undefined) return refusal;
    this.#placed.add(`${named.index}:${doubted}`);
    this.#end(accusation, 'failed');
    return undefined;
  }

  #end(accusation: Accusation, outcome: 'upheld' | 'failed'): void {
    Object.assign(accusation, { turn: 'over', outcome });
  }
}
