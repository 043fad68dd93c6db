/**
 * What people and logs state in the fields of a record: one reading of each for every entrance, be it JSON,
 * NDJSON, the SDK or a file.
 */
import { holdsMacro, parseScaledDecimal } from '#encoding';
import { isAcceptableId } from './record.js';

/** Named as refusals are. */
export type IdFault = 'unresolved-macro' | 'id-not-acceptable';
export type PriceFault =
  | 'unresolved-macro'
  | 'price-not-a-number'
  | 'price-negative'
  | 'price-too-precise'
  | 'price-too-large';

/** nano-units of one impression in a price per thousand: 10^9 / 1000. */
export const cpmExponent = 6;
const u64End = 1n << 64n;
/** What programs write where they have no id: every impression that says so would be the same one. */
const placeholder = /^\s*(null|\(null\)|nil|none|undefined|nan|n\/?a|\\n|-+|0)?\s*$/i;

/** Of an id that names something beside the impression: its place in an auction, a campaign, a placement. */
export function idFault(id: string): IdFault | undefined {
  if (holdsMacro(id)) return 'unresolved-macro';
  return isAcceptableId(id) ? undefined : 'id-not-acceptable';
}

/** Of the id that tells auctions apart: `null`, `\N`, `-`, `0`, blanks and their like are no such id. */
export function auctionIdFault(id: string): IdFault | undefined {
  return placeholder.test(id) ? 'id-not-acceptable' : idFault(id);
}

/** Of a text that is only hashed, such as a log line: half a surrogate pair would be hashed as another. */
export function textFault(text: string): IdFault | undefined {
  return text.isWellFormed() ? undefined : 'id-not-acceptable';
}

/** `text × 10^exponent` nano-units, below 2^64; decimal digits with an optional fraction. */
export function parsePrice(
  text: string,
  exponent: number,
): { readonly ok: true; readonly value: bigint } | { readonly ok: false; readonly code: PriceFault } {
  const parsed = parseScaledDecimal(text, exponent);
  if (!parsed.ok) return { ok: false, code: priceFaults[parsed.refusal] };
  return parsed.value < u64End ? parsed : { ok: false, code: 'price-too-large' };
}

const priceFaults = {
  'unresolved-macro': 'unresolved-macro',
  'not-a-number': 'price-not-a-number',
  negative: 'price-negative',
  'too-precise': 'price-too-precise',
} as const;
