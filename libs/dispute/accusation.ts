/**
 * What the chain shows of an accusation of a result's tree, and what one needs of the block to go on with
 * it.
 */
import type { Nano, PartCommitment } from '#protocol';
import type { RecordPlace } from '#proofs';
import type { SumTree } from './sum-tree.js';
import type { EntryPosition } from './tree-shape.js';

/** The fields of the accused result. */
export interface AccusedResult {
  /** 32 bytes. */
  readonly settlementRoot: Uint8Array;
  readonly impressionCount: bigint;
  readonly amounts: readonly Nano[];
  readonly validParts: number;
}

/** A node that the accused opened, whoever's accusation made it; the root by its amounts too. */
export interface OpenedNode extends EntryPosition {
  /** One after the other, see `entryBytesOf`. */
  readonly entries: Uint8Array;
}

/**
 * A leaf that was opened and taken: the contract found its records kept, their amounts and its order right.
 */
export interface OpenedLeaf {
  readonly index: number;
  /** 64 bytes each. */
  readonly records: Uint8Array;
  /** The impression key of the leaf before, 16 bytes; undefined of the first leaf. */
  readonly leftKey: Uint8Array | undefined;
}

/**
 * What an accusation waits for: that the named entry is opened, that the accuser says something, that the
 * doubted record is placed, or nothing any more: `placed` fails by time, as the record was placed before.
 */
export type Turn = 'opening' | 'accuser' | 'placing' | 'placed' | 'over';

/** One accusation as it stands now. */
export interface AccusationSeen {
  readonly result: AccusedResult;
  readonly turn: Turn;
  /** Open for every accusation of this result. */
  readonly nodes: readonly OpenedNode[];
  readonly leaves: readonly OpenedLeaf[];
  /** What this accusation named last, the root to begin with: where it was made, see `madeAt`. */
  readonly named: EntryPosition;
  /** The record of the named leaf for which it wants a place. */
  readonly doubted: number | undefined;
}

/** What one's own computation of the block gives. */
export interface OwnTree {
  readonly tree: SumTree;
  /** The impression key of each leaf, 16 bytes each. */
  readonly keys: Uint8Array;
  readonly validParts: number;
}

/** A record where it stands first in a part that counts. */
export interface PlacedRecord {
  readonly participant: number;
  readonly commitment: PartCommitment;
  readonly place: RecordPlace;
}

/**
 * What a move asks for while it is made: all records of one impression in the parts that count, or a place.
 */
export type Want =
  | { readonly wants: 'records'; readonly impressionKey: Uint8Array }
  | { readonly wants: 'place'; readonly record: Uint8Array };

/** Records one after the other, in any order and also repeated; undefined where no part has the record. */
export type Found = { readonly records: Uint8Array } | { readonly placed: PlacedRecord | undefined };

/** A move in the making. */
export type MoveSteps<Move> = Generator<Want, Move, Found>;

/** Why there is nothing to do for the accused or the accuser, for people. */
export type NoMoveReason =
  /** The other side is to move. */
  | 'other-turn'
  /** The result counts other parts than one's own computation. */
  | 'other-parts'
  /** The result is what one's own computation gives: there is nothing to say against it. */
  | 'same-tree'
  /** Nothing below what was named differs from one's own tree. */
  | 'nothing-differs'
  /** The result is not what one's own computation gives: one cannot answer for it. */
  | 'other-tree'
  /** No part that counts has the doubted record. */
  | 'record-nowhere';

export interface NoMove {
  readonly move: 'none';
  readonly reason: NoMoveReason;
}

export function none(reason: NoMoveReason): NoMove {
  return { move: 'none', reason };
}

/** The opened leaf at which an accusation stands. */
export function leafAt({ leaves }: AccusationSeen, index: number): OpenedLeaf {
  const leaf = leaves.find((one) => one.index === index);
  if (leaf === undefined) throw new Error(`the accusation has passed leaf ${index}, which is not open`);
  return leaf;
}

export function* wantRecords(impressionKey: Uint8Array): MoveSteps<Uint8Array> {
  const found = yield { wants: 'records', impressionKey };
  if (!('records' in found)) throw new Error('asked for records, was given a place');
  return found.records;
}

export function* wantPlace(record: Uint8Array): MoveSteps<PlacedRecord | undefined> {
  const found = yield { wants: 'place', record };
  if (!('placed' in found)) throw new Error('asked for a place, was given records');
  return found.placed;
}
