/** The disk of this machine, or another, each call to it written down, and failing where a test says so. */
import { basename, relative } from 'node:path';
import { type FileSystem, type OpenFile, systemFiles } from '#environment';

export interface FileCall {
  readonly act: keyof FileSystem | keyof OpenFile;
  /** Relative to the watched folder; '' is the folder itself. */
  readonly path: string;
}

export interface WatchedFiles extends FileSystem {
  readonly calls: FileCall[];
  /** Throws what the disk answers instead of doing the call; does nothing by default. */
  before: (call: FileCall) => void | Promise<void>;
}

export function watchedFiles(root: string, files: FileSystem = systemFiles): WatchedFiles {
  const calls: FileCall[] = [];
  const told = async (act: FileCall['act'], path: string): Promise<void> => {
    const call = { act, path: relative(root, path) };
    calls.push(call);
    await watched.before(call);
  };
  const file = (path: string, opened: OpenFile): OpenFile => ({
    read: async (into, position) => told('read', path).then(() => opened.read(into, position)),
    write: async (bytes, position) => told('write', path).then(() => opened.write(bytes, position)),
    facts: async () => told('facts', path).then(() => opened.facts()),
    append: async (bytes) => told('append', path).then(() => opened.append(bytes)),
    datasync: async () => told('datasync', path).then(() => opened.datasync()),
    truncate: async (length) => told('truncate', path).then(() => opened.truncate(length)),
    close: async () => told('close', path).then(() => opened.close()),
  });
  const watched: WatchedFiles = {
    calls,
    before: () => {},
    open: (path, how) => told('open', path).then(async () => file(path, await files.open(path, how))),
    read: (path, signal) => told('read', path).then(() => files.read(path, signal)),
    facts: (path) => told('facts', path).then(() => files.facts(path)),
    rename: (from, to) => told('rename', from).then(() => files.rename(from, to)),
    remove: (path) => told('remove', path).then(() => files.remove(path)),
    makeFolder: (path) => told('makeFolder', path).then(() => files.makeFolder(path)),
    list: (path) => told('list', path).then(() => files.list(path)),
    syncFolder: (path) => told('syncFolder', path).then(() => files.syncFolder(path)),
  };
  return watched;
}

/** What a full disk answers. */
export function diskError(code: 'ENOSPC' | 'EFBIG' | 'EIO', path: string): Error {
  return Object.assign(new Error(`${code}: of a test, ${basename(path)}`), { code });
}
