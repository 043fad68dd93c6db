/** The embedded part store: one file a block, in the layout of blockstore-fs, so that IPFS tools for it
 *  open the folder.
 *
 *  Only the layout is taken from that package: its own put renames a file that was never flushed, and its
 *  get gives any broken read as "not found". Here a put resolves after fdatasync of the file, its rename to
 *  the final name, and fsync of its folder: a block is there whole or not at all, also after a power cut. */
import { hash, randomUUID } from 'node:crypto';
import { statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { NextToLast } from 'blockstore-fs/sharding';
import { equalBytes, toHex } from '#encoding';
import {
  codeOf,
  Fault,
  type FileSystem,
  type Log,
  silentLog,
  systemFiles,
  systemTimers,
  type Timers,
} from '#environment';
import { makeFolders } from '#environment/make-folders';
import { cidOf } from './cid.js';
import { diskFault } from './disk-fault.js';
import { getInOrder, lookUntil, putEach } from './flights.js';
import { holdFolders, PartHolds } from './part-holds.js';
import { assertDigest, type Blocks, type Found, type GetOptions, type PartStore } from './part-store.js';

export interface FilePartStoreOptions {
  readonly log?: Log;
  readonly files?: FileSystem;
  readonly timers?: Timers;
  /** `read` changes nothing in the folder, which must be there: for what looks on, or at another's store. */
  readonly access?: 'write' | 'read';
}

/** `path` is a folder of the store's own, made when missing. Several processes may open it at the same time.
 *  Throws a Fault `part-store-unavailable` when it cannot be made. */
export function openFilePartStore(path: string, options: FilePartStoreOptions = {}): PartStore {
  const root = resolve(path);
  try {
    const folders = options.access === 'read' ? [] : [incomingFolder, ...holdFolders];
    for (const folder of folders) makeFolders(join(root, folder));
    const { dev, ino } = statSync(root);
    return new FilePartStore(root, `${dev}/${ino}`, options);
  } catch (cause) {
    throw diskFault('open', root, cause);
  }
}

/** Half-written files lie here, named after the process that writes them. */
const incomingFolder = '.incoming';
/** Folders that are flushed at a time, for the journal of the file system to gather. */
const syncsAtOnce = 32;
/** Tells this process from an earlier one with the same number, as containers have them. */
const processMark = `${process.pid}-${randomUUID().slice(0, 8)}`;

const layout = new NextToLast();

/** Where the block with this SHA-256 lies below the folder of a store. */
export function blockFileOf(digest: Uint8Array): string {
  const { dir, file } = layout.encode(cidOf(digest));
  return join(dir, file);
}

class FilePartStore implements PartStore {
  readonly #root: string;
  readonly #rootId: string;
  readonly #files: FileSystem;
  readonly #timers: Timers;
  readonly #log: Log;
  readonly #isReadOnly: boolean;
  readonly #holds: PartHolds;
  /** Shard folders known to be there and flushed. */
  readonly #folders = new Map<string, Promise<void>>();
  /** Half-written files that could not be removed yet. */
  readonly #leftovers = new Set<string>();
  readonly #underWay = new Set<Promise<unknown>>();
  /** Holds change one after the other. */
  #holding: Promise<unknown> = Promise.resolve();
  #tidied: Promise<void> | undefined;
  #closed = false;

  constructor(root: string, rootId: string, options: FilePartStoreOptions) {
    this.#root = root;
    this.#rootId = rootId;
    this.#files = options.files ?? systemFiles;
    this.#timers = options.timers ?? systemTimers;
    this.#log = options.log ?? silentLog;
    const places = {
      nameOf: blockFileOf,
      digestOf: (name: string) => layout.decode(name).multihash.digest,
    };
    const ports = { files: this.#files, log: this.#log };
    const write = async (path: string, bytes: Uint8Array): Promise<void> => {
      await this.#write(path, bytes);
      await this.#files.syncFolder(dirname(path));
    };
    this.#holds = new PartHolds(root, places, { ...ports, write });
    this.#isReadOnly = options.access === 'read';
    if (!this.#isReadOnly) this.#tidy().catch(() => undefined);
  }

  async put(bytes: Uint8Array): Promise<Uint8Array> {
    const [digest] = await this.putMany([bytes]);
    return digest;
  }

  putMany(blocks: Blocks): Promise<readonly Uint8Array[]> {
    return this.#asked(async () => {
      this.#assertWritable();
      await this.#tidy();
      const touched = new Set<string>();
      const digests = await putEach(blocks, (block) => this.#store(block, touched));
      const folders = [...touched];
      for (let at = 0; at < folders.length; at += syncsAtOnce) {
        const some = folders.slice(at, at + syncsAtOnce);
        await Promise.all(some.map((folder) => this.#syncFolder(folder)));
      }
      return digests;
    });
  }

  async get(digest: Uint8Array, options: GetOptions = {}): Promise<Found> {
    assertDigest(digest);
    return await this.#asked(() => lookUntil(options, this.#timers, (signal) => this.#read(digest, signal)));
  }

  getMany(digests: Iterable<Uint8Array>, options: GetOptions = {}): AsyncIterable<Found> {
    return getInOrder(digests, options, (digest, each) => this.get(digest, each));
  }

  hold(owner: string, digests: readonly Uint8Array[]): Promise<void> {
    return this.#changeHolds(() => this.#holds.hold(owner, digests));
  }

  owners(prefix: string): Promise<readonly string[]> {
    return this.#asked(async () => {
      await this.#assertRoot();
      return await this.#holds.owners(prefix);
    });
  }

  release(owner: string): Promise<void> {
    return this.#changeHolds(() => this.#holds.release(owner));
  }

  async close(): Promise<void> {
    this.#closed = true;
    await Promise.allSettled([...this.#underWay, this.#tidied]);
  }

  #changeHolds(change: () => Promise<void>): Promise<void> {
    return this.#asked(async () => {
      this.#assertWritable();
      await this.#assertRoot();
      const changed = this.#holding.then(() => this.#tidy()).then(change);
      this.#holding = changed.catch(() => undefined);
      await changed;
    });
  }

  async #read(digest: Uint8Array, signal: AbortSignal): Promise<Found> {
    const file = join(this.#root, blockFileOf(digest));
    const bytes = await this.#unlessMissing('read', file, this.#files.read(file, signal));
    if (bytes === undefined) return await this.#missing(digest, file);
    if (equalBytes(hash('sha256', bytes, 'buffer'), digest)) return bytes;
    const found = `${bytes.length} bytes whose SHA-256 is not ${toHex(digest)}`;
    throw this.#damaged(file, digest, `holds ${found}`);
  }

  /** The store surely knows only if its folder is the one that was opened and nobody holds the block. */
  async #missing(digest: Uint8Array, file: string): Promise<'absent'> {
    await this.#assertRoot();
    if (await this.#holds.isHeld(digest)) throw this.#damaged(file, digest, 'is gone though it is held');
    return 'absent';
  }

  #damaged(path: string, digest: Uint8Array, what: string): Fault {
    this.#log.error({ path, digest: toHex(digest), what }, 'a block of the part store is damaged');
    const cid = cidOf(digest).toString();
    const message = `${path} ${what}; bring the block ${cid} back from a copy, or let the part be put again`;
    return new Fault('part-damaged', message, { retriable: true });
  }

  #assertWritable(): void {
    if (this.#isReadOnly) throw new Error(`${this.#root} was opened for reading only`);
  }

  /** A disk that was unmounted leaves an empty folder, or none, in which everything seems absent. */
  async #assertRoot(): Promise<void> {
    const facts = await this.#unlessMissing('look at', this.#root, this.#files.facts(this.#root));
    if (facts?.id === this.#rootId) return;
    throw diskFault('find', this.#root, 'it is not the folder that was opened');
  }

  async #store(block: Uint8Array, touched: Set<string>): Promise<Uint8Array> {
    const digest = new Uint8Array(hash('sha256', block, 'buffer'));
    const file = join(this.#root, blockFileOf(digest));
    // Also when the block is there already: its name may not have been flushed yet by whoever put it.
    touched.add(dirname(file));
    const stored = await this.#unlessMissing('read', file, this.#files.read(file));
    if (stored !== undefined && equalBytes(stored, block)) return digest;
    if (stored !== undefined) this.#log.warn({ path: file }, 'a damaged block of the part store is mended');
    await this.#folder(dirname(file));
    await this.#write(file, block);
    return digest;
  }

  async #write(file: string, bytes: Uint8Array): Promise<void> {
    await this.#removeLeftovers();
    const incoming = join(this.#root, incomingFolder, `${processMark}-${randomUUID()}`);
    try {
      const opened = await this.#files.open(incoming, 'create');
      try {
        await opened.append(bytes);
        await opened.datasync();
      } finally {
        await opened.close();
      }
      await this.#files.rename(incoming, file);
    } catch (cause) {
      this.#leftovers.add(incoming);
      await this.#removeLeftovers();
      throw diskFault('write', file, cause);
    }
  }

  /** A full disk must not keep half-written files. One that will not go now is tried again. */
  async #removeLeftovers(): Promise<void> {
    for (const path of this.#leftovers) {
      await this.#files.remove(path).then(
        () => this.#leftovers.delete(path),
        () => undefined,
      );
    }
  }

  /** Once: removes what earlier processes left half-written, and ends what they were letting go. */
  #tidy(): Promise<void> {
    if (this.#tidied === undefined) {
      const tidied = this.#removeIncoming().then(() => this.#holds.finish());
      this.#tidied = tidied.catch((cause) => {
        this.#tidied = undefined;
        if (cause instanceof Fault && cause.code === 'part-hold-damaged') {
          this.#log.error({ cause: cause.message }, 'released blocks stay in the part store');
          return;
        }
        throw cause;
      });
    }
    return this.#tidied;
  }

  async #removeIncoming(): Promise<void> {
    const folder = join(this.#root, incomingFolder);
    const names = (await this.#unlessMissing('list', folder, this.#files.list(folder))) ?? [];
    for (const name of names.filter(isAbandoned)) {
      const path = join(folder, name);
      await this.#files.remove(path).catch((cause) => Promise.reject(diskFault('remove', path, cause)));
    }
  }

  /** Makes a shard folder once; there are at most a few hundred. */
  #folder(folder: string): Promise<void> {
    let made = this.#folders.get(folder);
    if (!made) {
      made = this.#files.makeFolder(folder).then(() => this.#files.syncFolder(this.#root));
      made = made.catch((cause) => Promise.reject(diskFault('make', folder, cause)));
      this.#folders.set(folder, made);
      made.catch(() => this.#folders.delete(folder));
    }
    return made;
  }

  async #syncFolder(folder: string): Promise<void> {
    try {
      await this.#files.syncFolder(folder);
    } catch (cause) {
      throw diskFault('flush', folder, cause);
    }
  }

  /** Under the root. */
  async #unlessMissing<Value>(act: string, path: string, found: Promise<Value>): Promise<Value | undefined> {
    try {
      return await found;
    } catch (cause) {
      if (codeOf(cause) === 'ENOENT') return undefined;
      throw diskFault(act, path, cause);
    }
  }

  /** Runs one request unless the store is closed. */
  async #asked<Answer>(request: () => Promise<Answer>): Promise<Answer> {
    if (this.#closed) throw diskFault('use', this.#root, 'it is closed');
    const answer = request();
    this.#underWay.add(answer);
    try {
      return await answer;
    } finally {
      this.#underWay.delete(answer);
    }
  }
}

/** Half-written by a process that is not there any more. */
function isAbandoned(name: string): boolean {
  const mark = name.split('-').slice(0, 2).join('-');
  if (mark === processMark) return false;
  const pid = Number(name.split('-')[0]);
  if (!Number.isInteger(pid) || pid <= 0 || pid === process.pid) return true;
  try {
    process.kill(pid, 0);
    return false;
  } catch (cause) {
    return codeOf(cause) === 'ESRCH';
  }
}
