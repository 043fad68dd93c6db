/** The place up to which the embedded chain's heights were acknowledged, kept apart from the journal: so that
 *  a journal which was cut short or replaced by an older copy is known for what it is. */
import { type FileHandle, open, readFile } from 'node:fs/promises';
import { crc32 } from 'node:zlib';
import { codeOf } from '#environment';
import type { JournalPlace } from './anvil-journal.js';

/** Undefined when there is none, `damaged` when it is not what was written. */
export async function readNote(file: string): Promise<JournalPlace | 'damaged' | undefined> {
  const line = await readFile(file, 'utf8').catch((cause) => {
    if (codeOf(cause) === 'ENOENT') return '';
    throw cause;
  });
  if (line === '') return undefined;
  const text = line.slice(9).trimEnd();
  return line.length === noteBytes && line.slice(0, 9) === `${checksum(text)} `
    ? JSON.parse(text)
    : 'damaged';
}

export class AnvilNote {
  readonly #file: string;
  #handle: FileHandle | undefined;

  constructor(file: string) {
    this.#file = file;
  }

  /** One write over the same bytes, unflushed: the journal was flushed before, so that the note is never
   *  ahead of it, and a killed process leaves the newest. */
  async keep({ height, bytes, entryFrom, entryChecksum }: JournalPlace): Promise<void> {
    const text = JSON.stringify({ height, bytes, entryFrom, entryChecksum });
    const line = `${checksum(text)} ${text}`.padEnd(noteBytes - 1);
    this.#handle ??= await open(this.#file, 'r+').catch(() => open(this.#file, 'w'));
    await this.#handle.write(Buffer.from(`${line}\n`), 0, noteBytes, 0);
  }

  async close(): Promise<void> {
    await this.#handle?.close();
  }
}

/** Room for every place; less than a page, so that it is written whole. */
const noteBytes = 160;

function checksum(text: string): string {
  return crc32(text).toString(16).padStart(8, '0');
}
