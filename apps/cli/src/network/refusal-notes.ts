/**
 * Notes durably what the channel nodes refused. A submission whose note was cut off is made again; what else
 * is no note is missing from what was found, which ends the run.
 */
import { Notes } from './notes.js';

export interface NotedRefusal {
  /** Names the submission; the same again is the same refusal. */
  readonly id: string;
  readonly code: string;
  readonly records: number;
  /** Whether it was injected as `late` or `invalid`. */
  readonly kind: 'late' | 'invalid';
}

export class RefusalNotes extends Notes<NotedRefusal> {}
