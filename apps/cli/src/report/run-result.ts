/** What a run of demo or replay yields. */
import type { Tally } from '../traffic/impression.js';
import type { Flood } from '../traffic/survey-log.js';
import type { UnusableRow } from '../traffic/unusable-rows.js';
import type { ParticipantBalance } from './balances.js';
import type { Earned } from './earned.js';
import type { BlockSummary } from './block-summary.js';

/** `data` of the result: shown as tables, or written whole with `--json`. */
export interface RunResult {
  readonly dataFolder: string | null;
  readonly channels: readonly {
    readonly channelId: string;
    readonly currency: string;
    readonly participants: readonly (ParticipantBalance & Earned)[];
    readonly blocks: readonly BlockSummary[];
  }[];
  /** Days of the blocks, in a replay: block n is days[n]. */
  readonly days: readonly string[];
  /** At most 10,000 of them; all are counted. */
  readonly unusable: readonly UnusableRow[];
  readonly unusableCounts: Readonly<Record<string, number>>;
  /** Ids that stand for more records of one exchange than an impression usually has. */
  readonly flooding: readonly Flood[];
  readonly injected: Tally;
  readonly found: Tally;
  readonly seconds: Readonly<Record<string, number>>;
}
