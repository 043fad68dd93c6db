/**
 * What the chain shows of an accusation of a result's tree, and what one needs of the block to go on with
 * it.
 */
import type { AccusationFacts, OpenedLeaf, PlacedRecord } from '#protocol';
import type { SumTree } from './sum-tree.js';

/** One accusation as it stands now. */
export type AccusationSeen = Pick<
  AccusationFacts,
  'result' | 'turn' | 'nodes' | 'leaves' | 'named' | 'doubted'
>;

/** What one's own computation of the block gives. */
export interface OwnTree {
  readonly tree: SumTree;
  /** The impression key of each leaf, 16 bytes each. */
  readonly keys: Uint8Array;
  readonly validParts: number;
}

/**
 * What a move asks for while it is made: all records of one impression in the parts that count, or a place.
 */
export type Want =
  | { readonly wants: 'records'; readonly impressionKey: Uint8Array }
  | { readonly wants: 'place'; readonly record: Uint8Array };

/**
 * Records one after the other, in any order and also repeated; the record's first place in the parts that
 * count, undefined where none has it.
 */
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
