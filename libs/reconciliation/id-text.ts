/**
 * What may be the id of an impression: neither a placeholder, nor a macro that nobody replaced, nor bytes
 * that are not text.
 */

export const idFault = { none: 0, missing: 1, macro: 2, notAcceptable: 3 } as const;

const idBytesMax = 256;
/** What logs write where they have nothing. */
const placeholders = new Set([
  'null',
  'nil',
  'none',
  'undefined',
  'na',
  'n/a',
  'nan',
  '0',
  '-',
  '(null)',
  '\\n',
]);
const placeholderBytesMax = 9;
/** ${X}, {{X}}, {X}, %%X%%, [X], also with percent signs in the place of the marks. */
const macro =
  /^(\$?\{+[^{}]*\}+|%%[^%]*%%|\[[^\]]*\]|(\$|%24)?(%7b)+.*(%7d)+)$|\$\{|\{\{|%%\w+%%|(\$|%24)%7b|%7b%7b/i;

/** Letters, digits, - . : _ and the like need no look; marks of macros, blanks and bytes beyond ASCII do. */
const needsLook = Uint8Array.from({ length: 256 }, (_, byte) =>
  byte <= 32 || byte >= 127 || '$%[\\{}'.includes(String.fromCharCode(byte)) ? 1 : 0,
);

const text = new TextDecoder('utf-8', { fatal: true });

/** A value of `idFault` for the id bytes[start, end). */
export function idFaultOf(bytes: Uint8Array, start: number, end: number): number {
  const length = end - start;
  if (length <= 0) return idFault.missing;
  if (length > idBytesMax) return idFault.notAcceptable;
  const isNumber = length > 1 && bytes[start] >= 48 && bytes[start] <= 57;
  let looks = length <= placeholderBytesMax && !isNumber ? 1 : 0;
  for (let at = start; at < end; at++) looks |= needsLook[bytes[at]];
  return looks === 0 ? idFault.none : lookAt(bytes.subarray(start, end));
}

function lookAt(bytes: Uint8Array): number {
  let id: string;
  try {
    id = text.decode(bytes);
  } catch {
    return idFault.notAcceptable;
  }
  if (id.includes('\u0000')) return idFault.notAcceptable;
  const trimmed = id.trim();
  if (trimmed === '' || placeholders.has(trimmed.toLowerCase())) return idFault.missing;
  return macro.test(trimmed) ? idFault.macro : idFault.none;
}
