/**
 * Splits delimited text, CSV as RFC 4180 has it or fields between other bytes, into rows without making a
 * string or an object of any.
 */
import { LineCutter, rowBytesMax } from './line-cutter.js';
import { type RowBlock, RowBlockBuilder, rowFault } from './row-block.js';

export interface DelimitedLayout {
  /** The byte between fields. */
  readonly delimiter: number;
  /** Whether fields may stand in double quotes. */
  readonly hasQuotes: boolean;
  /** How many fields a row has. */
  readonly columns: number;
  /** Which of them are wanted, from 0, in the order in which blocks give them. */
  readonly wanted: readonly number[];
  /** Line of the first byte. */
  readonly firstLine: number;
}

const newline = 10;
const carriageReturn = 13;
const quote = 34;

/** Takes the text chunk by chunk, cut anywhere. */
export class DelimitedText {
  readonly #delimiter: number;
  readonly #hasQuotes: boolean;
  readonly #columns: number;
  readonly #block: RowBlockBuilder;
  /** Of each column the field of the block, or -1. */
  readonly #fieldOf: Int32Array;
  readonly #cutter = new LineCutter();
  #line: number;
  /** Fields of the row in hand that hold doubled quotes. */
  readonly #escaped: number[] = [];
  /** Lines that begin inside of quotes of the row in hand. */
  #linesInside = 0;

  constructor(layout: DelimitedLayout) {
    this.#delimiter = layout.delimiter;
    this.#hasQuotes = layout.hasQuotes;
    this.#columns = layout.columns;
    this.#block = new RowBlockBuilder(layout.wanted.length);
    this.#fieldOf = new Int32Array(layout.columns).fill(-1);
    for (const [field, column] of layout.wanted.entries()) this.#fieldOf[column] = field;
    this.#line = layout.firstLine;
  }

  /** The rows that end in this chunk, which is copied. */
  push(chunk: Uint8Array): RowBlock {
    const cutter = this.#cutter;
    cutter.push(chunk);
    this.#block.begin(cutter.work);
    if (cutter.passGivenUp()) this.#line += 1;
    if (cutter.keepFrom(this.#split(cutter.from, cutter.to, false))) {
      this.#block.reserveRow();
      this.#block.endRow(this.#line, rowFault.tooLong);
    }
    return this.#block;
  }

  /** The last row, where no newline ends it. */
  end(): RowBlock {
    const { work, from, to, isSkipping } = this.#cutter;
    this.#block.begin(work);
    if (!isSkipping) this.#split(from, to, true);
    return this.#block;
  }

  /** Splits the bytes [from, to) and returns where the row begins that has not ended, `to` if none. */
  #split(from: number, to: number, isLast: boolean): number {
    let start = from;
    while (start < to) {
      const end = this.#splitRow(start, to, isLast);
      if (end < 0) return start;
      start = end;
    }
    return to;
  }

  /** Splits the row that begins at `rowStart` and returns where the next begins, or -1 if it does not end. */
  #splitRow(rowStart: number, to: number, isLast: boolean): number {
    const bytes = this.#cutter.work;
    const block = this.#block;
    const delimiter = this.#delimiter;
    const plainAbove = Math.max(delimiter, quote);
    const fieldOf = this.#fieldOf;
    block.reserveRow();
    const { starts, ends } = block;
    const base = block.rows * block.fields;
    let column = 0;
    let start = rowStart;
    let at = rowStart;
    for (; at < to; at++) {
      const byte = bytes[at];
      if (byte > plainAbove) continue;
      if (byte === delimiter) {
        const field = fieldOf[column++];
        if (field >= 0) {
          starts[base + field] = start;
          ends[base + field] = at;
        }
        start = at + 1;
      } else if (byte === newline) {
        break;
      } else if (byte === quote && at === start && this.#hasQuotes) {
        return this.#splitQuotedRow(rowStart, to, isLast);
      }
    }
    if (at === to && !isLast) return -1;
    const end = at > rowStart && bytes[at - 1] === carriageReturn ? at - 1 : at;
    if (end > rowStart) {
      const field = column < this.#columns ? fieldOf[column] : -1;
      if (field >= 0) {
        starts[base + field] = start;
        ends[base + field] = end;
      }
      block.endRow(this.#line, column + 1 === this.#columns ? rowFault.none : rowFault.columnCount);
    }
    this.#line += 1;
    return at + 1;
  }

