/**
 * The calls to a disk that durable stores make, as an argument: tests watch their order and let them fail as
 * disks do.
 */
import { type FileHandle, mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { codeOf } from './fault.js';

export interface OpenFile {
  /** Fills `into` from `position` as far as the file reaches; returns how many bytes that were. */
  read(into: Uint8Array, position: number): Promise<number>;
  /** Writes all of the bytes at the file's end, or throws: a short write goes on or is an error. */
  append(bytes: Uint8Array): Promise<void>;
  /** The same at `position` of a file that was opened to `create` or `change` it. */
  write(bytes: Uint8Array, position: number): Promise<void>;
  /** Resolves when what was written is on the disk. */
  datasync(): Promise<void>;
  /** Cuts the file to this length. */
  truncate(length: number): Promise<void>;
  facts(): Promise<FileFacts>;
  close(): Promise<void>;
}

export interface FileFacts {
  readonly size: number;
  /** Tells two files or folders under the same name apart. */
  readonly id: string;
}

/** Everything throws the error of Node, with its `code`. */
export interface FileSystem {
  /**
   * `create` makes a file and fails where there is one; `append` goes on at the end of one or makes it;
   * `change` reads and writes one that is there, `read` only reads it.
   */
  open(path: string, how: keyof typeof openFlags): Promise<OpenFile>;
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

const openFlags = { create: 'wx+', append: 'a', change: 'r+', read: 'r' } as const;

export const systemFiles: FileSystem = {
  open: async (path, how) => openedFile(await open(path, openFlags[how]), path),
  async read(path, signal) {
    const bytes = await readFile(path, { signal });
    return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);
  },
  facts: async (path) => factsOf(await stat(path, { bigint: true })),
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
  /** Without a position at the end. */
  const writeAll = async (bytes: Uint8Array, position: number | null): Promise<void> => {
    for (let at = 0; at < bytes.length; ) {
      const place = position === null ? null : position + at;
      const { bytesWritten } = await handle.write(bytes, at, bytes.length - at, place);
      if (bytesWritten === 0) {
        throw Object.assign(new Error(`took ${at} of ${bytes.length} bytes`), { code: 'ESHORT', path });
      }
      at += bytesWritten;
    }
  };
  return {
    async read(into, position) {
      let at = 0;
      while (at < into.length) {
        const { bytesRead } = await handle.read(into, at, into.length - at, position + at);
        if (bytesRead === 0) break;
        at += bytesRead;
      }
      return at;
    },
    append: (bytes) => writeAll(bytes, null),
    write: writeAll,
    datasync: () => handle.datasync(),
    truncate: (length) => handle.truncate(length),
    facts: async () => factsOf(await handle.stat({ bigint: true })),
    close: () => handle.close(),
  };
}

function factsOf(found: { readonly size: bigint; readonly dev: bigint; readonly ino: bigint }): FileFacts {
  return { size: Number(found.size), id: `${found.dev}/${found.ino}` };
}
