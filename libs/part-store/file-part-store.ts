/** The embedded part store: one file a block, in the layout of blockstore-fs, so that IPFS tools for it
 *  open the folder.
 *
 *  Only the layout is taken from that package: its own put renames a file that was never flushed, and its
 *  get gives any broken read as "not found". Here a put resolves after fdatasync of the file, its rename to
 *  the final name, and fsync of its folder: a block is there whole or not at all, also after a power cut. */
import { hash, randomUUID } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { mkdir, open, readFile, rename, rm, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { NextToLast } from 'blockstore-fs/sharding';
import { codeOf, Fault, messageOf } from '#environment';
import { cidOf } from './cid.js';
import { type PartStore, storedBlockBytesMax } from './part-store.js';

/** `path` is a folder of the store's own, made when missing. Several processes may open it at the same time.
 *  Throws a Fault `part-store-unavailable` when it cannot be made. */
export function openFilePartStore(path: string): PartStore {
  const root = resolve(path);
  try {
    mkdirSync(join(root, incomingFolder), { recursive: true });
  } catch (cause) {
    throw unavailable(cause);
  }
  return new FilePartStore(root);
}

/** Half-written files lie here under random names. A crash leaves at most `lanes` of them: nobody needs to
 *  sweep. */
const incomingFolder = '.incoming';
/** Files that one put works on at a time: enough for the journal of the file system to gather their
 *  flushes. */
const lanes = 16;

class FilePartStore implements PartStore {
  readonly #root: string;
  readonly #layout = new NextToLast();
  /** Shard folders known to be there and flushed. */
  readonly #folders = new Map<string, Promise<void>>();
  readonly #underWay = new Set<Promise<unknown>>();
  #closed = false;

  constructor(root: string) {
    this.#root = root;
  }

  async put(bytes: Uint8Array): Promise<Uint8Array> {
    const [digest] = await this.putMany([bytes]);
    return digest;
  }

  async putMany(blocks: readonly Uint8Array[]): Promise<readonly Uint8Array[]> {
    for (const block of blocks) {
      if (block.length > storedBlockBytesMax) throw new Error(`a block of ${block.length} bytes`);
    }
    return this.#asked(() => this.#store(blocks));
  }

  async get(digest: Uint8Array): Promise<Uint8Array | undefined> {
    const file = this.#fileOf(digest);
    return this.#asked(async () => {
      const found = await unlessMissing(readFile(file));
      return found && new Uint8Array(found.buffer, found.byteOffset, found.length);
    });
  }

  async has(digest: Uint8Array): Promise<boolean> {
    const file = this.#fileOf(digest);
    return this.#asked(async () => (await unlessMissing(stat(file))) !== undefined);
  }

  async release(digest: Uint8Array): Promise<void> {
    const file = this.#fileOf(digest);
    return this.#asked(() => rm(file, { force: true }));
  }

  async close(): Promise<void> {
    this.#closed = true;
    await Promise.allSettled(this.#underWay);
  }

  async #store(blocks: readonly Uint8Array[]): Promise<readonly Uint8Array[]> {
    const digests: Uint8Array[] = [];
    const folders = new Set<string>();
    await inLanes(blocks.length, async (at) => {
      digests[at] = new Uint8Array(hash('sha256', blocks[at], 'buffer'));
      const file = this.#fileOf(digests[at]);
      const folder = dirname(file);
      // Also when the block is there already: its name may not have been flushed yet by whoever put it.
      folders.add(folder);
      if (await holds(file, blocks[at])) return;
      await this.#folder(folder);
      await this.#write(file, blocks[at]);
    });
    const touched = [...folders];
    await inLanes(touched.length, (at) => flushFolder(touched[at]));
    return digests;
  }

  async #write(file: string, bytes: Uint8Array): Promise<void> {
    const incoming = join(this.#root, incomingFolder, randomUUID());
    try {
      const handle = await open(incoming, 'wx');
      try {
        await handle.writeFile(bytes);
        await handle.datasync();
      } finally {
        await handle.close();
      }
      await rename(incoming, file);
    } catch (cause) {
      await rm(incoming, { force: true });
      throw cause;
    }
  }

  /** Makes a shard folder once; there are at most a few hundred. */
  #folder(folder: string): Promise<void> {
    let made = this.#folders.get(folder);
    if (!made) {
      made = mkdir(folder, { recursive: true }).then(() => flushFolder(this.#root));
      this.#folders.set(folder, made);
      made.catch(() => this.#folders.delete(folder));
    }
    return made;
  }

  #fileOf(digest: Uint8Array): string {
    const { dir, file } = this.#layout.encode(cidOf(digest));
    return join(this.#root, dir, file);
  }

  /** Runs one request unless the store is closed, and turns what breaks into a Fault. */
  async #asked<Answer>(request: () => Promise<Answer>): Promise<Answer> {
    if (this.#closed) throw unavailable('it is closed');
    const answer = request();
    this.#underWay.add(answer);
    try {
      return await answer;
    } catch (cause) {
      throw unavailable(cause);
    } finally {
      this.#underWay.delete(answer);
    }
  }
}

/** True if the file holds exactly these bytes; a damaged file is to be replaced. */
async function holds(file: string, bytes: Uint8Array): Promise<boolean> {
  const found = await unlessMissing(stat(file));
  if (found?.size !== bytes.length) return false;
  const stored = await unlessMissing(readFile(file));
  return stored !== undefined && Buffer.compare(stored, bytes) === 0;
}

async function flushFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Runs `step` for 0 … count − 1, `lanes` at a time; the first that fails ends it, after those under way. */
async function inLanes(count: number, step: (at: number) => Promise<void>): Promise<void> {
  let next = 0;
  const lane = async (): Promise<void> => {
    while (next < count) {
      const at = next++;
      try {
        await step(at);
      } catch (cause) {
        next = count;
        throw cause;
      }
    }
  };
  const ended = await Promise.allSettled(Array.from({ length: Math.min(lanes, count) }, lane));
  for (const one of ended) if (one.status === 'rejected') throw one.reason;
}

async function unlessMissing<Found>(found: Promise<Found>): Promise<Found | undefined> {
  try {
    return await found;
  } catch (cause) {
    if (codeOf(cause) === 'ENOENT') return undefined;
    throw cause;
  }
}

function unavailable(cause: unknown): Fault {
  return new Fault('part-store-unavailable', `the part store failed: ${messageOf(cause)}`, {
    retriable: true,
    cause,
  });
}
