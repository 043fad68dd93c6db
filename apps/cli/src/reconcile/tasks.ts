/** What threads of a reconciliation are given and give back: scans of logs, then reductions of partitions. */
import type { GroupTotals, LogRole, Participants } from '#reconciliation';
import type { ReductionTerms } from '#reduction';
import type { DifferencePart, LargestPair } from './difference-lines.js';
import type { LogInput } from './log-input.js';
import type { ScannedLog } from './scan-log.js';
import type { StoredStatements } from './statement-store.js';

export interface ScanTask {
  readonly kind: 'scan';
  readonly scan: number;
  /** Logs with their numbers among all. */
  readonly logs: readonly (LogInput & { readonly number: number })[];
  readonly memoryBytes: number;
  readonly keepsTexts: boolean;
  readonly explain: string | undefined;
  readonly temporaryFolder: string | undefined;
  /** Bytes read, a Float64 a log. */
  readonly progress: SharedArrayBuffer;
}

export interface ScanResult {
  readonly logs: readonly (ScannedLog & { readonly number: number; readonly role: LogRole })[];
  readonly sellers: readonly string[];
  readonly campaigns: readonly string[];
  readonly placements: readonly string[];
  readonly stored: StoredStatements;
  readonly texts: number | undefined;
}

export interface ReduceTask {
  readonly kind: 'reduce';
  readonly scans: readonly StoredStatements[];
  /** Of each scan the descriptor of its texts. */
  readonly texts: readonly number[];
  readonly participants: Participants;
  readonly terms: ReductionTerms;
  /** Of each scan: texts of the numbers of its sellers, and ranks of its campaigns and placements. */
  readonly sellers: readonly (readonly string[])[];
  readonly campaignRanks: readonly Uint32Array[];
  readonly placementRanks: readonly Uint32Array[];
  /** Which block of partitions is next, one Int32 that all threads count. */
  readonly next: SharedArrayBuffer;
  readonly differences: DifferencesWanted | undefined;
}

export interface DifferencesWanted {
  /** Also pairs that simply match. */
  readonly areAll: boolean;
  readonly writesLines: boolean;
  readonly campaigns: readonly string[];
  readonly placements: readonly string[];
  readonly logs: readonly string[];
  readonly temporaryFolder: string | undefined;
}

export interface ReduceResult {
  readonly totals: GroupTotals;
  readonly parts: readonly DifferencePart[];
  readonly largest: readonly LargestPair[];
}

/** What a task is refused for travels as a value: errors lose their kind between threads. */
export interface TaskRefused {
  readonly refused: { readonly code: string; readonly message: string };
}

export type Task = ScanTask | ReduceTask;
export type TaskResult = ScanResult | ReduceResult | TaskRefused;
