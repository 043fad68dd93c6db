/**
 * Prices as logs write them: decimal text to nano-units an impression, without a string or a float
 * between.
 */

export const priceFault = { notANumber: 1, negative: 2, tooPrecise: 3, tooLarge: 4 } as const;

/** A hundred thousand units an impression: no price, but a column that was taken for one. */
const priceNanoMax = 1e14;

const zero = 48;
const nine = 57;
const point = 46;
const minus = 45;
const powersOfTen = Array.from({ length: 19 }, (_, power) => 10 ** power);

/**
 * bytes[start, end) × 10^exponent as a whole number of at most `priceNanoMax`, or the negative of a value
 * of `priceFault`. Accepts digits with an optional fraction, exactly as `parseScaledDecimal` does.
 */
export function readPrice(bytes: Uint8Array, start: number, end: number, exponent: number): number {
  let at = start;
  const isNegative = at < end && bytes[at] === minus;
  if (isNegative) at += 1;
  let value = 0;
  let fraction = -1;
  let digits = 0;
  for (; at < end; at++) {
    const byte = bytes[at];
    if (byte >= zero && byte <= nine) {
      digits += 1;
      if (fraction >= exponent) {
        if (byte !== zero)
          return hasOnlyDigits(bytes, at, end) ? -priceFault.tooPrecise : -priceFault.notANumber;
        continue;
      }
      value = value * 10 + (byte - zero);
      if (fraction >= 0) fraction += 1;
      if (value > priceNanoMax)
        return hasOnlyDigits(bytes, at, end) ? -priceFault.tooLarge : -priceFault.notANumber;
    } else if (byte === point && fraction < 0 && digits > 0) {
      fraction = 0;
      digits = 0;
    } else {
      return -priceFault.notANumber;
    }
  }
  if (digits === 0) return -priceFault.notANumber;
  const nano = value * powersOfTen[exponent - Math.max(fraction, 0)];
  if (isNegative && value > 0) return -priceFault.negative;
  return nano > priceNanoMax ? -priceFault.tooLarge : nano;
}

function hasOnlyDigits(bytes: Uint8Array, from: number, end: number): boolean {
  let points = 0;
  for (let at = from; at < end; at++) {
    if (bytes[at] === point) points += 1;
    else if (bytes[at] < zero || bytes[at] > nine) return false;
  }
  return points <= 1;
}
