/** What an inspection of stored data says of one thing. Inspections read; only `mend` changes anything. */
export interface Finding {
  /** What was looked at, in words. */
  readonly what: string;
  readonly isGood: boolean;
  /** What was found: counts where all is good, what is wrong and what to do where it is not. */
  readonly detail: string;
  /** Makes it good without losing anything that counts; absent where only a copy helps. */
  readonly mend?: Mend;
}

export interface Mend {
  /** What it does, in words. */
  readonly does: string;
  run(): Promise<void>;
}

export function good(what: string, detail: string): Finding {
  return { what, isGood: true, detail };
}

export function wrong(what: string, detail: string, mend?: Mend): Finding {
  return { what, isGood: false, detail, mend };
}
