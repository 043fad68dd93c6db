/**
 * The rules by which the chain decides an accusation (contracts/src/disputes/Adjudicator.sol), for games that
 * are played in memory: takes what is right, refuses the rest with a word, and knows nothing of the records.
 */
import { merkleRoot, sha256 } from '#crypto';
import { compareBytes, concatBytes, equalBytes, fromHex, toHex } from '#encoding';
import {
  type AccusationTurn,
  type AccusedResult,
  BatchHasher,
  type BlockRules,
  type EntryPosition,
  type OpenedLeaf,
  type PlacedRecord,
  recordFault,
} from '#protocol';
import { checkPlace, leafOf } from '#proofs';
import { explainRecords, type ReductionTerms } from '#reduction';
import type { AccusationSeen } from '../accusation.js';
import type { AccusedMove } from '../accused-move.js';
import type { AccuserMove } from '../accuser-move.js';
import type { HeldPart } from '../held-block.js';
import { eachRecord, keyOfRecord, wouldChange } from '../impression-records.js';
import { entryBytesOf, SumTree } from '../sum-tree.js';
import { madeAt, openingLevelOf, openingOf, topLevelOf, widthOf } from '../tree-shape.js';

export interface RefereedBlock {
  readonly terms: ReductionTerms;
  readonly rules: BlockRules;
  /** Commitments of all posted parts. */
  readonly parts: readonly Pick<HeldPart, 'participant' | 'commitment'>[];
}

interface Accusation {
  turn: AccusationTurn;
  named: EntryPosition;
  entryHash: Uint8Array;
  doubted: number | undefined;
  outcome: 'open' | 'upheld' | 'failed';
  acts: number;
}

export class TreeReferee {
  readonly #block: RefereedBlock;
  readonly #result: AccusedResult;
  readonly #nodes = new Map<string, Uint8Array>();
  readonly #leaves = new Map<number, OpenedLeaf>();
  readonly #placed = new Set<string>();
  readonly #accusations: Accusation[] = [];

