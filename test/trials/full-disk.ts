/**
 * Disks that are full when a trial says so: a small file system in memory (which only root can mount), and the
 * largest size that a file of a process may have.
 */
import { type ChildProcess, execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface FullDisk {
  readonly name: string;
  /** For the store of the trial. */
  readonly folder: string;
  /** Of the system, while it is full. */
  readonly code: string;
  fill(writer: ChildProcess): void;
  makeRoom(writer: ChildProcess): void;
  remove(): void;
}

export interface FullDiskSizes {
  readonly diskKibibytes: number;
  /** What a file may have while the disk is full. */
  readonly fileBytes: number;
}

/** Filled by a file of somebody else. */
export function smallDisk({ diskKibibytes }: FullDiskSizes): FullDisk {
  const place = mkdtempSync(join(tmpdir(), 'papyrus-disk-'));
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${diskKibibytes}k`, 'tmpfs', place]);
  const filler = join(place, 'filler');
  const fill = (): void => {
    const piece = new Uint8Array(4_096);
    for (;;) {
      try {
        writeFileSync(filler, piece, { flag: 'a' });
      } catch {
        return;
      }
    }
  };
  return {
    name: 'tmpfs',
    folder: join(place, 'store'),
    code: 'ENOSPC',
    fill,
    makeRoom: () => rmSync(filler),
    remove() {
      execFileSync('umount', [place]);
      rmSync(place, { recursive: true });
    },
  };
}

/** No file of the writer may grow beyond the size given. */
export function smallFiles({ fileBytes }: FullDiskSizes): FullDisk {
  const place = mkdtempSync(join(tmpdir(), 'papyrus-files-'));
  const folder = join(place, 'store');
  mkdirSync(folder);
  const limit = (writer: ChildProcess, bytes: string): void => {
    execFileSync('prlimit', ['--pid', String(writer.pid), `--fsize=${bytes}`]);
  };
  return {
    name: 'RLIMIT_FSIZE',
    folder,
    code: 'EFBIG',
    fill: (writer) => limit(writer, `${fileBytes}:unlimited`),
    makeRoom: (writer) => limit(writer, 'unlimited:unlimited'),
    remove() {
      if (existsSync(place)) rmSync(place, { recursive: true });
    },
  };
}
