/**
 * Who needs which blocks of a part store on files: one small file for each `hold`, never changed afterwards.
 *
 * Several processes may hold and release at the same time without a lock. Whoever puts holds first and looks
 * for the block afterwards; whoever releases moves a block aside first and looks for holds afterwards. So of
 * two that meet one sees the other, and the block stays.
 */
import { hash, randomUUID } from 'node:crypto';
import { join } from 'node:path';
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
  /** What this process knows to be held, by owner, as hexadecimal. */
  readonly #known = new Map<string, Set<string>>();

  constructor(root: string, places: BlockPlaces, ports: HoldPorts) {
    this.#root = root;
    this.#places = places;
    this.#ports = ports;
  }

  async hold(owner: string, digests: readonly Uint8Array[]): Promise<void> {
    assertOwner(owner);
    for (const digest of digests) assertDigest(digest);
    const known = this.#known.get(owner) ?? (await this.#digestsOf(await this.#namesOf(owner)));
    this.#known.set(owner, known);
    const fresh = new Map(digests.map((digest) => [toHex(digest), digest]));
    for (const name of [...fresh.keys()]) if (known.has(name)) fresh.delete(name);
    const rows = [...fresh.values()];
    for (let at = 0; at < rows.length; at += digestsHeldAtOnceMax) {
      const name = `${encodeURIComponent(owner)}.${randomUUID()}`;
      await this.#ports.write(
        this.#path(heldFolder, name),
        holdFile(rows.slice(at, at + digestsHeldAtOnceMax)),
      );
    }
    for (const name of fresh.keys()) known.add(name);
  }

  async owners(prefix: string): Promise<readonly string[]> {
    const owners = new Set((await this.#list(heldFolder)).map(ownerOf));
    return [...owners].filter((owner) => owner.startsWith(prefix));
  }

  async release(owner: string): Promise<void> {
    assertOwner(owner);
    this.#known.delete(owner);
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
    const digests = await this.#digestsOf(released, releasedFolder);
    const held = digests.size === 0 ? new Set<string>() : await this.#heldByAnyone();
    for (const digest of digests) if (!held.has(digest)) await this.#moveAside(digest);
    await this.#endLeaving();
    for (const name of released) await this.#ports.files.remove(this.#path(releasedFolder, name));
  }

  /** Whether anybody needs the block. Reads what all hold: for a block that is not where it should be. */
  async isHeld(digest: Uint8Array): Promise<boolean> {
    for (const name of await this.#list(heldFolder)) {
      const bytes = await this.#read(heldFolder, name);
      const rows = bytes && Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
      if (rows?.includes(Buffer.from(digest))) return true;
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
      if (!held.has(toHex(digest))) await this.#ports.files.remove(from);
      // A rename onto a block that was put again meanwhile changes nothing: both have the same bytes.
      else await this.#move(from, join(this.#root, this.#places.nameOf(digest)));
    }
    await this.#sync(leavingFolder);
  }

  async #heldByAnyone(): Promise<Set<string>> {
    return await this.#digestsOf(await this.#list(heldFolder));
  }

  async #namesOf(owner: string): Promise<readonly string[]> {
    return (await this.#list(heldFolder)).filter((name) => ownerOf(name) === owner);
  }

  /** As hexadecimal. A hold that cannot be read is a Fault: it might be of any block. */
  async #digestsOf(names: readonly string[], folder: string = heldFolder): Promise<Set<string>> {
    const digests = new Set<string>();
    for (const name of names) {
      const bytes = await this.#read(folder, name);
      if (bytes === undefined) continue;
      const rows = rowsOfHold(bytes);
      if (rows !== undefined) {
        for (let at = 0; at < rows.length; at += 32) digests.add(toHex(rows.subarray(at, at + 32)));
      } else this.#tellDamaged(folder, name);
    }
    return digests;
  }

  /** Where blocks are to be kept for somebody unknown, none may go; those of a released one just stay. */
  #tellDamaged(folder: string, name: string): void {
    const path = this.#path(folder, name);
    const owner = ownerOf(name);
    if (folder === releasedFolder) {
      this.#ports.log.error({ path, owner }, 'a released hold is damaged: blocks that only it held stay');
      return;
    }
    throw new Fault(
      'part-hold-damaged',
      `${path} does not have its checksum, so nobody knows which blocks ${owner} needs; nothing is removed from the part store until this file is: remove it when that block is over`,
      { retriable: true },
    );
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

/** The digests and their SHA-256. */
function holdFile(digests: readonly Uint8Array[]): Uint8Array {
  const rows = Buffer.concat(digests);
  return new Uint8Array(Buffer.concat([rows, hash('sha256', rows, 'buffer')]));
}

/** Whether the file of a hold is what was written. */
export function isHoldFile(bytes: Uint8Array): boolean {
  return rowsOfHold(bytes) !== undefined;
}

function rowsOfHold(bytes: Uint8Array): Uint8Array | undefined {
  const rows = bytes.subarray(0, Math.max(0, bytes.length - checksumBytes));
  const checksum = new Uint8Array(hash('sha256', rows, 'buffer'));
  return rows.length % 32 === 0 && equalBytes(checksum, bytes.subarray(rows.length)) ? rows : undefined;
}
