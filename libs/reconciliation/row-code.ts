/** Why a row of a log cannot be used. */

export type RowCode =
  | 'column-count'
  | 'not-json'
  | 'quote-not-closed'
  | 'row-too-long'
  | 'id-missing'
  | 'id-unresolved-macro'
  | 'id-not-acceptable'
  | 'price-missing'
  | 'price-unresolved-macro'
  | 'price-not-a-number'
  | 'price-negative'
  | 'price-too-precise'
  | 'price-too-large'
  | 'seller-missing'
  | 'seller-not-a-number';
