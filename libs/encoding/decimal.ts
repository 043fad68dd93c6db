/** Decimal text to integers without floating point: prices at the border. */
import { holdsMacro } from './macro.js';

export type DecimalRefusal = 'unresolved-macro' | 'not-a-number' | 'negative' | 'too-precise';

/**
 * `text × 10^exponent` as an integer. Accepts digits with an optional fraction, as OpenRTB prices are
 * written;
 *  refuses exponents, signs other than a leading minus, blanks and what would leave a fraction. */
export function parseScaledDecimal(
  text: string,
  exponent: number,
): { readonly ok: true; readonly value: bigint } | { readonly ok: false; readonly refusal: DecimalRefusal } {
  if (holdsMacro(text)) return { ok: false, refusal: 'unresolved-macro' };
  if (text.length > 64) return { ok: false, refusal: 'not-a-number' };
  const match = /^(-?)(\d+)(?:\.(\d+))?$/.exec(text);
  if (match === null) return { ok: false, refusal: 'not-a-number' };
  const [, sign, whole, fraction = ''] = match;
  const significant = fraction.replace(/0+$/, '');
  if (sign === '-' && /[1-9]/.test(whole + significant)) return { ok: false, refusal: 'negative' };
  if (significant.length > exponent) return { ok: false, refusal: 'too-precise' };
  return { ok: true, value: BigInt(whole + significant.padEnd(exponent, '0')) };
}
