/** Why a row of a log cannot be used, or not in full. */

export const rowCodes = [
  'column-count',
  'not-json',
  'quote-not-closed',
  'row-too-long',
  'id-missing',
  'id-unresolved-macro',
  'id-not-acceptable',
  'price-missing',
  'price-unresolved-macro',
  'price-not-a-number',
  'price-negative',
  'price-too-precise',
  'price-too-large',
  'seller-missing',
  'seller-not-a-number',
] as const;
export type RowCode = (typeof rowCodes)[number];

/** A row that says nothing usable: where it is and why. */
export interface UnusableRow {
  readonly line: number;
  readonly code: RowCode;
}
