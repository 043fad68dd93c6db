/**
 * Notes durably what the channel nodes refused, so that a run that was interrupted still counts each refusal
 * once.
 */
import { appendFileSync, existsSync, readFileSync } from 'node:fs';

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
    for (const line of readFileSync(path, 'utf8').split('\n')) {
      // A line cut off by a crash was not noted: its submission is made again.
      if (!line.endsWith('}')) continue;
      const noted = JSON.parse(line) as NotedRefusal;
      this.#byId.set(noted.id, noted);
    }
  }

  has(id: string): boolean {
    return this.#byId.has(id);
  }

  note(refusal: NotedRefusal): void {
    if (this.has(refusal.id)) return;
    appendFileSync(this.#path, `\n${JSON.stringify(refusal)}`, { flush: true });
    this.#byId.set(refusal.id, refusal);
  }

  all(): readonly NotedRefusal[] {
    return [...this.#byId.values()];
  }
}
