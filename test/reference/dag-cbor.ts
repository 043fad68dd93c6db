/**
 * The part of DAG-CBOR that a block report needs: unsigned integers, text, lists, and maps with text keys.
 */
import { ascii, bigEndian, join } from './bytes.js';

export type Plain = number | bigint | string | readonly Plain[] | { readonly [key: string]: Plain };

/** Shortest integers; keys ordered by length, then by bytes. */
export function encodePlain(value: Plain): Uint8Array {
  if (typeof value === 'number' || typeof value === 'bigint') return head(0, BigInt(value));
  if (typeof value === 'string') return join(head(3, BigInt(value.length)), ascii(value));
  if (Array.isArray(value)) return join(head(4, BigInt(value.length)), ...value.map(encodePlain));
  const entries = Object.entries(value).sort(
    ([a], [b]) => a.length - b.length || (a < b ? -1 : a > b ? 1 : 0),
  );
  return join(
    head(5, BigInt(entries.length)),
    ...entries.flatMap(([key, one]) => [encodePlain(key), encodePlain(one as Plain)]),
  );
}

function head(major: number, value: bigint): Uint8Array {
  const first = major << 5;
  if (value < 24n) return bigEndian(first + Number(value), 1);
  for (const [code, length] of [
    [24, 1],
    [25, 2],
    [26, 4],
    [27, 8],
  ]) {
    if (value < 256n ** BigInt(length)) return join(bigEndian(first + code, 1), bigEndian(value, length));
  }
  throw new Error(`${value} is above 64 bits`);
}
