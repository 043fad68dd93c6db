/** An ordered store of bytes on disk that several processes may open; the only file that knows lmdb.
 *  Adapters of ports stand on it. A write is durable when its promise resolves: the commit has been
 * flushed by fdatasync. */
import { type Database, open } from 'lmdb';
import { Fault, messageOf } from './fault.js';

export interface LmdbStoreOptions {
  /** A folder of its own; made when missing. */
  readonly path: string;
  /** Code of the retriable Fault that broken storage, a full disk and a closed store give. */
  readonly faultCode: string;
}

export interface ByteEntry {
  readonly key: Uint8Array;
  readonly value: Uint8Array;
}

export interface ByteRead {
  /** A copy of the value, or undefined. Keys have 1 to `storeKeyBytesMax` bytes. */
  get(key: Uint8Array): Uint8Array | undefined;
  /** At most `limit` entries with from ≤ key < to, ascending by the bytes of their keys. */
  range(from: Uint8Array, to: Uint8Array, limit: number): ByteEntry[];
}

export interface ByteWrite extends ByteRead {
  put(key: Uint8Array, value: Uint8Array): void;
  /** True if the key was there. */
  remove(key: Uint8Array): boolean;
}

export const storeKeyBytesMax = 1_024;

/**
 * Room in the address space, not on disk: LMDB maps it once, so that no process has to map again as the file
 * grows.
 */
const mapBytes = 2 ** 40;
const groupBytesMax = 4_194_304;
/** Read so much and the mapped pages are given back: a scan of a long log keeps memory bounded. */
const mappedBytesMax = 128 * 1_048_576;
const groupActsMax = 4_096;

interface Waiting {
  readonly act: (txn: ByteWrite) => unknown;
  readonly bytes: number;
  readonly resolve: (value: unknown) => void;
  readonly reject: (cause: unknown) => void;
}

export class LmdbStore {
  readonly #options: LmdbStoreOptions;
  #database: Database<Uint8Array, Uint8Array>;
  #access: ByteWrite;
  #mappedBytes = 0;
  #queue: Waiting[] = [];
  #pumping: Promise<void> | undefined;
  #closed = false;

  /** Throws a Fault when the folder cannot be opened. */
  constructor(options: LmdbStoreOptions) {
    this.#options = options;
    try {
      this.#database = openDatabase(options.path);
    } catch (cause) {
      throw this.#fault(cause);
    }
    this.#access = accessTo(this.#database, this.#count);
  }

