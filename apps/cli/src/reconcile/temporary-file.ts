/** A file for what memory does not hold: it has no name any more, so that nothing of it stays behind. */
import { closeSync, mkdtempSync, openSync, readSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { messageOf } from '#environment';

/** The folder of temporary files is full, or not to be written to. */
export class TemporaryFileRefused extends Error {}

/** Bytes are appended; every thread of the process can read them by the descriptor. */
export class TemporaryFile {
  readonly descriptor: number;
  length = 0;
  readonly #folder: string;

  constructor(folder = tmpdir()) {
    this.#folder = folder;
    try {
      const own = mkdtempSync(join(folder, 'papyrus-'));
      this.descriptor = openSync(join(own, 'rows'), 'w+', 0o600);
      // The system keeps the file for as long as it is open.
      rmSync(own, { recursive: true });
    } catch (cause) {
      throw this.#refused(cause);
    }
  }

  append(bytes: Uint8Array): void {
    try {
      for (let at = 0; at < bytes.length; ) {
        const written = writeSync(this.descriptor, bytes, at, bytes.length - at, this.length);
        at += written;
        this.length += written;
      }
    } catch (cause) {
      throw this.#refused(cause);
    }
  }

  close(): void {
    closeSync(this.descriptor);
  }

  #refused(cause: unknown): TemporaryFileRefused {
    const why = `${this.#folder}: ${messageOf(cause)} after ${this.length} bytes of rows that memory does not hold`;
    return new TemporaryFileRefused(`${why}; name a folder with room by --temp`, { cause });
  }
}

/** Fills `into` from the byte `from` on; short reads are bugs, for what is read was written before. */
export function readFully(descriptor: number, into: Uint8Array, from: number): void {
  for (let at = 0; at < into.length; ) {
    const read = readSync(descriptor, into, at, into.length - at, from + at);
    if (read === 0) throw new Error(`a temporary file ends at byte ${from + at}`);
    at += read;
  }
}
