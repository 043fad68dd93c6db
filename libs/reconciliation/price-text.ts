/**
 * Prices as logs write them: decimal text to nano-units an impression, without a string or a float
 * between. What is no plain price is a text again, and every entrance's rule (`stated-fields`) says why.
 */
import { parsePrice } from '#protocol';
import type { RowCode } from './row-code.js';

/** A hundred thousand units an impression: no price, but a column that was taken for one. */
const priceNanoMax = 1e14;
const plainBytesMax = 64;

const zero = 48;
const nine = 57;
const point = 46;
const minus = 45;
const powersOfTen = Array.from({ length: 19 }, (_, power) => 10 ** power);

/** bytes[start, end) × 10^exponent as a whole number of at most `priceNanoMax`, or -1 where it is none. */
export function readPrice(bytes: Uint8Array, start: number, end: number, exponent: number): number {
  let at = start;
  const isNegative = at < end && bytes[at] === minus;
  if (isNegative) at += 1;
  if (end - start > plainBytesMax) return -1;
  let value = 0;
  let fraction = -1;
  let digits = 0;
  for (; at < end; at++) {
    const byte = bytes[at];
    if (byte >= zero && byte <= nine) {
      digits += 1;
      if (fraction >= exponent) {
        if (byte !== zero) return -1;
        continue;
      }
      value = value * 10 + (byte - zero);
      if (fraction >= 0) fraction += 1;
      if (value > priceNanoMax) return -1;
    } else if (byte === point && fraction < 0 && digits > 0) {
      fraction = 0;
      digits = 0;
    } else {
      return -1;
    }
  }
  if (digits === 0 || (isNegative && value > 0)) return -1;
  const nano = value * powersOfTen[exponent - Math.max(fraction, 0)];
  return nano > priceNanoMax ? -1 : nano;
}

/** Why `readPrice` finds no price there; a price that is too large for it is too large for a log. */
export function priceCode(bytes: Uint8Array, start: number, end: number, exponent: number): RowCode {
  if (end <= start) return 'price-missing';
  const parsed = parsePrice(new TextDecoder().decode(bytes.subarray(start, end)), exponent);
  if (parsed.ok) return 'price-too-large';
  return parsed.code === 'unresolved-macro' ? 'price-unresolved-macro' : parsed.code;
}
