/** What a run of demo or replay yields. */
import type { Tally } from '../traffic/impression.js';
import type { UnusableRow } from '../traffic/read-ipinyou.js';
import type { ParticipantBalance } from './balances.js';
import type { BlockSummary } from './block-summary.js';

/** `data` of the result: shown as tables, or written whole with `--json`. */
export interface RunResult {
  readonly dataFolder: string | null;
  readonly channels: readonly {
    readonly channelId: string;
    readonly currency: string;
    readonly participants: readonly ParticipantBalance[];
    readonly blocks: readonly BlockSummary[];
  }[];
  readonly unusable: readonly UnusableRow[];
  readonly injected: Tally;
  readonly found: Tally;
  readonly seconds: Readonly<Record<string, number>>;
}
