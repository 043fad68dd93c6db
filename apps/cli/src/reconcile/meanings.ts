/** What reasons and differences mean, in the words of tables and of the page. */
import type { ImpressionReason } from '#protocol';
import type { DifferenceKind } from '#reconciliation';

export const reasonMeaning: Readonly<Record<ImpressionReason, string>> = {
  matched: 'paid',
  'price-differs': 'two prices, one stands',
  'price-mismatch': 'two prices, none stands',
  'missing-dsp': 'the buyer has no win: not paid',
  'missing-ssp': 'the seller has no win: not paid',
  'missing-audit': 'no audit: not paid',
  'invalid-traffic': 'audited as invalid traffic: not paid',
  'not-viewable': 'never in view: not paid',
  'audit-only': 'an audit without a win',
};

export const differenceMeaning: Readonly<Record<DifferenceKind, string>> = {
  same: 'both have it, at one price',
  'other-price': 'both have it, at two prices',
  'only-seller': 'only the seller has it',
  'only-buyer': 'only the buyer has it',
};

/** 12.34 of parts per million, in percent. */
export function percent(ppm: number): string {
  return (ppm / 10_000).toFixed(2);
}

/** 2013-06-06 04:00 */
export function hourText(seconds: number): string {
  return new Date(seconds * 1_000).toISOString().slice(0, 16).replace('T', ' ');
}
