/**
 * Whether the bytes of a field are the id of an impression, by the rules of every entrance (`stated-fields`).
 * Most ids are seen to be good byte by byte; only what might be none is made a text and asked.
 */
import { auctionIdFault, idFault as statedIdFault } from '#protocol';

export const idFault = { none: 0, missing: 1, macro: 2, notAcceptable: 3 } as const;

const plainBytesMax = 256;
/** What stands for no id has so many bytes at most, or begins with a dash. */
const placeholderBytesMax = 9;
const dash = 45;
const underscore = 95;

/** Letters, digits, - . : and the like need no look; marks of macros, blanks and bytes beyond ASCII do. */
const needsLook = Uint8Array.from({ length: 256 }, (_, byte) =>
  byte <= 32 || byte >= 127 || '$%[\\{}<@#'.includes(String.fromCharCode(byte)) ? 1 : 0,
);

const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** A value of `idFault` for the id bytes[start, end) of an auction. */
export function idFaultOf(bytes: Uint8Array, start: number, end: number): number {
  const length = end - start;
  if (length <= 0) return idFault.missing;
  const isNumber = length > 1 && bytes[start] >= 48 && bytes[start] <= 57;
  if ((length <= placeholderBytesMax && !isNumber) || bytes[start] === dash) {
    return lookAt(bytes.subarray(start, end), true);
  }
  return needsALook(bytes, start, end) ? lookAt(bytes.subarray(start, end), true) : idFault.none;
}

/** The same of what tells impressions of one auction apart, which 0 may do. */
export function impFaultOf(bytes: Uint8Array, start: number, end: number): number {
  if (end <= start) return idFault.missing;
  return needsALook(bytes, start, end) ? lookAt(bytes.subarray(start, end), false) : idFault.none;
}

function needsALook(bytes: Uint8Array, start: number, end: number): boolean {
  let looks = end - start > plainBytesMax ? 1 : 0;
  for (let at = start; at < end; at++) {
    const byte = bytes[at];
    looks |= needsLook[byte];
    if (byte === underscore && at > start && bytes[at - 1] === underscore) looks = 1;
  }
  return looks !== 0;
}

function lookAt(bytes: Uint8Array, tellsAuctions: boolean): number {
  let id: string;
  try {
    id = text.decode(bytes);
  } catch {
    return idFault.notAcceptable;
  }
  const fault = statedIdFault(id);
  if (fault === 'unresolved-macro') return idFault.macro;
  if (fault !== undefined) return idFault.notAcceptable;
  return tellsAuctions && auctionIdFault(id) !== undefined ? idFault.missing : idFault.none;
}
