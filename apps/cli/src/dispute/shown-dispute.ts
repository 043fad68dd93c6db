/** A block's dispute as JSON and tables show it. */
import type { AccusationFacts } from '#protocol';

/** `data` of the result. Times are seconds of the chain, null where there is none. */
export interface ShownDispute {
  readonly channelId: string;
  readonly blockNumber: number;
  readonly stage: string;
  readonly nowSeconds: number;
  readonly endsAtSeconds: number | null;
  readonly participants: readonly string[];
  readonly results: readonly ShownResult[];
  /** Between results that stand; empty where no two do. */
  readonly differ: { readonly parts: readonly number[]; readonly amounts: readonly number[] };
  readonly windows: readonly ShownWindow[];
  /** Once it is decided which parts count. */
  readonly countedParts: readonly number[] | null;
  readonly accusations: readonly ShownAccusation[];
  readonly questions: readonly ShownQuestion[];
  readonly struckParts: readonly { readonly part: number; readonly fault: string | null }[];
  readonly panels: readonly ShownPanel[];
  readonly next: readonly NextStep[];
}

export interface ShownResult {
  readonly result: number;
  readonly outputHash: string;
  /** `gone`: whoever revealed it took it back. */
  readonly state: 'stands' | 'fell' | 'gone';
  readonly revealedAtSeconds: number;
  readonly parts: readonly number[];
  readonly impressionCount: number;
  readonly amountsNano: readonly string[];
  readonly standFor: readonly { readonly participant: number; readonly by: StandingBy }[];
}

/** Its seat's validator, its own word with a bond, or that it accepted the result. */
export type StandingBy = 'binding-seat' | 'seat' | 'own-result' | 'acceptance';

export interface ShownWindow {
  readonly window: 'own-results' | 'questions' | 'parts-decided' | 'accusations';
  readonly untilSeconds: number;
}

/** `anybody`: the time of the turn is over, and any key may end it. */
export type Turn = 'accused' | 'accuser' | 'anybody' | 'nobody';

export interface ShownAccusation {
  readonly result: number;
  readonly participant: number;
  readonly isValidator: boolean;
  readonly account: string;
  readonly turn: Turn;
  readonly waitsFor: AccusationFacts['turn'];
  readonly untilSeconds: number | null;
  readonly named: { readonly level: number; readonly index: number };
  readonly doubtedRecord: number | null;
  readonly opened: { readonly nodes: number; readonly leaves: number };
  readonly outcome: string | null;
  readonly bondTo: string | null;
}

export interface ShownQuestion {
  readonly part: number;
  readonly row: number;
  readonly participant: number;
  readonly state: string;
  readonly isPublished: boolean;
  /** Of the time to publish the row, or to disprove what was published. */
  readonly untilSeconds: number | null;
}

export interface ShownPanel {
  readonly part: number;
  readonly round: number;
  readonly step: 'draw' | 'commit' | 'reveal' | 'appeal' | 'conclude' | 'over';
  readonly untilSeconds: number | null;
  readonly members: readonly { readonly account: string; readonly says: string }[];
  readonly verdict: 'held' | 'not-held' | null;
}

export interface NextStep {
  /** Without `papyrus` before and channel, number and keys behind. */
  readonly command: string;
  readonly does: string;
  readonly by: string;
  /** Null where no time ends it. */
  readonly untilSeconds: number | null;
  /** Decimal; 0 where it takes none. */
  readonly bondWei: string;
  /** About the most that it takes (docs/reference/gas.md); null where that was not measured. */
  readonly gas: number | null;
}
