/**
 * A tree of any leaves, as a liar makes it, and what the liar answers with it: as well as can be answered.
 */
import { merkleRoot, sha256 } from '#crypto';
import { concatBytes } from '#encoding';
import { type AccusedResult, amountsDigest, amountWords } from '#protocol';
import type { AccusationSeen } from '../accusation.js';
import { leafAt } from '../accusation.js';
import type { AccusedMove } from '../accused-move.js';
import type { HeldBlock } from '../held-block.js';
import { eachRecord } from '../impression-records.js';
import { entryHashOf, SumTree } from '../sum-tree.js';
import type { GameLeaf } from './game-block.js';
import { contentOf } from './tree-rules.js';

export class ForgedTree {
  readonly tree: SumTree;
  readonly #leaves: readonly GameLeaf[];
  /** Whatever the liar has of the block, parts that do not count among it. */
  readonly #held: HeldBlock;

  constructor(participants: number, leaves: readonly GameLeaf[], held: HeldBlock) {
    this.#leaves = leaves;
    this.#held = held;
    const entries = leaves.map(({ key, records, amounts }) =>
      concatBytes(contentOf(key, records.length, rootOf(records)), ...amountWords(amounts)),
    );
    this.tree = SumTree.ofEntries(participants, concatBytes(...entries));
  }

  /** The result that claims this tree, of as many leaves as it is said to have. */
  result(validParts: number, impressionCount = BigInt(this.tree.count)): AccusedResult {
    return { settlementRoot: this.tree.settlementRoot, impressionCount, validParts };
  }

  /** What the liar tries, one after the other: what its tree says, then another leaf before a leaf. */
  answers(seen: AccusationSeen): readonly AccusedMove[] {
    const move = this.#answer(seen);
    if (move?.move !== 'open-leaf') return move === undefined ? [] : [move];
    const { left } = move;
    const lower = left && { ...left, impressionKey: new Uint8Array(16) };
    return [move, { ...move, left: lower }, { ...move, left: undefined }];
  }

  #answer(seen: AccusationSeen): AccusedMove | undefined {
    const { named, turn, doubted } = seen;
    if (turn === 'placing') {
      const leaf = leafAt(seen, named.index);
      const placed = this.#held.placeOf(eachRecord(leaf.records)[doubted as number]);
      return placed && { move: 'place-record', leaf, recordIndex: doubted as number, placed };
    }
    if (named.level > this.tree.top.level || named.index >= this.#leaves.length) return undefined;
    if (named.level > 0) return { move: 'open-node', node: named, entries: this.tree.entriesBelow(named) };
    const { index } = named;
    const records = concatBytes(...this.#leaves[index].records);
    if (index === 0) return { move: 'open-leaf', index, records, left: undefined };
    const before = this.#leaves[index - 1];
    const left = {
      ...{ impressionKey: before.key, kept: before.records.length, recordsRoot: rootOf(before.records) },
      ...{ amountsDigest: amountsDigest(before.amounts) },
      path: this.tree.pathOf({ level: 0, index: index - 1 }),
    };
    return { move: 'open-leaf', index, records, left };
  }
}

/** A tree of 2^40 times the same leaf, which pays nothing: a liar can open any node of it. */
export class EndlessTree {
  readonly #leaf: GameLeaf;
  /** What an opening shows of an entry, by its level. */
  readonly #entries: readonly Uint8Array[];

  constructor(participants: number, leaf: GameLeaf) {
    this.#leaf = { ...leaf, amounts: new Array<bigint>(participants).fill(0n) };
    const words = concatBytes(...amountWords(this.#leaf.amounts));
    const entries = [concatBytes(contentOf(leaf.key, leaf.records.length, rootOf(leaf.records)), words)];
    for (let level = 0; level < endlessLevels; level++) {
      const hash = entryHashOf(entries[level]);
      entries.push(concatBytes(sha256(concatBytes(hash, hash)), words));
    }
    this.#entries = entries;
  }

  result(validParts: number): AccusedResult {
    const settlementRoot = entryHashOf(this.#entries[endlessLevels]);
    const impressionCount = 1n << BigInt(endlessLevels);
    return { settlementRoot, impressionCount, validParts };
  }

  answer({ named }: AccusationSeen): AccusedMove {
    const { level, index } = named;
    if (level > 0) {
      const entries = concatBytes(...new Array<Uint8Array>(256).fill(this.#entries[level - 8]));
      return { move: 'open-node', node: named, entries };
    }
    const { key, records, amounts } = this.#leaf;
    const digest = amountsDigest(amounts);
    const path = this.#entries.slice(0, -1).flatMap((entry) => [entryHashOf(entry), digest]);
    const left = {
      impressionKey: key,
      kept: records.length,
      recordsRoot: rootOf(records),
      amountsDigest: digest,
      path,
    };
    return { move: 'open-leaf', index, records: concatBytes(...records), left: index > 0 ? left : undefined };
  }
}

const endlessLevels = 40;

function rootOf(records: readonly Uint8Array[]): Uint8Array {
  return merkleRoot(concatBytes(...records.map(sha256)));
}