  /** The same for a row with a field in quotes. Bytes are moved only once the row is known to end. */
  #splitQuotedRow(rowStart: number, to: number, isLast: boolean): number {
    const bytes = this.#cutter.work;
    const block = this.#block;
    this.#escaped.length = 0;
    this.#linesInside = 0;
    let column = 0;
    let at = rowStart;
    let fault: number = rowFault.none;
    for (;;) {
      const isQuoted = bytes[at] === quote && at < to;
      const start = isQuoted ? at + 1 : at;
      let end = isQuoted ? this.#closingQuote(start, to, block.rows * block.fields, column) : -1;
      if (isQuoted && end < 0) {
        return !isLast && to - rowStart <= rowBytesMax ? -1 : this.#endBrokenRow(rowStart, to);
      }
      at = isQuoted ? end + 1 : at;
      while (at < to && bytes[at] !== this.#delimiter && bytes[at] !== newline) at += 1;
      if (at === to && !isLast) return -1;
      const isRowEnd = at === to || bytes[at] === newline;
      const textEnd = isRowEnd && bytes[at - 1] === carriageReturn && at - 1 >= start ? at - 1 : at;
      if (!isQuoted) end = textEnd;
      else if (end + 1 !== textEnd) fault = rowFault.quoteNotClosed;
      const field = column < this.#columns ? this.#fieldOf[column] : -1;
      if (field >= 0) {
        block.starts[block.rows * block.fields + field] = start;
        block.ends[block.rows * block.fields + field] = end;
      }
      column += 1;
      at += 1;
      if (isRowEnd) break;
    }
    for (const field of this.#escaped) this.#unescape(field);
    block.endRow(this.#line, column === this.#columns ? fault : rowFault.columnCount);
    this.#line += 1 + this.#linesInside;
    return at;
  }

  /** Place of the quote that closes what begins at `from`, or -1. */
  #closingQuote(from: number, to: number, base: number, column: number): number {
    const bytes = this.#cutter.work;
    let isEscaped = false;
    for (let at = from; at < to; at++) {
      const byte = bytes[at];
      if (byte > quote) continue;
      if (byte === newline) this.#linesInside += 1;
      if (byte !== quote) continue;
      if (at + 1 < to && bytes[at + 1] === quote) {
        isEscaped = true;
        at += 1;
        continue;
      }
      const field = column < this.#columns ? this.#fieldOf[column] : -1;
      if (isEscaped && field >= 0) this.#escaped.push(base + field);
      return at;
    }
    return -1;
  }

  /** A quote that never closes ends with its line, so that the rows after it are not lost. */
  #endBrokenRow(rowStart: number, to: number): number {
    const end = this.#cutter.work.subarray(rowStart, to).indexOf(newline);
    this.#block.endRow(this.#line, rowFault.quoteNotClosed);
    this.#line += 1;
    return end < 0 ? to : rowStart + end + 1;
  }

  #unescape(field: number): void {
    const bytes = this.#cutter.work;
    const { starts, ends } = this.#block;
    let to = starts[field];
    for (let at = starts[field]; at < ends[field]; at++) {
      bytes[to++] = bytes[at];
      if (bytes[at] === quote) at += 1;
    }
    ends[field] = to;
  }
}

/** The rows of CSV that is known to be good, as text. */
export function* csvRows(pieces: Iterable<Uint8Array>, columns: number): Generator<string[]> {
  const wanted = Array.from({ length: columns }, (_, at) => at);
  const text = new DelimitedText({ delimiter: 44, hasQuotes: true, columns, wanted, firstLine: 1 });
  const decoder = new TextDecoder();
  const fieldsOf = function* ({ bytes, rows, starts, ends }: RowBlock): Generator<string[]> {
    for (let row = 0; row < rows; row++) {
      yield wanted.map((at) =>
        decoder.decode(bytes.subarray(starts[row * columns + at], ends[row * columns + at])),
      );
    }
  };
  for (const piece of pieces) yield* fieldsOf(text.push(piece));
  yield* fieldsOf(text.end());
}
