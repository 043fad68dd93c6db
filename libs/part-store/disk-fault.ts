/** What broke on a disk, with its path and what to do. */
import { codeOf, Fault, messageOf } from '#environment';

const isFull = new Set(['ENOSPC', 'EDQUOT', 'EFBIG']);

/** `act` is what could not be done, for example `write`. A fault goes through as it is. */
export function diskFault(act: string, path: string, cause: unknown): Fault {
  if (cause instanceof Fault) return cause;
  const code = codeOf(cause) ?? 'no code';
  const advice = isFull.has(code)
    ? 'make room on that disk: the store goes on by itself'
    : 'see to that disk: the store goes on by itself when it answers';
  return new Fault(
    'part-store-unavailable',
    `the part store could not ${act} ${path}: ${code}: ${messageOf(cause)}; ${advice}`,
    { retriable: true, cause },
  );
}
