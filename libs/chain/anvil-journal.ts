/** What the embedded chain was told, height by height: an append-only file from which anvil is brought to
 *  the same state. */
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { crc32 } from 'node:zlib';
import type { Hex } from '#encoding';
import { Fault, messageOf } from '#environment';

/** The first entry. */
export interface JournalHead {
  readonly version: 1;
  readonly chainId: number;
  readonly genesisTimestampSeconds: number;
}

/** One height: its timestamp in seconds and its signed transactions in order. */
export interface JournalHeight {
  readonly at: number;
  readonly transactions: readonly Hex[];
  /** This entry stands in the place of the one before: other processes had posted into the same height. */
  readonly replacesLast?: true;
}

export interface AnvilJournal {
  readonly head: JournalHead;
  /** The heights that were in the file when it was opened. */
  readonly heights: readonly JournalHeight[];
  /** Resolves when the height is flushed. Throws a Fault `chain-unavailable` when the disk refuses. */
  append(height: JournalHeight): Promise<void>;
  close(): Promise<void>;
}

/** Opens the file, or begins it with `head`. An entry that was torn by a crash is cut off: nobody was told
 *  of it. */
export async function openAnvilJournal(file: string, head: JournalHead): Promise<AnvilJournal> {
  mkdirSync(dirname(file), { recursive: true });
  const { entries, goodBytes } = readEntries(file);
  const handle = await open(file, existsSync(file) ? 'r+' : 'w+');
  const journal = new FileJournal(handle, file, goodBytes);
  await handle.truncate(goodBytes);
  if (entries.length === 0) await journal.write(head);
  const [known, ...heights] = entries.length === 0 ? [head] : entries;
  return Object.assign(journal, {
    head: known as JournalHead,
    heights: withoutReplaced(heights as readonly JournalHeight[]),
  });
}

/** Keeps nothing: for a chain that ends with the process. */
export function memoryJournal(head: JournalHead): AnvilJournal {
  return { head, heights: [], append: async () => {}, close: async () => {} };
}

/** How many heights from `from` on are empty and lie evenly behind the last: anvil mines those at once, a
 *  hundred times faster than one by one. A height that is no part of such a run stands alone. */
export function emptyRun(
  heights: readonly JournalHeight[],
  from: number,
  lastAt: number,
): { readonly count: number; readonly stepSeconds: number } {
  const stepSeconds = heights[from].at - lastAt;
  let count = 0;
  for (let at = lastAt; stepSeconds > 0 && from + count < heights.length; count++) {
    const height = heights[from + count];
    if (height.transactions.length > 0 || height.at !== at + stepSeconds) break;
    at = height.at;
  }
  return { count: Math.max(count, 1), stepSeconds };
}

class FileJournal {
  readonly #handle: FileHandle;
  readonly #file: string;
  #end: number;

  constructor(handle: FileHandle, file: string, end: number) {
    this.#handle = handle;
    this.#file = file;
    this.#end = end;
  }

  append(height: JournalHeight): Promise<void> {
    return this.write(height);
  }

  async write(entry: JournalHead | JournalHeight): Promise<void> {
    const text = JSON.stringify(entry);
    const line = Buffer.from(`${checksum(text)} ${text}\n`);
    try {
      // At a fixed place, so that a write that failed halfway is written over by the next.
      // A write may take less than it was given, as on a disk that fills up.
      for (let done = 0; done < line.length; ) {
        const { bytesWritten } = await this.#handle.write(line, done, line.length - done, this.#end + done);
        if (bytesWritten === 0) throw new Error('the disk takes no more bytes');
        done += bytesWritten;
      }
      await this.#handle.datasync();
    } catch (cause) {
      const message = `the journal ${this.#file} cannot be written: ${messageOf(cause)}`;
      throw new Fault('chain-unavailable', message, { retriable: true, cause });
    }
    this.#end += line.length;
  }

  close(): Promise<void> {
    return this.#handle.close();
  }
}

function withoutReplaced(heights: readonly JournalHeight[]): readonly JournalHeight[] {
  return heights.filter((_, index) => heights[index + 1]?.replacesLast !== true);
}

/** Ends at the first bad line: a torn one is the last. A good line behind a bad one means that the file
 *  was damaged. */
function readEntries(file: string): { entries: readonly object[]; goodBytes: number } {
  if (!existsSync(file)) return { entries: [], goodBytes: 0 };
  const bytes = readFileSync(file);
  const entries: object[] = [];
  let goodBytes = 0;
  for (let at = 0, end = bytes.indexOf(0x0a); end >= 0; at = end + 1, end = bytes.indexOf(0x0a, at)) {
    const line = bytes.toString('utf8', at, end);
    const text = line.slice(9);
    if (line.slice(0, 8) !== checksum(text)) continue;
    if (at !== goodBytes) {
      const message = `the journal ${file} is damaged before byte ${at}`;
      throw new Fault('chain-journal-damaged', message, { retriable: false });
    }
    entries.push(JSON.parse(text));
    goodBytes = end + 1;
  }
  return { entries, goodBytes };
}

function checksum(text: string): string {
  return crc32(text).toString(16).padStart(8, '0');
}
