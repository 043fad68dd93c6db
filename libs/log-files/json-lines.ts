/** Splits text of one JSON object a line into rows. */
import { JsonValues, wantedKeys } from './json-value.js';
import { LineCutter } from './line-cutter.js';
import { type RowBlock, RowBlockBuilder, rowFault } from './row-block.js';

const newline = 10;

/**
 * Takes the text chunk by chunk, cut anywhere; `paths` are keys, of inner objects and lists with points
 * between.
 */
export class JsonLines {
  readonly #cutter = new LineCutter();
  readonly #block: RowBlockBuilder;
  readonly #values: JsonValues;
  #line = 1;

  constructor(paths: readonly string[]) {
    this.#block = new RowBlockBuilder(paths.length);
    this.#values = new JsonValues(wantedKeys(paths));
  }

  push(chunk: Uint8Array): RowBlock {
    const cutter = this.#cutter;
    cutter.push(chunk);
    this.#block.begin(cutter.work);
    if (cutter.passGivenUp()) this.#line += 1;
    let start = cutter.from;
    for (;;) {
      const end = cutter.work.indexOf(newline, start);
      if (end < 0 || end >= cutter.to) break;
      this.#readLine(start, end);
      start = end + 1;
    }
    if (cutter.keepFrom(start)) {
      this.#block.reserveRow();
      this.#block.endRow(this.#line, rowFault.tooLong);
    }
    return this.#block;
  }

  end(): RowBlock {
    const { work, from, to, isSkipping } = this.#cutter;
    this.#block.begin(work);
    if (!isSkipping && from < to) this.#readLine(from, to);
    return this.#block;
  }

  #readLine(start: number, end: number): void {
    const block = this.#block;
    const { bytes } = block;
    let from = start;
    while (from < end && bytes[from] <= 32) from += 1;
    if (from < end) {
      block.reserveRow();
      const base = block.rows * block.fields;
      const isObject = this.#values.read(bytes, from, end, block.starts, block.ends, base);
      block.endRow(this.#line, isObject ? rowFault.none : rowFault.notJson);
    }
    this.#line += 1;
  }
}

/** The paths of all values of the objects in `head`, in the order in which they first come. */
export function pathsOf(head: Uint8Array): string[] {
  const found = new Set<string>();
  const walk = (value: unknown, path: string): void => {
    if (typeof value !== 'object' || value === null) {
      found.add(path);
      return;
    }
    for (const [key, one] of Object.entries(value)) walk(one, path === '' ? key : `${path}.${key}`);
  };
  for (const line of new TextDecoder().decode(head).split('\n').slice(0, linesLookedAt)) {
    try {
      walk(JSON.parse(line), '');
    } catch {
      // What is no JSON is listed when it is read as a row.
    }
  }
  return [...found];
}

const linesLookedAt = 1_000;
