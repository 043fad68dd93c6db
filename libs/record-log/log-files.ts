/** The files of a segment log: their names, and their disk with faults that name path and reason. */
import { join } from 'node:path';
import { codeOf, Fault, type FileSystem, messageOf, type OpenFile } from '#environment';

const hexDigits = 12;
const segmentSuffix = '.segment';

export const segmentPath = (folder: string, number: number): string =>
  join(folder, `${number.toString(16).padStart(hexDigits, '0')}${segmentSuffix}`);
export const rowsPath = (folder: string, number: number): string =>
  segmentPath(folder, number).replace(segmentSuffix, '.index');
export const logIdPath = (folder: string): string => join(folder, 'log-id');

/** The number of a segment or of its index; undefined for other files. */
export function numberOf(file: string): number | undefined {
  const digits = /^([0-9a-f]{12})\.(segment|index)$/.exec(file)?.[1];
  return digits === undefined ? undefined : Number.parseInt(digits, 16);
}

export const isSegment = (file: string): boolean =>
  file.endsWith(segmentSuffix) && numberOf(file) !== undefined;

const isFull = new Set(['ENOSPC', 'EDQUOT', 'EFBIG']);

function unavailable(act: string, path: string, cause: unknown): Fault {
  if (cause instanceof Fault) return cause;
  const code = codeOf(cause) ?? 'no code';
  const advice = isFull.has(code)
    ? 'make room on that disk: the log goes on by itself'
    : 'see to that disk: the log goes on by itself when it answers';
  const message = `the record log could not ${act} ${path}: ${code}: ${messageOf(cause)}; ${advice}`;
  return new Fault('record-log-unavailable', message, { retriable: true, cause });
}

/** What is missing or broken so that nothing can be read around it. */
export function damagedLog(folder: string, what: string): Fault {
  const message =
    `the record log in ${folder} is damaged: ${what}; bring the folder back from a copy, or move it away to ` +
    'begin an empty one (docs/explanation/crash-safety.md says what that costs)';
  return new Fault('record-log-damaged', message, { retriable: false });
}

/** Less is there than was flushed: a file is gone, cut short or an older copy. */
export function shorterLog(folder: string, what: string): Fault {
  const message =
    `the record log in ${folder} holds less than was flushed to it: ${what}; bring the folder back from a copy ` +
    'made since, or move it away to begin an empty one (docs/explanation/crash-safety.md says what that costs)';
  return new Fault('record-log-shorter', message, { retriable: false });
}

/** The files that the owner writes are no longer those that others find: no receipt may rest on them. */
export function goneLog(folder: string, what: string): Fault {
  const message =
    `the record log in ${folder} is no longer the one that this process owns: ${what}; nothing more is ` +
    'acknowledged: bring back the folder as it was and start the process again';
  return new Fault('record-log-gone', message, { retriable: false });
}

/** The same disk; what it throws, but for a file that is not there, becomes a fault of the port. */
export function faultingFiles(files: FileSystem): FileSystem {
  const attempt = async <Result>(act: string, path: string, step: () => Promise<Result>): Promise<Result> => {
    try {
      return await step();
    } catch (cause) {
      throw codeOf(cause) === 'ENOENT' ? cause : unavailable(act, path, cause);
    }
  };
  const opened = (path: string, file: OpenFile): OpenFile => ({
    read: (into, position) => attempt('read', path, () => file.read(into, position)),
    append: (bytes) => attempt('write', path, () => file.append(bytes)),
    write: (bytes, position) => attempt('write', path, () => file.write(bytes, position)),
    datasync: () => attempt('flush', path, () => file.datasync()),
    truncate: (length) => attempt('cut', path, () => file.truncate(length)),
    facts: () => attempt('look at', path, () => file.facts()),
    close: () => attempt('close', path, () => file.close()),
  });
  return {
    open: (path, how) => attempt('open', path, async () => opened(path, await files.open(path, how))),
    read: (path, signal) => attempt('read', path, () => files.read(path, signal)),
    facts: (path) => attempt('look at', path, () => files.facts(path)),
    rename: (from, to) => attempt('rename', from, () => files.rename(from, to)),
    remove: (path) => attempt('remove', path, () => files.remove(path)),
    makeFolder: (path) => attempt('make', path, () => files.makeFolder(path)),
    list: (path) => attempt('list', path, () => files.list(path)),
    syncFolder: (path) => attempt('flush', path, () => files.syncFolder(path)),
  };
}

const openMax = 16;

interface Used {
  readonly file: Promise<OpenFile>;
  users: number;
  isDropped: boolean;
}

/** Segments open to be read, a few at a time: opening one costs more than reading an entry. */
export class ReadFiles {
  readonly #folder: string;
  readonly #files: FileSystem;
  readonly #open = new Map<number, Used>();

  constructor(folder: string, files: FileSystem) {
    this.#folder = folder;
    this.#files = files;
  }

  /** Throws an error with the code ENOENT when the segment is no more. */
  async use<Result>(number: number, act: (file: OpenFile) => Promise<Result>): Promise<Result> {
    const used = this.#open.get(number) ?? this.#opened(number);
    used.users++;
    try {
      return await act(await used.file);
    } finally {
      used.users--;
      await closeUnused(used);
    }
  }

  /** Whoever still reads one of those may finish. */
  async dropBefore(first: number): Promise<void> {
    for (const [number, used] of [...this.#open]) if (number < first) await this.#drop(number, used);
  }

  async #drop(number: number, used: Used): Promise<void> {
    used.isDropped = true;
    this.#open.delete(number);
    await closeUnused(used);
  }

  #opened(number: number): Used {
    const [oldest] = this.#open;
    if (this.#open.size >= openMax) void this.#drop(...oldest);
    const file = this.#files.open(segmentPath(this.#folder, number), 'read');
    const used = { file, users: 0, isDropped: false };
    this.#open.set(number, used);
    // A failure is told to whoever waits for it; the next one tries again.
    file.catch(() => this.#open.get(number) === used && this.#open.delete(number));
    return used;
  }
}

async function closeUnused({ file, users, isDropped }: Used): Promise<void> {
  if (users === 0 && isDropped) await file.then((opened) => opened.close()).catch(() => {});
}

/** What reading a segment throws that a truncation has removed meanwhile, or that was lost. */
export function goneSegment(path: string): Error {
  return Object.assign(new Error(`${path} is gone`), { code: 'ENOENT', path });
}

export const goneFrom = (cause: unknown): boolean => codeOf(cause) === 'ENOENT';
