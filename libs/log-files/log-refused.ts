/** Why a file is not read as a log. */
export type LogRefusal =
  | 'log-not-found'
  | 'log-not-readable'
  | 'log-without-header'
  | 'log-without-rows'
  | 'column-not-found'
  | 'packing-not-supported'
  | 'log-layout-unknown'
  | 'log-of-bids'
  | 'log-without-impressions'
  | 'too-many-exchanges';

/** A file that cannot be read as it was asked; `code` is listed in the reference of errors. */
export class LogRefused extends Error {
  readonly code: LogRefusal;

  constructor(code: LogRefusal, message: string) {
    super(message);
    this.name = 'LogRefused';
    this.code = code;
  }
}
