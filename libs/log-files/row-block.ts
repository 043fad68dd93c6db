/**
 * Rows of a log as they were read: the text of the wanted fields lies in one buffer, a field is two
 * offsets.
 */

/** Why a row has no fields. */
export const rowFault = { none: 0, columnCount: 1, notJson: 2, quoteNotClosed: 3, tooLong: 4 } as const;

/**
 * Views that the next block overwrites. Field f of row r lies at [starts[i], ends[i]) with i = r × fields
 * + f.
 */
export interface RowBlock {
  readonly bytes: Uint8Array;
  readonly rows: number;
  readonly fields: number;
  /** Below zero where the row does not have the field; its end is the same then. */
  readonly starts: Int32Array;
  readonly ends: Int32Array;
  /** Of each row a value of `rowFault`. */
  readonly faults: Uint8Array;
  /** Of each row the line it begins in, from 1; the number of the row in files without lines. */
  readonly lines: Uint32Array;
}

/** Collects rows of `fields` fields each; its arrays grow to the largest block. */
export class RowBlockBuilder implements RowBlock {
  bytes: Uint8Array = new Uint8Array(0);
  rows = 0;
  readonly fields: number;
  starts = new Int32Array(0);
  ends = new Int32Array(0);
  faults = new Uint8Array(0);
  lines = new Uint32Array(0);

  constructor(fields: number) {
    this.fields = fields;
    this.#resize(1_024);
  }

  begin(bytes: Uint8Array): void {
    this.bytes = bytes;
    this.rows = 0;
  }

  /** Begins row `rows`, none of whose fields is there yet. */
  reserveRow(): void {
    if (this.rows === this.lines.length) this.#resize(this.rows * 2);
    const at = this.rows * this.fields;
    this.starts.fill(-1, at, at + this.fields);
    this.ends.fill(-1, at, at + this.fields);
  }

  endRow(line: number, fault: number): void {
    this.lines[this.rows] = line;
    this.faults[this.rows] = fault;
    this.rows += 1;
  }

  #resize(rows: number): void {
    const grown = <T extends Int32Array | Uint32Array | Uint8Array>(old: T, into: T): T => {
      into.set(old);
      return into;
    };
    this.starts = grown(this.starts, new Int32Array(rows * this.fields));
    this.ends = grown(this.ends, new Int32Array(rows * this.fields));
    this.faults = grown(this.faults, new Uint8Array(rows));
    this.lines = grown(this.lines, new Uint32Array(rows));
  }
}
