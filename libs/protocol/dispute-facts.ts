/**
 * What the base chain knows of the accusations and questions of one block in dispute (protocol.md 8): facts
 * only; whose results stand, and what may still be said, follows from the facts of the block.
 */
import type { Address, Digest } from '#encoding';
import type { BlockId } from './ids.js';

/** A place in a settlement tree (wire-formats.md 7). */
export interface EntryPosition {
  readonly level: number;
  readonly index: number;
}

/** The fields of an accused result. */
export interface AccusedResult {
  /** 32 bytes. */
  readonly settlementRoot: Uint8Array;
  readonly impressionCount: bigint;
  readonly validParts: number;
}

/** A node that the accused opened, whoever's accusation made it. */
export interface OpenedNode extends EntryPosition {
  /** Its descendants one after the other, each its content, then its amounts. */
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

/** What an accusation waits for, in the order of the contract's enum behind `None`. */
export const accusationTurns = [
  /** That the named entry is opened. */
  'opening',
  /** That the accuser names, shows or doubts something. */
  'accuser',
  /** That the doubted record is placed. */
  'placing',
  /** Nothing any more: the record was placed before, and it fails by time. */
  'placed',
  'over',
] as const;
export type AccusationTurn = (typeof accusationTurns)[number];

/** How an accusation ended, in the order of the contract's enum. */
export const accusationOutcomes = [
  /** The result fell by it. */
  'upheld',
  /** Its bond is lost. */
  'failed',
  /** The result fell otherwise, or the block was not open any more: its bond came back. */
  'returned',
] as const;
export type AccusationOutcome = (typeof accusationOutcomes)[number];

/** Who accuses takes a slot: participants their index, the validators of their seats so many behind it. */
export const validatorSlots = 16;

export interface AccusationId extends BlockId {
  /** Index of the accused result among the block's. */
  readonly resultIndex: number;
  readonly slot: number;
}

/** One accusation as it stands. */
export interface AccusationFacts {
  readonly resultIndex: number;
  readonly slot: number;
  /** The participant's account, or the validator of its seat. */
  readonly accuser: Address;
  readonly result: AccusedResult;
  readonly turn: AccusationTurn;
  /** Until when what it waits for may come; absent where nothing is waited for. */
  readonly untilSeconds?: number;
  /** Open for every accusation of this result. */
  readonly nodes: readonly OpenedNode[];
  readonly leaves: readonly OpenedLeaf[];
  /** What this accusation named last, the root to begin with: where it was made. */
  readonly named: EntryPosition;
  /** The record of the named leaf for which it wants a place. */
  readonly doubted: number | undefined;
  /** Who opened what was named, or placed the doubted record, in time. */
  readonly answerer?: Address;
  /** Of one that is over: how it ended, and who was given the bond. */
  readonly end?: { readonly outcome: AccusationOutcome; readonly to: Address };
}

/** A participant's question about a row. */
export interface RowQuestion {
  readonly participant: number;
  readonly rowIndex: number;
  /** `refuted`: the bond went to who published the row. */
  readonly state: 'open' | 'refuted' | 'returned';
}

/** A row about which somebody asked. */
export interface AskedRowFacts {
  readonly part: number;
  readonly rowIndex: number;
  /** The participant that asked first. */
  readonly asker: number;
  readonly isPublished: boolean;
  /** The end of the time to publish it, then of the time to disprove it. */
  readonly untilSeconds: number;
  readonly published?: PublishedRowFacts;
}

export interface PublishedRowFacts {
  /** The row of the manifest, 64 bytes. */
  readonly row: Uint8Array;
  /** Its opened bytes. */
  readonly segment: Uint8Array;
  /** Whose account is paid if the questions are refuted. */
  readonly publisher: Address;
}

/** What a question showed, in the order of the contract's enum. */
export const partFaults = ['row-unanswered', 'row-disproved', 'disorder', 'too-many-rows'] as const;
export type PartFault = (typeof partFaults)[number];

/** A part that was questioned, or found at fault. */
export interface QuestionedPartFacts {
  readonly part: number;
  /** By a question or by the panel. */
  readonly isStruck: boolean;
  /** Bit i: participant i asked about one of its rows. */
  readonly askedRows: number;
  readonly isPanelAsked: boolean;
  readonly questions: readonly RowQuestion[];
  readonly rows: readonly AskedRowFacts[];
  /** Why a question struck it, and who was given half of the owner's bond. */
  readonly found?: { readonly fault: PartFault; readonly prover: Address };
  readonly panel?: PanelFacts;
}

/** Was the part served? */
export interface PanelFacts {
  /** Whose bond is locked. */
  readonly asker: Address;
  /** The last one is the current one. */
  readonly rounds: readonly PanelRoundFacts[];
  readonly isOver: boolean;
  /** The verdict; absent before, and where the block was over first. */
  readonly isHeld?: boolean;
}

export interface PanelRoundFacts {
  /** Height of the base chain whose hash seeds the draw. */
  readonly seedHeight: number;
  readonly namedAtSeconds: number;
  /** Absent until the draw is complete: its times follow from it (`panelTimes`). */
  readonly drawnAtSeconds?: number;
  /** Who appealed to it; absent of the first round, and of one that followed a tie. */
  readonly appellant?: Address;
  /** In the order of the draw. */
  readonly members: readonly PanelMember[];
}

export interface PanelMember {
  readonly account: Address;
  /** Absent until it committed, and once it revealed. */
  readonly commitment?: Digest;
  /** What it revealed: whether it holds the part. */
  readonly isHeld?: boolean;
}

export interface DisputeFacts {
  /** In the order in which they were made; of those of one slot against one result only the last. */
  readonly accusations: readonly AccusationFacts[];
  /** Ascending. */
  readonly parts: readonly QuestionedPartFacts[];
}
