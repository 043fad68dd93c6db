/** A fault: broken input or output of an outside system. Refusals are values, bugs are assertions. */
export class Fault extends Error {
  readonly code: string;
  readonly retriable: boolean;

  /**
   * `code` is kebab-case and listed in the error reference; `retriable` says whether trying again can help.
   */
  constructor(code: string, message: string, options: { retriable: boolean; cause?: unknown }) {
    super(message, { cause: options.cause });
    this.name = 'Fault';
    this.code = code;
    this.retriable = options.retriable;
  }
}

/** What broke, in words, for the message of a fault. Works for errors of other realms and threads too. */
export function messageOf(cause: unknown): string {
  return typeof cause === 'object' && cause !== null && 'message' in cause
    ? String(cause.message)
    : String(cause);
}

/** The `code` that Node puts on its errors, for example `ENOENT`. */
export function codeOf(cause: unknown): string | undefined {
  return typeof cause === 'object' && cause !== null && 'code' in cause ? String(cause.code) : undefined;
}
