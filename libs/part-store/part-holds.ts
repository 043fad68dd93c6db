/**
 * Who needs which blocks of a part store on files: one small file for each `hold`, never changed afterwards.
 *
 * Several processes may hold and release at the same time without a lock. Whoever puts holds first and looks
 * for the block afterwards; whoever releases moves a block aside first and looks for holds afterwards. So of
 * two that meet one sees the other, and the block stays.
 */
import { hash, randomUUID } from 'node:crypto';
import { dirname, join } from 'node:path';
import { equalBytes, toHex } from '#encoding';
import { codeOf, Fault, type FileSystem, type Log } from '#environment';
import { diskFault } from './disk-fault.js';
import { assertDigest, assertOwner, digestsHeldAtOnceMax } from './part-store.js';

/** Holds that count. */
const heldFolder = '.holds';
/** Holds that were let go and whose blocks may still be there: a crash leaves work, not rubbish. */
const releasedFolder = '.released';
/** Blocks on their way out, moved here while it is made sure that nobody holds them. */
const leavingFolder = '.leaving';
const checksumBytes = 32;

export const holdFolders = [heldFolder, releasedFolder, leavingFolder] as const;

/** Where the blocks lie, for whoever lets them go. */
export interface BlockPlaces {
  /** The block's file under the root, for example `AB/BAFK….data`. */
  nameOf(digest: Uint8Array): string;
  digestOf(name: string): Uint8Array;
}

export interface HoldPorts {
  readonly files: FileSystem;
  readonly log: Log;
  /** Writes a whole file under a final name, durably, or not at all. */
  write(path: string, bytes: Uint8Array): Promise<void>;
}

export class PartHolds {
  readonly #root: string;
  readonly #places: BlockPlaces;
  readonly #ports: HoldPorts;
  /** The digests of every hold that was read, by the name of its file. */
  readonly #rows = new Map<string, Uint8Array>();

  constructor(root: string, places: BlockPlaces, ports: HoldPorts) {
    this.#root = root;
    this.#places = places;
    this.#ports = ports;
  }

