/** How a command ends: exit codes, and the named nos with the exit code of each. */
import { codeOf, type Fault, messageOf } from '#environment';

/** The same for every command. */
export const exitCode = {
  ok: 0,
  unexpected: 1,
  usage: 2,
  notFound: 3,
  conflict: 5,
  unavailable: 6,
  verificationFailed: 7,
  /** As shells say it of SIGINT. */
  interrupted: 130,
} as const;
export type ExitCode = (typeof exitCode)[keyof typeof exitCode];

/** All that the command line says by itself; docs/reference/errors.md says what to do about each. */
export const commandNos = {
  usage: exitCode.usage,
  'log-not-readable': exitCode.usage,
  'packing-not-supported': exitCode.usage,
  'log-layout-unknown': exitCode.usage,
  'log-of-bids': exitCode.usage,
  'log-without-impressions': exitCode.usage,
  'too-many-exchanges': exitCode.usage,
  'log-without-rows': exitCode.usage,
  'log-without-usable-rows': exitCode.usage,
  'log-without-header': exitCode.usage,
  'column-not-found': exitCode.usage,
  'seller-unknown': exitCode.usage,
  'currencies-differ': exitCode.usage,
  'too-many-sellers': exitCode.usage,
  'keys-of-another': exitCode.usage,
  'draft-not-readable': exitCode.usage,
  'amount-not-payable': exitCode.usage,
  'terms-refused': exitCode.usage,
  'log-not-found': exitCode.notFound,
  'data-not-found': exitCode.notFound,
  'channel-not-found': exitCode.notFound,
  'block-not-found': exitCode.notFound,
  'keys-not-found': exitCode.notFound,
  'proposal-not-found': exitCode.notFound,
  'participant-unknown': exitCode.notFound,
  'validator-unknown': exitCode.notFound,
  'parts-not-found': exitCode.notFound,
  'proof-not-found': exitCode.notFound,
  'not-in-block': exitCode.notFound,
  'id-not-in-logs': exitCode.notFound,
  'data-of-another-network': exitCode.conflict,
  'data-incomplete': exitCode.conflict,
  'network-damaged': exitCode.conflict,
  'block-not-settled': exitCode.conflict,
  'out-not-empty': exitCode.conflict,
  'port-in-use': exitCode.conflict,
  'keys-damaged': exitCode.conflict,
  'keys-readable-by-others': exitCode.conflict,
  'proposal-damaged': exitCode.conflict,
  'signatures-missing': exitCode.conflict,
  'refused-by-contracts': exitCode.conflict,
  'not-in-dispute': exitCode.conflict,
  'nothing-to-say': exitCode.conflict,
  'parts-incomplete': exitCode.unavailable,
  'out-unavailable': exitCode.unavailable,
  'temporary-folder-full': exitCode.unavailable,
  'file-unavailable': exitCode.unavailable,
  'account-without-gas': exitCode.unavailable,
  'result-differs': exitCode.verificationFailed,
  'found-differs-from-injected': exitCode.verificationFailed,
  'deposit-exceeded': exitCode.verificationFailed,
  'dispute-ended-otherwise': exitCode.verificationFailed,
  'data-damaged': exitCode.verificationFailed,
  'proposal-not-ours': exitCode.verificationFailed,
  'proof-refused': exitCode.verificationFailed,
  interrupted: exitCode.interrupted,
  unexpected: exitCode.unexpected,
} as const;
export type CommandNo = keyof typeof commandNos;

/** Ends a command with a named no: what was expected and what to do. */
export class CommandRefused extends Error {
  readonly code: CommandNo;
  readonly exit: ExitCode;
  /** What was found before the command ended so. */
  readonly data: unknown;

  constructor(code: CommandNo, message: string, options?: { cause?: unknown; data?: unknown }) {
    super(message, options);
    this.data = options?.data ?? null;
    this.name = 'CommandRefused';
    this.code = code;
    this.exit = commandNos[code];
  }
}

/** Runs `step` on a file that the command line keeps by itself; what the system refuses names the path. */
export function onFile<Result>(path: string, step: () => Result): Result {
  try {
    return step();
  } catch (cause) {
    throw new CommandRefused('file-unavailable', `${path}: ${messageOf(cause)}`, { cause });
  }
}

/** What a system says of a disk, a path or its owner; `ENOENT` is not among them, for it is also a bug's. */
const systemNos = new Set([
  ...['EACCES', 'EPERM', 'EROFS', 'ENOSPC', 'EDQUOT', 'EFBIG', 'EIO', 'EMFILE', 'ENFILE', 'EBUSY', 'ETXTBSY'],
  ...['EEXIST', 'ENOTEMPTY', 'EISDIR', 'ENOTDIR', 'ENAMETOOLONG', 'ELOOP', 'ENXIO'],
]);

/** The no of a machine that refuses a file, wherever it did; undefined where it is something else. */
export function refusedBySystem(error: unknown, path?: string): CommandRefused | undefined {
  if (error instanceof CommandRefused || !systemNos.has(codeOf(error) ?? '')) return undefined;
  const message = path === undefined ? messageOf(error) : `${path}: ${messageOf(error)}`;
  return new CommandRefused('file-unavailable', message, { cause: error });
}

/**
 * Faults that only somebody who changes something ends are conflicts: the folder is another's, or not what it
 * was. After all others the same command may go on.
 */
export function exitOfFault({ code }: Fault): ExitCode {
  if (code === 'chain-scheme-unknown') return exitCode.usage;
  if (code === 'lens-not-found') return exitCode.notFound;
  const isConflict = /-(in-use|damaged|older|shorter|incomplete)$|^record-log-(other|gone)$/.test(code);
  return isConflict ? exitCode.conflict : exitCode.unavailable;
}
