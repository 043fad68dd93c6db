/** Notes that a run keeps durably, so that one that was interrupted still has each once. */
import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { onFile } from '../report/command-refused.js';

/** Of the same `id` the first is kept. */
export class Notes<Note extends { readonly id: string }> {
  readonly #path: string;
  readonly #byId = new Map<string, Note>();

  constructor(path: string) {
    this.#path = path;
    if (!existsSync(path)) return;
    for (const line of onFile(path, () => readFileSync(path, 'utf8')).split('\n')) {
      const noted = noteIn<Note>(line);
      if (noted !== undefined) this.#byId.set(noted.id, noted);
    }
  }

  has(id: string): boolean {
    return this.#byId.has(id);
  }

  note(one: Note): void {
    if (this.has(one.id)) return;
    const line = `\n${JSON.stringify(one)}`;
    onFile(this.#path, () => appendFileSync(this.#path, line, { flush: true }));
    this.#byId.set(one.id, one);
  }

  /** In the order in which they were noted. */
  all(): readonly Note[] {
    return [...this.#byId.values()];
  }
}

/** A line cut off by a crash was not noted. */
function noteIn<Note>(line: string): Note | undefined {
  try {
    return JSON.parse(line) as Note;
  } catch {
    return undefined;
  }
}
