/**
 * The rules by which the contracts decide what is said of one accused result's tree
 * (contracts/src/disputes/Adjudicator.sol), for games in memory: what is right is taken, the rest refused with
 * the code of the contracts. Nothing is known of the block's records.
 */
import { merkleRoot, sha256 } from '#crypto';
import { compareBytes, concatBytes, equalBytes, fromHex, toHex } from '#encoding';
import {
  type AccusedResult,
  BatchHasher,
  type BlockRules,
  type EntryPosition,
  type LeafOpening,
  type LeftNeighbour,
  limits,
  type NamedEntry,
  type Omission,
  type OpenedLeaf,
  type PlacedRecord,
  recordFault,
} from '#protocol';
import { checkPlace, leafOf } from '#proofs';
import { explainRecords, type ReductionTerms } from '#reduction';
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

/** What an accusation stands at. */
export interface NamedThing {
  readonly named: EntryPosition;
  /** Of the named entry. */
  readonly entryHash: Uint8Array;
}

export class TreeRules {
  readonly #block: RefereedBlock;
  readonly #result: AccusedResult;

  constructor(block: RefereedBlock, result: AccusedResult) {
    this.#block = block;
    this.#result = result;
  }

  /** Undefined where the entries are all descendants of the named node. */
  nodeRefusal({ named, entryHash }: NamedThing, entries: Uint8Array): string | undefined {
    if (named.level === 0) return 'wrong-level';
    const { count } = openingOf(this.#result.impressionCount, named);
    const participants = this.#block.terms.roles.length;
    if (entries.length !== count * entryBytesOf(participants)) return 'entries-size-wrong';
    const fits = hasFittingSums(participants, entries);
    const opened = SumTree.ofEntries(participants, entries);
    if (fits && !equalBytes(opened.hashAt(opened.top), entryHash)) return 'entry-mismatch';
    return fits ? undefined : 'amounts-too-large';
  }

  /** Where the descendant of the named node was made. */
  namedBelow({ named, entryHash }: NamedThing, next: NamedEntry): EntryPosition | string {
    const leaves = this.#result.impressionCount;
    if (named.level === 0 || next.entry.level !== openingLevelOf(named.level)) return 'wrong-level';
    const { first, count } = openingOf(leaves, named);
    if (next.entry.index < first || next.entry.index >= first + count) return 'entry-outside';
    const top = climb(next.entryHash, leaves, next.entry, named.level, next.path);
    if (top === undefined) return 'path-refused';
    return equalBytes(top, entryHash) ? madeAt(leaves, next.entry) : 'entry-mismatch';
  }

  openedLeaf({ named, entryHash }: NamedThing, { records, left }: LeafOpening): OpenedLeaf | string {
    const { index, level } = named;
    if (level > 0) return 'wrong-level';
    const hash = this.#leafOf(records);
    if (hash === undefined) return 'records-not-kept';
    if (!equalBytes(hash, entryHash)) return 'leaf-mismatch';
    if (index === 0) return { index, records, leftKey: undefined };
    const refusal = left === undefined ? 'path-refused' : this.#neighbourRefusal(index - 1, left);
    if (refusal !== undefined) return refusal;
    const leftKey = (left as LeftNeighbour).impressionKey;
    return compareBytes(leftKey, keyOfRecord(records)) < 0
      ? { index, records, leftKey }
      : 'keys-not-ascending';
  }

  /** Undefined where the record is missing at the opened leaf, or of a tree without leaves. */
  omissionRefusal(
    { level }: EntryPosition,
    opened: OpenedLeaf | undefined,
    { shown, leaf }: Omission,
  ): string | undefined {
    const refusal = this.placeRefusal(shown);
    if (refusal !== undefined) return refusal;
    const { record } = shown.place;
    const isEmpty = this.#result.impressionCount === 0n;
    if (!isEmpty) {
      if (level > 0) return 'wrong-level';
      if (leaf === undefined || opened === undefined || !isSameLeaf(leaf, opened)) return 'leaf-mismatch';
    }
    const against = isEmpty ? undefined : leaf;
    const order =
      against === undefined ? -1 : compareBytes(keyOfRecord(record), keyOfRecord(against.records));
    if (against !== undefined && order !== 0 && !this.#isBeside(against, record, order)) return 'key-outside';
    const kept = against === undefined || order !== 0 ? new Uint8Array(0) : against.records;
    if (recordFault(record, this.#block.rules) !== undefined) return 'record-not-missing';
    return wouldChange(this.#block.terms, kept, record) ? undefined : 'record-not-missing';
  }

  /** Undefined where the record stands in a part that the result counted, and its author signed it. */
  placeRefusal({ participant, commitment, place }: PlacedRecord): string | undefined {
    if (((this.#result.validParts >> participant) & 1) === 0) return 'part-not-counted';
    const posted = this.#block.parts.find((one) => one.participant === participant)?.commitment;
    if (posted === undefined || !isSameCommitment(posted, commitment)) return 'part-mismatch';
    const { rules } = this.#block;
    const found = checkPlace(place, posted, new BatchHasher(rules.domainSeparator));
    if ('fault' in found) return placeCodes[found.fault];
    const { header, signer } = found;
    const isOfBlock =
      header.channelId === toHex(rules.channelId) && header.blockNumber === BigInt(rules.blockNumber);
    if (!isOfBlock) return 'batch-of-other-block';
    if (header.author >= rules.roles.length) return 'batch-author-unknown';
    const key = rules.signers[header.author];
    return key !== undefined && equalBytes(fromHex(signer), key) ? undefined : 'batch-signature-refused';
  }

  #neighbourRefusal(index: number, left: LeftNeighbour): string | undefined {
    const { settlementRoot, impressionCount } = this.#result;
    const content = contentOf(left.impressionKey, left.kept, left.recordsRoot);
    const neighbour = sha256(concatBytes(content, left.amountsDigest));
    const place = { level: 0, index };
    const root = climb(neighbour, impressionCount, place, topLevelOf(impressionCount), left.path);
    if (root === undefined) return 'path-refused';
    return equalBytes(root, settlementRoot) ? undefined : 'entry-mismatch';
  }

  /** Undefined unless the records are what keeping leaves of one impression's. */
  #leafOf(records: Uint8Array): Uint8Array | undefined {
    const { terms, rules } = this.#block;
    if (records.length === 0 || records.length % limits.recordBytes !== 0) return undefined;
    const each = eachRecord(records);
    if (each.some((one) => recordFault(one, rules) !== undefined)) return undefined;
    const [impression, ...others] = explainRecords(terms, records);
    if (impression === undefined || others.length > 0) return undefined;
    const hashes = each.map((one) => toHex(sha256(one)));
    if (hashes.join() !== impression.keptHashes.map(toHex).join()) return undefined;
    const root = merkleRoot(concatBytes(...each.map(sha256)));
    return leafOf(impression.impressionKey, each.length, root, impression.amounts);
  }

  #isBeside({ index, leftKey }: OpenedLeaf, record: Uint8Array, order: number): boolean {
    if (order > 0) return BigInt(index) === this.#result.impressionCount - 1n;
    return leftKey === undefined || compareBytes(keyOfRecord(record), leftKey) > 0;
  }
}

const placeCodes = {
  header: 'batch-header-malformed',
  author: 'record-place-refused',
  recordsRoot: 'record-place-refused',
  segmentRoot: 'record-place-refused',
  partRoot: 'record-place-refused',
  signature: 'batch-signature-refused',
} as const;

export function isSameLeaf(one: OpenedLeaf, other: OpenedLeaf): boolean {
  const keys = [one.leftKey, other.leftKey].map((key) => key ?? new Uint8Array(16));
  return one.index === other.index && equalBytes(keys[0], keys[1]) && equalBytes(one.records, other.records);
}

export function contentOf(impressionKey: Uint8Array, kept: number, recordsRoot: Uint8Array): Uint8Array {
  const words = new Uint8Array(16);
  new DataView(words.buffer).setBigUint64(0, BigInt(kept), false);
  return sha256(concatBytes(impressionKey, words, recordsRoot));
}

function isSameCommitment(one: HeldPart['commitment'], other: HeldPart['commitment']): boolean {
  return (
    one.segmentCount === other.segmentCount &&
    equalBytes(one.partRoot, other.partRoot) &&
    equalBytes(one.indexHash, other.indexHash)
  );
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