  constructor(block: RefereedBlock, result: AccusedResult) {
    this.#block = block;
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
        return turn === 'opening' ? this.#openNode(accusation, move) : 'turn';
      case 'open-leaf':
        return turn === 'opening' ? this.#openLeaf(accusation, move) : 'turn';
      case 'place-record':
        return turn === 'placing' ? this.#placeRecord(accusation, move) : 'turn';
      case 'name-entry':
        return turn === 'accuser' ? this.#nameEntry(accusation, move) : 'turn';
      case 'show-omitted':
        return turn === 'accuser' ? this.#showOmitted(accusation, move) : 'turn';
      case 'doubt-record':
        return turn === 'accuser' ? this.#doubtRecord(accusation, move) : 'turn';
      case 'none':
        return 'none';
    }
  }

  #openNode({ named, entryHash }: Accusation, { node, entries }: AccusedMove & { move: 'open-node' }) {
    if (named.level === 0 || node.level !== named.level || node.index !== named.index) return 'level';
    const { count } = openingOf(this.#result.impressionCount, named);
    const participants = this.#block.terms.roles.length;
    if (entries.length !== count * entryBytesOf(participants)) return 'size';
    if (!hasFittingSums(participants, entries)) return 'amounts';
    const opened = SumTree.ofEntries(participants, entries);
    if (!equalBytes(opened.hashAt(opened.top), entryHash)) return 'entry';
    this.#nodes.set(`${named.level}:${named.index}`, entries);
    return undefined;
  }

  #nameEntry(accusation: Accusation, { entry, entryHash, path }: AccuserMove & { move: 'name-entry' }) {
    const { named } = accusation;
    const leaves = this.#result.impressionCount;
    if (named.level === 0 || entry.level !== openingLevelOf(named.level)) return 'level';
    const { first, count } = openingOf(leaves, named);
    if (entry.index < first || entry.index >= first + count) return 'outside';
    const top = climb(entryHash, leaves, entry, named.level, path);
    if (top === undefined || !equalBytes(top, accusation.entryHash)) return 'path';
    Object.assign(accusation, { named: madeAt(leaves, entry), entryHash, turn: 'opening' });
    return undefined;
  }

  #openLeaf({ named, entryHash }: Accusation, { index, records, left }: AccusedMove & { move: 'open-leaf' }) {
    const { settlementRoot, impressionCount } = this.#result;
    if (named.level > 0 || index !== named.index) return 'level';
    const hash = this.#leafOf(records);
    if (hash === undefined) return 'kept';
    if (!equalBytes(hash, entryHash)) return 'leaf';
    if (index > 0) {
      if (left === undefined) return 'neighbour';
      const content = contentOf(left.impressionKey, left.kept, left.recordsRoot);
      const neighbour = sha256(concatBytes(content, left.amountsDigest));
      const place = { level: 0, index: index - 1 };
      const root = climb(neighbour, impressionCount, place, topLevelOf(impressionCount), left.path);
      if (root === undefined || !equalBytes(root, settlementRoot)) return 'neighbour';
      if (compareBytes(left.impressionKey, keyOfRecord(records)) >= 0) return 'order';
    }
    this.#leaves.set(index, { index, records, leftKey: index > 0 ? left?.impressionKey : undefined });
    return undefined;
  }

  /** Undefined unless the records are what keeping leaves of one impression's. */
  #leafOf(records: Uint8Array): Uint8Array | undefined {
    const { terms, rules } = this.#block;
    if (records.length === 0 || records.length % 64 !== 0) return undefined;
    const each = eachRecord(records);
    if (each.some((one) => recordFault(one, rules) !== undefined)) return undefined;
    const [impression, ...others] = explainRecords(terms, records);
    if (impression === undefined || others.length > 0) return undefined;
    const hashes = each.map((one) => toHex(sha256(one)));
    if (hashes.join() !== impression.keptHashes.map(toHex).join()) return undefined;
    const root = merkleRoot(concatBytes(...each.map(sha256)));
    return leafOf(impression.impressionKey, each.length, root, impression.amounts);
  }

  #showOmitted(accusation: Accusation, { shown, leaf }: AccuserMove & { move: 'show-omitted' }) {
    const refusal = this.#placeRefusal(shown);
    if (refusal !== undefined) return refusal;
    const { named } = accusation;
    const { record } = shown.place;
    if (this.#result.impressionCount > 0n) {
      if (named.level > 0 || leaf === undefined) return 'level';
      if (leaf !== this.#leaves.get(named.index)) return 'leaf';
    }
    const order = leaf === undefined ? -1 : compareBytes(keyOfRecord(record), keyOfRecord(leaf.records));
    if (leaf !== undefined && order !== 0 && !this.#isBeside(leaf, record, order)) return 'key';
    const kept = leaf === undefined || order !== 0 ? new Uint8Array(0) : leaf.records;
    if (recordFault(record, this.#block.rules) !== undefined) return 'record';
    if (!wouldChange(this.#block.terms, kept, record)) return 'change';
    this.#end(accusation, 'upheld');
    return undefined;
  }

  #isBeside({ index, leftKey }: OpenedLeaf, record: Uint8Array, order: number): boolean {
    if (order > 0) return BigInt(index) === this.#result.impressionCount - 1n;
    return leftKey === undefined || compareBytes(keyOfRecord(record), leftKey) > 0;
  }

  #doubtRecord(accusation: Accusation, { recordIndex }: AccuserMove & { move: 'doubt-record' }) {
    const leaf = this.#leaves.get(accusation.named.index);
    if (accusation.named.level > 0 || leaf === undefined) return 'level';
    if (recordIndex < 0 || recordIndex >= leaf.records.length / 64) return 'outside';
    if (this.#placed.has(`${leaf.index}:${recordIndex}`)) return 'placed';
    Object.assign(accusation, { turn: 'placing', doubted: recordIndex });
    return undefined;
  }

  #placeRecord(accusation: Accusation, { leaf, placed }: AccusedMove & { move: 'place-record' }) {
    const { named, doubted } = accusation;
    if (leaf !== this.#leaves.get(named.index)) return 'leaf';
    if (!equalBytes(placed.place.record, eachRecord(leaf.records)[doubted as number])) return 'record';
    const refusal = this.#placeRefusal(placed);
    if (refusal !== undefined) return refusal;
    this.#placed.add(`${named.index}:${doubted}`);
    this.#end(accusation, 'failed');
    return undefined;
  }

  #placeRefusal({ participant, commitment, place }: PlacedRecord): string | undefined {
    if (((this.#result.validParts >> participant) & 1) === 0) return 'part-not-counted';
    const posted = this.#block.parts.find((one) => one.participant === participant)?.commitment;
    if (posted === undefined || !equalBytes(posted.partRoot, commitment.partRoot)) return 'part';
    const { rules } = this.#block;
    const found = checkPlace(place, posted, new BatchHasher(rules.domainSeparator));
    if ('fault' in found) return `place ${found.fault}`;
    const { header, signer } = found;
    const isOfBlock =
      header.channelId === toHex(rules.channelId) && header.blockNumber === BigInt(rules.blockNumber);
    const key = rules.signers[header.author];
    return isOfBlock && key !== undefined && equalBytes(fromHex(signer), key) ? undefined : 'author';
  }

  #end(accusation: Accusation, outcome: 'upheld' | 'failed'): void {
    Object.assign(accusation, { turn: 'over', outcome });
  }
}

/** The hash at `toLevel` to which the way leads; undefined if its length is another. */
function climb(
  entryHash: Uint8Array,
  leaves: bigint,
  entry: EntryPosition,
  toLevel: number,
  path: readonly Uint8Array[],
): Uint8Array | undefined {
  let hash = entryHash;
  let used = 0;
  let { index } = entry;
  for (let { level } = entry; level < toLevel; level++, index = Math.floor(index / 2)) {
    const isLeft = index % 2 === 0;
    if (isLeft && index + 1 >= widthOf(leaves, level)) continue;
    const [sibling, digest] = path.slice(used, used + 2);
    if (digest === undefined) return undefined;
    used += 2;
    const content = sha256(isLeft ? concatBytes(hash, sibling) : concatBytes(sibling, hash));
    hash = sha256(concatBytes(content, digest));
  }
  return used === path.length ? hash : undefined;
}

export function contentOf(impressionKey: Uint8Array, kept: number, recordsRoot: Uint8Array): Uint8Array {
  const words = new Uint8Array(16);
  new DataView(words.buffer).setBigUint64(0, BigInt(kept), false);
  return sha256(concatBytes(impressionKey, words, recordsRoot));
}

function hasFittingSums(participants: number, entries: Uint8Array): boolean {
  const bytes = entryBytesOf(participants);
  const view = new DataView(entries.buffer, entries.byteOffset, entries.length);
  for (let one = 0; one < participants; one++) {
    let sum = 0n;
    for (let at = 0; at < entries.length; at += bytes) sum += view.getBigUint64(at + 32 + one * 8, false);
    if (sum >= 1n << 64n) return false;
  }
  return true;
}
