/** Merge, deduplicate, order, keep, reduce and sum over all records of a block (wire-formats.md 7). */
import { bigEndian, hex, join, merkleRoot, sha256, unhex } from './bytes.js';
import { flag, type ReferenceRecord, readRecord } from './record.js';
import {
  floodingIn,
  keptOf,
  type ReducerParameters,
  type ReferenceOutcome,
  reduceImpression,
  type Verdict,
} from './reduce-impression.js';

export interface ReferenceGroup extends Verdict {
  readonly impressionKey: string;
  /** Distinct records of the impression, tests too; of them `kept` count. */
  readonly records: number;
  readonly kept: number;
  readonly groupRoot: Uint8Array;
  readonly leaf: Uint8Array;
}

export interface ReferenceReduction {
  readonly groups: readonly ReferenceGroup[];
  readonly leaves: readonly Uint8Array[];
  readonly settlementRoot: Uint8Array;
  /**
   * The first half of the root's input: settlementRoot = sha256(rootOpening ‖ root(amountWords)); none
   * without leaves.
   */
  readonly rootOpening: Uint8Array | undefined;
  readonly amounts: readonly bigint[];
  readonly amountWords: readonly Uint8Array[];
  readonly reasons: Readonly<Record<string, readonly [impressions: number, nano: bigint]>>;
  readonly contradictory: readonly (readonly [author: number, impressions: number])[];
  readonly flooding: readonly (readonly [author: number, impressions: number])[];
  /** Of all distinct records, in the order of the block. */
  readonly recordHashes: readonly Uint8Array[];
}

/** `records`: 64 bytes each, valid for the roles, in any order, any of them any number of times. */
export function referenceReduce(
  records: readonly Uint8Array[],
  roles: readonly number[],
  parameters: ReducerParameters,
): ReferenceReduction {
  const distinct = [...new Map(records.map(readRecord).map((one) => [hex(one.hash), one])).values()];
  distinct.sort(compareRecords);
  const byKey = new Map<string, ReferenceRecord[]>();
  for (const one of distinct) {
    byKey.set(one.impressionKey, [...(byKey.get(one.impressionKey) ?? []), one]);
  }
  const isTest = (one: ReferenceRecord): boolean => (one.flags & flag.test) !== 0;
  const groups = [...byKey.values()]
    .filter((group) => !group.every(isTest))
    .map((group) => {
      const taking = group.filter((one) => !isTest(one));
      return { ...reduceGroup(taking, roles, parameters), records: group.length };
    });
  const root = sumTree(groups, roles.length);
  return {
    groups,
    leaves: groups.map((group) => group.leaf),
    settlementRoot: root.hash,
    rootOpening: root.opening,
    amounts: root.amounts,
    amountWords: amountWords(root.amounts),
    reasons: countReasons(groups.flatMap((group) => group.outcomes)),
    contradictory: countAuthors(groups.flatMap((group) => group.contradictory)),
    flooding: countAuthors(groups.flatMap((group) => group.flooding)),
    recordHashes: distinct.map((one) => one.hash),
  };
}

/** Four amounts to a 32-byte word, big-endian, filled with zeros. */
export function amountWords(amounts: readonly bigint[]): Uint8Array[] {
  const words: Uint8Array[] = [];
  for (let at = 0; at < amounts.length; at += 4) {
    words.push(join(...[0, 1, 2, 3].map((one) => bigEndian(amounts[at + one] ?? 0n, 8))));
  }
  return words;
}

function compareRecords(a: ReferenceRecord, b: ReferenceRecord): number {
  if (a.impressionKey !== b.impressionKey) return a.impressionKey < b.impressionKey ? -1 : 1;
  return a.kind - b.kind || a.author - b.author || Buffer.compare(a.hash, b.hash);
}

/** `group`: the ordered distinct records of one impression, none of them a test. */
function reduceGroup(
  group: readonly ReferenceRecord[],
  roles: readonly number[],
  parameters: ReducerParameters,
): Omit<ReferenceGroup, 'records'> {
  const kept = keptOf(group);
  const verdict = { ...reduceImpression(kept, roles, parameters), flooding: floodingIn(group) };
  const { impressionKey } = group[0];
  const groupRoot = merkleRoot(kept.map((one) => one.hash));
  const statement = sha256(unhex(impressionKey), bigEndian(kept.length, 8), new Uint8Array(8), groupRoot);
  const leaf = sha256(statement, merkleRoot(amountWords(verdict.amounts)));
  return { ...verdict, impressionKey, kept: kept.length, groupRoot, leaf };
}

interface TreeNode {
  readonly hash: Uint8Array;
  readonly opening: Uint8Array | undefined;
  readonly amounts: readonly bigint[];
}

function sumTree(groups: readonly ReferenceGroup[], participants: number): TreeNode {
  let level: TreeNode[] = groups.map((group) => ({
    hash: group.leaf,
    opening: sha256(unhex(group.impressionKey), bigEndian(group.kept, 8), new Uint8Array(8), group.groupRoot),
    amounts: group.amounts,
  }));
  while (level.length > 1) {
    const above: TreeNode[] = [];
    for (let at = 0; at < level.length; at += 2) {
      above.push(at + 1 < level.length ? nodeOver(level[at], level[at + 1]) : level[at]);
    }
    level = above;
  }
  const none = { hash: new Uint8Array(32), opening: undefined, amounts: Array(participants).fill(0n) };
  return level[0] ?? none;
}

function nodeOver(left: TreeNode, right: TreeNode): TreeNode {
  const amounts = left.amounts.map((one, participant) => one + right.amounts[participant]);
  const opening = sha256(left.hash, right.hash);
  return { hash: sha256(opening, merkleRoot(amountWords(amounts))), opening, amounts };
}

function countReasons(outcomes: readonly ReferenceOutcome[]): Record<string, [number, bigint]> {
  const reasons: Record<string, [number, bigint]> = {};
  for (const { reason, nano } of outcomes) {
    const [impressions, sum] = reasons[reason] ?? [0, 0n];
    reasons[reason] = [impressions + 1, sum + nano];
  }
  return reasons;
}

function countAuthors(authors: readonly number[]): [number, number][] {
  const distinct = [...new Set(authors)].sort((a, b) => a - b);
  return distinct.map((author) => [author, authors.filter((one) => one === author).length]);
}
