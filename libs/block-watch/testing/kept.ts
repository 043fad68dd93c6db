/** What a simulated chain stores: an act changes all of it or nothing. */
import type { RefusalCode } from '#chain';

/** Why an act is not taken. */
export class Refusal extends Error {
  readonly code: RefusalCode;

  constructor(code: RefusalCode) {
    super(code);
    this.code = code;
  }
}

export function refuse(code: RefusalCode): never {
  throw new Refusal(code);
}

/** What the act under way has changed. */
export class Journal {
  #undo: (() => void)[] = [];

  /** Runs an act; what it changed is as before where it refuses. */
  run(act: () => void): Refusal | undefined {
    this.#undo = [];
    try {
      act();
      return undefined;
    } catch (cause) {
      for (const undo of this.#undo.reverse()) undo();
      if (cause instanceof Refusal) return cause;
      throw cause;
    } finally {
      this.#undo = [];
    }
  }

  note(undo: () => void): void {
    this.#undo.push(undo);
  }
}

/** Values are never changed, only replaced. */
export class Kept<Value> {
  readonly #journal: Journal;
  readonly #values = new Map<string, Value>();

  constructor(journal: Journal) {
    this.#journal = journal;
  }

  get(key: string): Value | undefined {
    return this.#values.get(key);
  }

  set(key: string, value: Value): void {
    const before = this.#values.get(key);
    const isNew = !this.#values.has(key);
    this.#values.set(key, value);
    this.#journal.note(() => {
      if (isNew) this.#values.delete(key);
      else this.#values.set(key, before as Value);
    });
  }

  /** As it is now, for whoever looks later. */
  copy(): ReadonlyMap<string, Value> {
    return new Map(this.#values);
  }
}
