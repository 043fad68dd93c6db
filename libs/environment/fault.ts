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
