/** Rows of a log that cannot be used: all are counted by code, so many as anybody reads are listed. */
import type { RowFault } from '#log-files';

export interface UnusableRow {
  /** Where several files are replayed. */
  readonly file?: string;
  /** From 1. */
  readonly line: number;
  readonly code: RowFault | 'impression-in-another-block' | 'click-without-impression';
}

const listedMax = 10_000;

export class UnusableRows {
  readonly #files: readonly string[];
  readonly #counts = new Map<UnusableRow['code'], number>();
  readonly #listed: { readonly file: number; readonly line: number; readonly code: UnusableRow['code'] }[] =
    [];

  constructor(files: readonly string[]) {
    this.#files = files;
  }

  /** `file` is an index into the files. */
  add(file: number, line: number, code: UnusableRow['code']): void {
    this.#counts.set(code, (this.#counts.get(code) ?? 0) + 1);
    if (this.#listed.length < listedMax) this.#listed.push({ file, line, code });
  }

  get count(): number {
    return [...this.#counts.values()].reduce((sum, one) => sum + one, 0);
  }

  /** By code. */
  counts(): Readonly<Record<string, number>> {
    return Object.fromEntries([...this.#counts].sort(([a], [b]) => (a < b ? -1 : 1)));
  }

  /** In the order of the files and their lines, at most 10,000. */
  list(): UnusableRow[] {
    const sorted = [...this.#listed].sort((a, b) => a.file - b.file || a.line - b.line);
    const isOne = this.#files.length === 1;
    return sorted.map(({ file, ...row }) => (isOne ? row : { file: this.#files[file], ...row }));
  }
}
