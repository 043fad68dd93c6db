/**
 * The calls to a disk that durable stores make, as an argument: tests watch their order and let them fail as
 * disks do.
 */
import { type FileHandle, mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { codeOf } from './fault.js';

export interface OpenFile {
  /** Writes all of the bytes at the file's end, or throws: a short write goes on or is an error. */
  append(bytes: Uint8Array): Promise<void>;
  /** Resolves when what was written is on the disk. */
  datasync(): Promise<void>;
  /** Cuts the file to this length. */
  truncate(length: number): Promise<void>;
  close(): Promise<void>;
}

export interface FileFacts {
  readonly size: number;
  /** Tells two files or folders under the same name apart. */
  readonly id: string;
}

/** Everything throws the error of Node, with its `code`. */
export interface FileSystem {
  /** `create` makes a file and fails where there is one; `append` goes on at the end of one or makes it. */
  open(path: string, how: 'create' | 'append'): Promise<OpenFile>;
  read(path: string, signal?: AbortSignal): Promise<Uint8Array>;
  facts(path: string): Promise<FileFacts>;
  rename(from: string, to: string): Promise<void>;
  remove(path: string): Promise<void>;
  /** One that is there already is fine; what it lies in must be there. */
  makeFolder(path: string): Promise<void>;
  list(path: string): Promise<readonly string[]>;
  /** Resolves when the names in the folder are on the disk. */
  syncFolder(path: string): Promise<void>;
}

export const systemFiles: FileSystem = {
  open: async (path, how) => openedFile(await open(path, how === 'create' ? 'wx' : 'a'), path),
  async read(path, signal) {
    const bytes = await readFile(path, { signal });
    return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);
  },
  async facts(path) {
    const { size, dev, ino } = await stat(path);
    return { size, id: `${dev}/${ino}` };
  },
  rename: (from, to) => rename(from, to),
  remove: (path) => rm(path, { force: true }),
  async makeFolder(path) {
    await mkdir(path).catch((cause) => codeOf(cause) === 'EEXIST' || Promise.reject(cause));
  },
  list: (path) => readdir(path),
  async syncFolder(path) {
    const handle = await open(path, 'r');
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  },
};

function openedFile(handle: FileHandle, path: string): OpenFile {
  return {
    async append(bytes) {
      for (let at = 0; at < bytes.length; ) {
        const { bytesWritten } = await handle.write(bytes, at, bytes.length - at);
        if (bytesWritten === 0) {
          throw Object.assign(new Error(`took ${at} of ${bytes.length} bytes`), { code: 'ESHORT', path });
        }
        at += bytesWritten;
      }
    },
    datasync: () => handle.datasync(),
    truncate: (length) => handle.truncate(length),
    close: () => handle.close(),
  };
}
