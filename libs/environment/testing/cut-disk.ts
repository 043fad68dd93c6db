/**
 * A disk in memory that loses its power when a test says so: what was not flushed is then there or not,
 * sector by sector and name by name. It shows whether flushes come in the right order.
 */
import { basename, dirname } from 'node:path';
import type { Entropy, FileSystem, OpenFile } from '#environment';

const sectorBytes = 512;

interface Inode {
  readonly id: string;
  bytes: Uint8Array;
  flushed: Uint8Array;
  /** Since the last flush, each as the file was after it. */
  readonly changes: { readonly after: Uint8Array; readonly from: number; readonly to: number }[];
}

export interface CutDisk extends FileSystem {
  /** Every call from now on, the one with this number first, fails: the power is gone. */
  cutAfter(calls: number): void;
  readonly isCut: boolean;
  /** What is on the disk when the power comes back. */
  restored(): CutDisk;
}

export function cutDisk(entropy: Entropy): CutDisk {
  return diskWith(new Map(), entropy);
}

function diskWith(found: ReadonlyMap<string, Uint8Array>, entropy: Entropy): CutDisk {
  let inodes = 0;
  const inodeOf = (bytes: Uint8Array): Inode => ({ id: `${inodes++}`, bytes, flushed: bytes, changes: [] });
  const names = new Map([...found].map(([path, bytes]) => [path, inodeOf(bytes)]));
  const flushedNames = new Map(names);
  let callsLeft = Number.POSITIVE_INFINITY;
  const called = async (): Promise<void> => {
    if (callsLeft-- <= 0) throw Object.assign(new Error('the power is gone'), { code: 'EIO' });
  };
  const at = (path: string): Inode => {
    const inode = names.get(path);
    if (inode === undefined) throw Object.assign(new Error(`no ${path}`), { code: 'ENOENT' });
    return inode;
  };
  const change = (inode: Inode, bytes: Uint8Array, from: number, to: number): void => {
    inode.bytes = bytes;
    inode.changes.push({ after: bytes, from, to });
  };
  const write = (inode: Inode, bytes: Uint8Array, position: number): void => {
    const after = new Uint8Array(Math.max(inode.bytes.length, position + bytes.length));
    after.set(inode.bytes);
    after.set(bytes, position);
    change(inode, after, position, position + bytes.length);
  };
  const opened = (inode: Inode): OpenFile => ({
    async read(into, position) {
      await called();
      const bytes = inode.bytes.subarray(position, position + into.length);
      into.set(bytes);
      return bytes.length;
    },
    append: (bytes) => called().then(() => write(inode, bytes, inode.bytes.length)),
    async write(bytes, position) {
      // The power may go in the middle of it.
      if (callsLeft === 0) write(inode, bytes.subarray(0, pick(entropy, bytes.length + 1)), position);
      await called();
      write(inode, bytes, position);
    },
    async datasync() {
      await called();
      inode.flushed = inode.bytes;
      inode.changes.length = 0;
    },
    truncate: (length) =>
      called().then(() => change(inode, inode.bytes.slice(0, length), length, inode.bytes.length)),
    facts: () => called().then(() => ({ size: inode.bytes.length, id: inode.id })),
    close: async () => {},
  });
  return {
    async open(path, how) {
      await called();
      if (how === 'create' || (how === 'append' && !names.has(path))) {
        if (names.has(path)) throw Object.assign(new Error(`there is ${path}`), { code: 'EEXIST' });
        names.set(path, inodeOf(new Uint8Array(0)));
      }
      return opened(at(path));
    },
    read: (path) => called().then(() => at(path).bytes.slice()),
    facts: (path) => called().then(() => ({ size: at(path).bytes.length, id: at(path).id })),
    async rename(from, to) {
      await called();
      names.set(to, at(from));
      names.delete(from);
    },
    remove: (path) => called().then(() => void names.delete(path)),
    makeFolder: () => called(),
    list: (path) =>
      called().then(() =>
        [...names.keys()].filter((name) => dirname(name) === path).map((name) => basename(name)),
      ),
    async syncFolder(path) {
      await called();
      for (const name of [...flushedNames.keys()]) if (dirname(name) === path) flushedNames.delete(name);
      for (const [name, inode] of names) if (dirname(name) === path) flushedNames.set(name, inode);
    },
    cutAfter(calls) {
      callsLeft = calls;
    },
    get isCut() {
      return callsLeft < 0;
    },
    restored() {
      const kept = new Map<string, Uint8Array>();
      for (const path of new Set([...names.keys(), ...flushedNames.keys()])) {
        const inode =
          names.get(path) === flushedNames.get(path) || pick(entropy, 2) === 0 ? names : flushedNames;
        const one = inode.get(path);
        if (one !== undefined) kept.set(path, survivingBytes(one, entropy));
      }
      return diskWith(kept, entropy);
    },
  };
}

/** Of each change that was not flushed, any of its sectors, and the length of any of them. */
function survivingBytes({ flushed, changes }: Inode, entropy: Entropy): Uint8Array {
  let bytes = flushed;
  for (const { after, from, to } of changes) {
    const isLengthKept = pick(entropy, 2) === 0;
    const next = new Uint8Array(isLengthKept ? after.length : bytes.length);
    next.set(bytes.subarray(0, next.length));
    for (let start = from; start < to; start = (Math.floor(start / sectorBytes) + 1) * sectorBytes) {
      if (pick(entropy, 2) === 0) continue;
      const sector = after.subarray(start, Math.min(to, (Math.floor(start / sectorBytes) + 1) * sectorBytes));
      if (start + sector.length <= next.length) next.set(sector, start);
    }
    bytes = next;
  }
  return bytes;
}

function pick(entropy: Entropy, below: number): number {
  return Buffer.from(entropy.bytes(4)).readUInt32BE(0) % below;
}