  async hold(owner: string, digests: readonly Uint8Array[]): Promise<void> {
    assertOwner(owner);
    for (const digest of digests) assertDigest(digest);
    const known = await this.#digestsOf(heldFolder, await this.#namesOf(owner));
    const fresh = new Map(digests.map((digest) => [toHex(digest), digest]));
    const rows = [...fresh].filter(([name]) => !known.has(name)).map(([, digest]) => digest);
    for (let at = 0; at < rows.length; at += digestsHeldAtOnceMax) {
      const name = `${encodeURIComponent(owner)}.${randomUUID()}`;
      await this.#ports.write(
        this.#path(heldFolder, name),
        holdFile(rows.slice(at, at + digestsHeldAtOnceMax)),
      );
    }
  }

  async owners(prefix: string): Promise<readonly string[]> {
    const owners = new Set((await this.#list(heldFolder)).map(ownerOf));
    return [...owners].filter((owner) => owner.startsWith(prefix));
  }

  async release(owner: string): Promise<void> {
    assertOwner(owner);
    const names = await this.#namesOf(owner);
    if (names.length === 0) return;
    for (const name of names) {
      await this.#move(this.#path(heldFolder, name), this.#path(releasedFolder, name));
    }
    await this.#sync(heldFolder, releasedFolder);
    await this.finish();
  }

  /** Lets the blocks of released holds go unless others hold them; also what a crash left of that. */
  async finish(): Promise<void> {
    const released = await this.#list(releasedFolder);
    const digests = await this.#digestsOf(releasedFolder, released);
    const held = digests.size === 0 ? new Set<string>() : await this.#heldByAnyone();
    for (const digest of digests) if (!held.has(digest)) await this.#moveAside(digest);
    await this.#endLeaving();
    for (const name of released) await this.#ports.files.remove(this.#path(releasedFolder, name));
  }

  /**
   * Whether anybody needs the block. Looks through all that is held, 32 bytes a digest, for a block that is
   * not where it should be.
   */
  async isHeld(digest: Uint8Array): Promise<boolean> {
    const name = Buffer.from(digest);
    for (const rows of await this.#held()) {
      if (Buffer.from(rows.buffer, rows.byteOffset, rows.length).includes(name)) return true;
    }
    return false;
  }

  async #moveAside(hex: string): Promise<void> {
    const name = this.#places.nameOf(Buffer.from(hex.slice(2), 'hex'));
    await this.#move(
      join(this.#root, name),
      this.#path(leavingFolder, name.slice(name.lastIndexOf('/') + 1)),
    );
  }

  /** Blocks that were moved aside go, but those that somebody held meanwhile. */
  async #endLeaving(): Promise<void> {
    const leaving = await this.#list(leavingFolder);
    if (leaving.length === 0) return;
    const held = await this.#heldByAnyone();
    for (const file of leaving) {
      const from = this.#path(leavingFolder, file);
      const digest = this.#places.digestOf(file);
      const place = join(this.#root, this.#places.nameOf(digest));
      // One that was put again meanwhile is not replaced by what may be damaged.
      if (held.has(toHex(digest)) && !(await this.#isThere(place))) {
        await this.#move(from, place);
        // Before it is flushed that it left: a power cut must not take both names.
        await this.#ports.files.syncFolder(dirname(place));
      } else await this.#ports.files.remove(from);
    }
    await this.#sync(leavingFolder);
  }

  async #heldByAnyone(): Promise<Set<string>> {
    const digests = new Set<string>();
    for (const rows of await this.#held()) addDigests(rows, digests);
    return digests;
  }

  /** The digests of every hold. One that cannot be read is a Fault: it might be of any block. */
  async #held(): Promise<readonly Uint8Array[]> {
    const names = await this.#list(heldFolder);
    const present = new Set(names);
    for (const name of this.#rows.keys()) if (!present.has(name)) this.#rows.delete(name);
    const held: Uint8Array[] = [];
    for (const name of names) {
      const rows = await this.#rowsIn(heldFolder, name);
      if (rows === 'damaged') throw damagedHold(this.#path(heldFolder, name), ownerOf(name));
      if (rows !== undefined) held.push(rows);
    }
    return held;
  }

  /** The files in which one owner's holds stand. */
  async #namesOf(owner: string): Promise<readonly string[]> {
    const prefix = `${encodeURIComponent(owner)}.`;
    const names = await this.#list(heldFolder);
    return names.filter((name) => name.slice(0, name.lastIndexOf('.') + 1) === prefix);
  }

  /** As hexadecimal. A damaged file is told and left out: its owner holds again, or its blocks just stay. */
  async #digestsOf(folder: string, names: readonly string[]): Promise<Set<string>> {
    const digests = new Set<string>();
    for (const name of names) {
      const rows = await this.#rowsIn(folder, name);
      if (rows === 'damaged') {
        const path = this.#path(folder, name);
        this.#ports.log.error({ path, owner: ownerOf(name) }, 'a hold of the part store is damaged');
      } else if (rows !== undefined) addDigests(rows, digests);
    }
    return digests;
  }

  /**
   * The digests of one hold; undefined where another process has let it go. A file is read once: it never
   * changes.
   */
  async #rowsIn(folder: string, name: string): Promise<Uint8Array | 'damaged' | undefined> {
    const known = this.#rows.get(name);
    if (known !== undefined) return known;
    const bytes = await this.#read(folder, name);
    if (bytes === undefined) return undefined;
    const rows = rowsOfHold(bytes);
    if (rows === undefined) return 'damaged';
    this.#rows.set(name, rows);
    return rows;
  }

  async #read(folder: string, name: string): Promise<Uint8Array | undefined> {
    const path = this.#path(folder, name);
    try {
      return await this.#ports.files.read(path);
    } catch (cause) {
      if (codeOf(cause) === 'ENOENT') return undefined;
      throw diskFault('read', path, cause);
    }
  }

  async #isThere(path: string): Promise<boolean> {
    try {
      await this.#ports.files.facts(path);
      return true;
    } catch (cause) {
      if (codeOf(cause) === 'ENOENT') return false;
      throw diskFault('look at', path, cause);
    }
  }

  /** Another process may have moved it. */
  async #move(from: string, to: string): Promise<void> {
    try {
      await this.#ports.files.rename(from, to);
    } catch (cause) {
      if (codeOf(cause) !== 'ENOENT') throw diskFault('move', from, cause);
    }
  }

  async #list(folder: string): Promise<readonly string[]> {
    try {
      return await this.#ports.files.list(join(this.#root, folder));
    } catch (cause) {
      if (codeOf(cause) === 'ENOENT') return [];
      throw diskFault('list', join(this.#root, folder), cause);
    }
  }

  async #sync(...folders: readonly string[]): Promise<void> {
    for (const folder of folders) await this.#ports.files.syncFolder(join(this.#root, folder));
  }

  #path(folder: string, name: string): string {
    return join(this.#root, folder, name);
  }
}

function ownerOf(name: string): string {
  return decodeURIComponent(name.slice(0, name.lastIndexOf('.')));
}

function damagedHold(path: string, owner: string): Fault {
  return new Fault(
    'part-hold-damaged',
    `${path} does not have its checksum, so nobody knows which blocks ${owner} needs; nothing is removed from the part store until this file is: remove it when that block is over`,
    { retriable: true },
  );
}

/** As hexadecimal. */
function addDigests(rows: Uint8Array, digests: Set<string>): void {
  for (let at = 0; at < rows.length; at += 32) digests.add(toHex(rows.subarray(at, at + 32)));
}

/** The digests and their SHA-256. */
function holdFile(digests: readonly Uint8Array[]): Uint8Array {
  const rows = Buffer.concat(digests);
  return new Uint8Array(Buffer.concat([rows, hash('sha256', rows, 'buffer')]));
}

/** What the file of a hold names; undefined where it is not what was written. */
export function digestsOfHold(bytes: Uint8Array): readonly Uint8Array[] | undefined {
  const rows = rowsOfHold(bytes);
  return rows && Array.from({ length: rows.length / 32 }, (_, at) => rows.subarray(at * 32, at * 32 + 32));
}

function rowsOfHold(bytes: Uint8Array): Uint8Array | undefined {
  const rows = bytes.subarray(0, Math.max(0, bytes.length - checksumBytes));
  const checksum = new Uint8Array(hash('sha256', rows, 'buffer'));
  return rows.length % 32 === 0 && equalBytes(checksum, bytes.subarray(rows.length)) ? rows : undefined;
}
