/** Amounts as people write them, and token base units as the Vault counts them. */
import { parseScaledDecimal } from '#encoding';
import { CommandRefused } from '../report/command-refused.js';
import { formatNano } from '../report/output.js';

/** Digits behind the point that are read. */
const decimals = 18;
const nanoPerUnit = 1_000_000_000n;

/** `12.5` units of the channel's currency in base units; refuses what no whole number of them is. */
export function baseUnitsOf(text: string, tokenPerUnit: bigint): bigint {
  const parsed = parseScaledDecimal(text, decimals);
  if (!parsed.ok) throw refused(`${text} is ${parsed.refusal}: write an amount such as 12.5`);
  const scaled = parsed.value * tokenPerUnit;
  const one = 10n ** BigInt(decimals);
  if (scaled % one !== 0n) {
    throw refused(`${text} is no whole number of the token's base units, ${tokenPerUnit} of which are one`);
  }
  return scaled / one;
}

/** Nano-units of a currency; refuses what is finer. */
export function nanoOf(text: string): bigint {
  const parsed = parseScaledDecimal(text, 9);
  if (parsed.ok) return parsed.value;
  throw refused(`${text} is ${parsed.refusal}: an amount has at most nine digits behind the point`);
}

/** Base units in units of the currency, cut to nano. */
export function amountText(baseUnits: bigint, tokenPerUnit: bigint): string {
  return formatNano((baseUnits * nanoPerUnit) / tokenPerUnit);
}

function refused(message: string): CommandRefused {
  return new CommandRefused('amount-not-payable', message);
}