  /** Looks at the latest commit of any process; `look` sees one snapshot and must not await. */
  read<Found>(look: (view: ByteRead) => Found): Found {
    if (this.#closed) throw this.#fault('it is closed');
    try {
      if (this.#mappedBytes > mappedBytesMax) this.#unmap();
      // The snapshot of an earlier look in this turn of the event loop may be older than another
      // process's commit.
      this.#database.resetReadTxn();
      return look(this.#access);
    } catch (cause) {
      throw this.#fault(cause);
    }
  }

  /**
   * Runs `act` within the one write transaction that exists among all processes; resolves with what it
   * returned once
   *  that is durable. Acts run in the order of the calls and share commits. `act` must not await; if it
   * throws,
   *  nothing of it is written and the promise rejects with what it threw. `bytes` says about how much it
   * writes. */
  write<Result>(act: (txn: ByteWrite) => Result, bytes: number): Promise<Result> {
    if (this.#closed) return Promise.reject(this.#fault('it is closed'));
    return new Promise<Result>((resolve, reject) => {
      this.#queue.push({ act, bytes, resolve: resolve as (value: unknown) => void, reject });
      this.#pumping ??= this.#pump();
    });
  }

  /** Resolves after everything written before is durable. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#pumping;
    await this.#database.close();
  }

  readonly #count = (bytes: number): void => {
    this.#mappedBytes += bytes;
  };

  /** Pages that were read stay mapped, and count as this process's memory, until the file is opened anew. */
  #unmap(): void {
    if (this.#pumping !== undefined) return;
    this.#mappedBytes = 0;
    void this.#database.close();
    this.#database = openDatabase(this.#options.path);
    this.#access = accessTo(this.#database, this.#count);
  }

  async #pump(): Promise<void> {
    // Calls of the same turn join the first group.
    await Promise.resolve();
    while (this.#queue.length > 0) {
      const group = this.#queue.splice(0, groupLength(this.#queue));
      await this.#commit(group);
    }
    this.#pumping = undefined;
  }

  /** One transaction for the group. An act that throws undoes it, is taken out, and the others run again. */
  async #commit(group: Waiting[]): Promise<void> {
    let results: unknown[] = [];
    let thrower = -1;
    try {
      await this.#database.childTransaction(() => {
        results = [];
        for (let at = 0; at < group.length; at++) {
          thrower = at;
          results.push(group[at].act(this.#access));
        }
        thrower = -1;
      });
    } catch (cause) {
      if (thrower >= 0 && !(cause instanceof StoreError)) {
        group[thrower].reject(cause);
        this.#queue.unshift(...group.filter((_, at) => at !== thrower));
        return;
      }
      const fault = this.#fault(await rootCause(cause));
      for (const one of group) one.reject(fault);
      return;
    }
    for (let at = 0; at < group.length; at++) group[at].resolve(results[at]);
  }

  #fault(cause: unknown): Fault {
    return new Fault(
      this.#options.faultCode,
      `the store at ${this.#options.path} failed: ${messageOf(cause)}`,
      {
        retriable: true,
        cause,
      },
    );
  }
}

/** What LMDB itself threw, as opposed to what a look or an act threw. */
class StoreError extends Error {}

function openDatabase(path: string): Database<Uint8Array, Uint8Array> {
  return open<Uint8Array, Uint8Array>({
    path,
    // A path with a dot would be taken for a file name.
    noSubdir: false,
    encoding: 'binary',
    keyEncoding: 'binary',
    cache: false,
    mapSize: mapBytes,
    maxDbs: 1,
    // Plain LMDB commits: what a reader can see has been flushed, and measured no slower than
    // overlapping ones.
    overlappingSync: false,
  });
}

function accessTo(database: Database<Uint8Array, Uint8Array>, onRead: (bytes: number) => void): ByteWrite {
  return {
    get(key) {
      const checked = checkedKey(key);
      const found = attempt(() => database.getBinary(checked));
      onRead(found?.length ?? 0);
      return found && plain(found);
    },
    range(from, to, limit) {
      return attempt(() => {
        const found: ByteEntry[] = [];
        for (const { key, value } of database.getRange({ start: from, end: to, limit })) {
          onRead(value.length);
          found.push({ key: Uint8Array.from(key), value: plain(value) });
        }
        return found;
      });
    },
    put(key, value) {
      const checked = checkedKey(key);
      attempt(() => database.put(checked, value));
    },
    remove(key) {
      const checked = checkedKey(key);
      return attempt(
        () => database.getBinaryFast(checked) !== undefined && database.remove(checked) !== undefined,
      );
    },
  };
}

function attempt<Found>(step: () => Found): Found {
  try {
    return step();
  } catch (cause) {
    throw new StoreError(messageOf(cause), { cause });
  }
}

function checkedKey(key: Uint8Array): Uint8Array {
  if (key.length === 0 || key.length > storeKeyBytesMax)
    throw new Error(`a store key of ${key.length} bytes`);
  return key;
}

/** lmdb hands out a Buffer of its own with a redefined `length`; this is a plain view of the same bytes. */
function plain(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);
}

function groupLength(queue: readonly Waiting[]): number {
  let bytes = 0;
  let length = 0;
  while (length < queue.length && length < groupActsMax && bytes < groupBytesMax)
    bytes += queue[length++].bytes;
  return length;
}

/** A failed commit says why only in a second promise, which nobody else may leave unhandled. */
async function rootCause(cause: unknown): Promise<unknown> {
  if (typeof cause !== 'object' || cause === null || !('commitError' in cause)) return cause;
  return Promise.resolve(cause.commitError).then(
    () => cause,
    (root) => root,
  );
}
