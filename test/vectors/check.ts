/**
 * Checks the product's own code against a folder of protocol vectors; every comparison is counted, every
 * difference named.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';

export interface Difference {
  readonly file: string;
  readonly what: string;
  readonly expected: unknown;
  readonly found: unknown;
}

/** Collects comparisons of one vector file. */
export class VectorCheck {
  readonly differences: Difference[] = [];
  comparisons = 0;
  readonly #file: string;

  constructor(file: string) {
    this.#file = file;
  }

  equal(what: string, found: unknown, expected: unknown): void {
    this.comparisons += 1;
    if (!isDeepStrictEqual(found, expected)) {
      this.differences.push({ file: this.#file, what, expected, found });
    }
  }
}

/** Reads a vector file; integers stay as the file writes them. */
export function readVectors<T>(folder: string, file: string): T {
  return JSON.parse(readFileSync(join(folder, file), 'utf8')) as T;
}
