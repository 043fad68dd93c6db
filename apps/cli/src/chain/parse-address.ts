/** Addresses as people copy them: where capitals are in one, they are its checksum (EIP-55). */
import { keccak256 } from '#crypto';
import { type Address, type Hex, isHexOf, toHex, utf8 } from '#encoding';

/** Lower case; undefined for what is no address, or one with a letter that was mistyped. */
export function parseAddress(text: string): Address | undefined {
  if (!isHexOf(text, 20)) return undefined;
  const lower = text.toLowerCase() as Hex;
  const digits = text.slice(2);
  const hasOneCase = digits === digits.toLowerCase() || digits === digits.toUpperCase();
  return hasOneCase || text === checksummed(lower) ? lower : undefined;
}

function checksummed(lower: Hex): string {
  const hash = toHex(keccak256(utf8(lower.slice(2)))).slice(2);
  const letters = [...lower.slice(2)].map((digit, at) =>
    Number.parseInt(hash[at], 16) >= 8 ? digit.toUpperCase() : digit,
  );
  return `0x${letters.join('')}`;
}
