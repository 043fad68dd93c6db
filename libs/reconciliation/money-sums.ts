/** Rows of figures: counts and exact sums of money, added up without an object or a BigInt of any. */

/** Sums hold a multiple of 2^52 and a rest, so that adding a price never rounds. */
const restEnd = 2 ** 52;

/** Figures of one (impression, seller) pair after the other, by whatever number they are told apart. */
export const figureAt = {
  impressions: 0,
  differing: 1,
  sellerImpressions: 2,
  buyerImpressions: 3,
  /** Two doubles each from here on. */
  sellerNano: 4,
  buyerNano: 6,
  /** What the payer owes for them, without the fees of auditors. */
  agreedNano: 8,
  /** |seller's − buyer's|, where one says nothing: all of the other's. */
  gapNano: 10,
} as const;
const rowLength = 12;

export interface Figures {
  readonly impressions: number;
  readonly differing: number;
  readonly sellerImpressions: number;
  readonly buyerImpressions: number;
  readonly sellerNano: bigint;
  readonly buyerNano: bigint;
  readonly agreedNano: bigint;
  readonly gapNano: bigint;
}

export class FigureRows {
  values: Float64Array;

  constructor(values: Float64Array = new Float64Array(rowLength)) {
    this.values = values;
  }

  get rows(): number {
    return this.values.length / rowLength;
  }

  /** Where row `row` begins; makes it if it is not there. */
  at(row: number): number {
    const at = row * rowLength;
    if (at >= this.values.length) {
      const larger = new Float64Array(Math.max(at + rowLength, this.values.length * 2));
      larger.set(this.values);
      this.values = larger;
    }
    return at;
  }

  add(other: FigureRows): void {
    for (let row = 0; row < other.rows; row++) this.addRow(row, other, row);
  }

  addRow(row: number, other: FigureRows, otherRow: number): void {
    const to = this.at(row);
    const from = otherRow * rowLength;
    for (let at = 0; at < figureAt.sellerNano; at++) this.values[to + at] += other.values[from + at];
    for (let at: number = figureAt.sellerNano; at < rowLength; at += 2) {
      this.values[to + at] += other.values[from + at];
      addNano(this.values, to + at, other.values[from + at + 1]);
    }
  }

  figures(row: number): Figures {
    const at = this.at(row);
    const { values } = this;
    return {
      impressions: values[at],
      differing: values[at + figureAt.differing],
      sellerImpressions: values[at + figureAt.sellerImpressions],
      buyerImpressions: values[at + figureAt.buyerImpressions],
      sellerNano: nanoAt(values, at + figureAt.sellerNano),
      buyerNano: nanoAt(values, at + figureAt.buyerNano),
      agreedNano: nanoAt(values, at + figureAt.agreedNano),
      gapNano: nanoAt(values, at + figureAt.gapNano),
    };
  }
}

/** Adds a whole number below 2^52 to the sum whose two doubles begin at `at`. */
export function addNano(values: Float64Array, at: number, nano: number): void {
  const rest = values[at + 1] + nano;
  if (rest >= restEnd) {
    values[at] += 1;
    values[at + 1] = rest - restEnd;
  } else {
    values[at + 1] = rest;
  }
}

export function nanoAt(values: Float64Array, at: number): bigint {
  return BigInt(values[at]) * BigInt(restEnd) + BigInt(values[at + 1]);
}
