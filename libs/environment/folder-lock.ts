/**
 * Locks of the file system that die with their process: one owner of a folder, and one writer of a file at a
 * time. The only file that knows fs-native-extensions.
 */
import { closeSync, fstatSync, ftruncateSync, openSync, readSync, statSync, writeSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { codeOf, Fault, messageOf } from './fault.js';
import { makeFolders } from './make-folders.js';

// The package has no types. An open file holds the lock, not the process: two opens of one process exclude
// each other as two processes do, and whatever ends the process closes the file.
const require = createRequire(import.meta.url);
const { tryLock } = require('fs-native-extensions') as {
  tryLock(file: number, options: { shared: boolean }): boolean;
};

export interface FolderLock {
  readonly folder: string;
  /**
   * Whether the file that was locked still lies in the folder under its name: where it was removed, or the
   * folder moved away, another may own what lies there now. One look at the disk, of microseconds.
   */
  stillHeld(): boolean;
  /** Lets the next owner in; calling it again does nothing. */
  release(): void;
}

/** Lies in the folder for ever: removing it would let two owners lock two different files. */
export const lockFileName = 'owner.lock';

const ownerBytesMax = 1_024;
const commandCharactersMax = 200;
/** An owner that has only just locked the file has not yet written who it is. */
const ownerReads = 10;
const ownerReadPauseMs = 5;

interface Owner {
  readonly pid: number;
  readonly command: string;
  readonly startedAt: string;
}

/**
 * Takes the folder for this process, made when missing; call it before anything in the folder is opened, and
 * above all before anything is cut short. `command` says what runs, for the message that others get. Those
 * who only read share the folder with each other, but not with an owner. Throws a Fault `data-in-use`, not
 * retriable, when another has it, and a retriable `data-folder-unavailable` when the lock file cannot be
 * opened.
 */
export function lockFolder(
  folder: string,
  command = commandOfThisProcess(),
  { isShared = false }: { readonly isShared?: boolean } = {},
): FolderLock {
  const path = join(folder, lockFileName);
  const file = openLockFile(folder, path);
  if (!isTaken(file, path, isShared)) {
    const owner = ownerOf(file);
    closeSync(file);
    throw new Fault('data-in-use', inUseMessage(folder, owner), { retriable: false });
  }
  const startedAt = new Date().toISOString();
  if (!isShared)
    sayWhoOwns(file, { pid: process.pid, command: command.slice(0, commandCharactersMax), startedAt });
  let isHeld = true;
  return {
    folder,
    stillHeld: () => isHeld && attempt(path, 'data-folder-unavailable', () => isNamed(file, path)),
    release() {
      if (!isHeld) return;
      isHeld = false;
      // Whoever is refused from now on must not be told of an owner that is gone.
      if (!isShared) ftruncateSync(file);
      closeSync(file);
    },
  };
}

export interface FileLock {
  release(): void;
}

/**
 * Locks a file, made when missing with its folder; undefined while another open of it has the lock. Throws a
 * retriable Fault `file-lock-unavailable` when it cannot be opened.
 */
export function tryFileLock(path: string): FileLock | undefined {
  for (;;) {
    const file = openFileToLock(path);
    let isLocked = false;
    try {
      isLocked = attempt(path, 'file-lock-unavailable', () => tryLock(file, { shared: false }));
      if (!isLocked) return undefined;
      // One that was removed meanwhile keeps nobody out: whoever comes next locks another file.
      isLocked = attempt(path, 'file-lock-unavailable', () => isNamed(file, path));
      if (isLocked) return { release: () => closeSync(file) };
    } finally {
      if (!isLocked) closeSync(file);
    }
  }
}

export interface FileLockOptions {
  /** After so long of waiting for another holder the act is given up. */
  readonly waitMsMax: number;
}

const pauseMs = { first: 1, most: 16 };

/**
 * Runs `act` while no other open of the file, of this process or another, is inside it; the file is made
 * when missing, with its folder. Throws a retriable Fault `file-lock-unavailable` when the lock cannot be
 * had in time or at all; what `act` throws passes through.
 */
export async function withFileLock<Result>(
  path: string,
  { waitMsMax }: FileLockOptions,
  act: () => Promise<Result>,
): Promise<Result> {
  for (;;) {
    const file = openFileToLock(path);
    try {
      await waitForLock(file, path, waitMsMax);
      // One that was removed while this waited keeps nobody out.
      if (attempt(path, 'file-lock-unavailable', () => isNamed(file, path))) return await act();
    } finally {
      closeSync(file);
    }
  }
}

/** Whether the open file is what its path names, and not one that was removed or replaced. */
function isNamed(file: number, path: string): boolean {
  const own = fstatSync(file, { bigint: true });
  const named = statSync(path, { bigint: true, throwIfNoEntry: false });
  return named !== undefined && named.ino === own.ino && named.dev === own.dev;
}

/** Asks again instead of waiting in a thread: the pool's few threads are what the holder writes with. */
async function waitForLock(file: number, path: string, waitMsMax: number): Promise<void> {
  const giveUpAtMs = performance.now() + waitMsMax;
  for (let waitMs = pauseMs.first; ; waitMs = Math.min(pauseMs.most, waitMs * 2)) {
    if (attempt(path, 'file-lock-unavailable', () => tryLock(file, { shared: false }))) return;
    if (performance.now() >= giveUpAtMs) {
      const message = `another process has held the lock on ${path} for ${waitMsMax} ms; look for one that hangs`;
      throw new Fault('file-lock-unavailable', message, { retriable: true });
    }
    await setTimeout(waitMs);
  }
}

function openFileToLock(path: string): number {
  return attempt(path, 'file-lock-unavailable', () => {
    makeFolders(dirname(path));
    return openSync(path, 'a+');
  });
}

function openLockFile(folder: string, path: string): number {
  return attempt(path, 'data-folder-unavailable', () => {
    makeFolders(folder);
    return openSync(path, 'a+');
  });
}

function isTaken(file: number, path: string, shared: boolean): boolean {
  try {
    return attempt(path, 'data-folder-unavailable', () => tryLock(file, { shared }));
  } catch (cause) {
    closeSync(file);
    throw cause;
  }
}

/** Only for the message: a disk that is too full to take these bytes does not take the folder away. */
function sayWhoOwns(file: number, owner: Owner): void {
  try {
    ftruncateSync(file);
    writeSync(file, new TextEncoder().encode(JSON.stringify(owner)));
  } catch {}
}

function ownerOf(file: number): Owner | undefined {
  for (let read = 0; read < ownerReads; read++) {
    const owner = readOwner(file);
    if (owner !== undefined && isAlive(owner.pid)) return owner;
    // Who waits here is about to be refused and has nothing else to do.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ownerReadPauseMs);
  }
  return readOwner(file);
}

function readOwner(file: number): Owner | undefined {
  const bytes = new Uint8Array(ownerBytesMax);
  const length = readSync(file, bytes, 0, ownerBytesMax, 0);
  try {
    return JSON.parse(new TextDecoder().decode(bytes.subarray(0, length))) as Owner;
  } catch {
    return undefined;
  }
}

/** An owner in another container has a pid that this process cannot see: it counts as gone, and is named. */
function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (cause) {
    return codeOf(cause) === 'EPERM';
  }
}

function inUseMessage(folder: string, owner: Owner | undefined): string {
  const who =
    owner === undefined
      ? 'a process that only reads it, or has not yet said who it is'
      : `process ${owner.pid} (${owner.command}), running since ${owner.startedAt}`;
  return `the folder ${folder} is in use by ${who}; stop it first, or name another folder`;
}

function commandOfThisProcess(): string {
  return process.argv.slice(1).join(' ');
}

function attempt<Result>(path: string, code: string, step: () => Result): Result {
  try {
    return step();
  } catch (cause) {
    const why = codeOf(cause) ?? messageOf(cause);
    throw new Fault(code, `${path} cannot be locked: ${why}; check that it may be written`, {
      retriable: true,
      cause,
    });
  }
}
