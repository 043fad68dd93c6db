/**
 * Notes durably what the channel nodes refused, so that a run that was interrupted still counts each refusal
 * once.
 */
import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { onFile } from '../report/command-refused.js';

export interface NotedRefusal {
  /** Names the submission; the same again is the same refusal. */
  readonly id: string;
  readonly code: string;
  readonly records: number;
  /** Whether it was injected as `late` or `invalid`. */
  readonly kind: 'late' | 'invalid';
}

export class RefusalNotes {
  readonly #path: string;
  readonly #byId = new Map<string, NotedRefusal>();

  constructor(path: string) {
    this.#path = path;
    if (!existsSync(path)) return;
    for (const line of onFile(path, () => readFileSync(path, 'utf8')).split('\n')) {
      const noted = notedIn(line);
      if (noted !== undefined) this.#byId.set(noted.id, noted);
    }
  }

  has(id: string): boolean {
    return this.#byId.has(id);
  }

  note(refusal: NotedRefusal): void {
    if (this.has(refusal.id)) return;
    const line = `\n${JSON.stringify(refusal)}`;
    onFile(this.#path, () => appendFileSync(this.#path, line, { flush: true }));
    this.#byId.set(refusal.id, refusal);
  }

  all(): readonly NotedRefusal[] {
    return [...this.#byId.values()];
  }
}

/**
 * A line cut off by a crash was not noted: its submission is made again. What else is no note is missing from
 * what was found, which ends the run.
 */
function notedIn(line: string): NotedRefusal | undefined {
  try {
    return JSON.parse(line) as NotedRefusal;
  } catch {
    return undefined;
  }
}
