/** What the embedded chain was told, height by height: an append-only file from which anvil is brought to
 *  the same state. A line an entry: its CRC-32 in hexadecimal, a space, the entry as JSON. */
import { readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { crc32 } from 'node:zlib';
import type { Hex } from '#encoding';
import { codeOf, Fault, type FileSystem, messageOf, type OpenFile, systemFiles } from '#environment';
import { makeFolders } from '#environment/make-folders';

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

/** Behind an entry: so many heights, so many bytes, and the entry itself, by which a place is known again. */
export interface JournalPlace {
  readonly height: number;
  readonly bytes: number;
  readonly entryFrom: number;
  readonly entryChecksum: string;
}

export interface AnvilJournal {
  readonly head: JournalHead;
  /** Behind the last entry. */
  readonly end: JournalPlace;
  /** Behind the last entry that a power cut cannot take. */
  readonly flushed: JournalPlace;
  /** The heights behind `place`, from the beginning when it is undefined; undefined when the journal has no
   *  such place. Throws a Fault `chain-journal-damaged` when an entry there is broken. */
  heightsAfter(place: JournalPlace | undefined): Promise<readonly JournalHeight[] | undefined>;
  /** Resolves when the height is in the file: flushed, unless `isHurried`, which leaves that to a later
   *  flush. Throws a retriable Fault `chain-unavailable` when the disk refuses; then nothing was appended. */
  append(height: JournalHeight, isHurried?: boolean): Promise<void>;
  close(): Promise<void>;
}

export interface JournalOptions {
  readonly files?: FileSystem;
  /** A place that the file must hold, since what lies before it was acknowledged. */
  readonly known?: JournalPlace;
}

/** Unflushed empty heights at most: they hold nothing but the time, which the clock brings again. */
const hurriedMax = 32;

/** Opens the file, or begins it with `head`. An entry at the end that was torn by a crash is cut off: nobody
 *  was told of it. Throws a Fault `chain-journal-older` when less is there than `known`. */
export async function openAnvilJournal(
  file: string,
  head: JournalHead,
  { files = systemFiles, known }: JournalOptions = {},
): Promise<AnvilJournal> {
  const found = await readJournal(file);
  await requireKnown(file, found.end, known);
  try {
    makeFolders(dirname(file));
    const opened = await files.open(file, 'append');
    const journal = new FileJournal(file, opened, found.head ?? head, found.end);
    if (found.fileBytes > found.end.bytes) await opened.truncate(found.end.bytes);
    if (found.head === undefined) {
      await journal.begin();
      await files.syncFolder(dirname(file));
    }
    return journal;
  } catch (cause) {
    throw cause instanceof Fault ? cause : diskRefused(file, cause);
  }
}

/** The journal of a chain that is only looked at: the file is left as it is. Throws a Fault
 *  `chain-journal-older` when less is there than `known`. */
export async function readAnvilJournal(
  file: string,
  known?: JournalPlace,
): Promise<AnvilJournal | undefined> {
  const { head, end } = await readJournal(file);
  await requireKnown(file, end, known);
  if (head === undefined) return undefined;
  const append = async (): Promise<void> => {
    throw new Fault('chain-unavailable', 'the chain was opened for reading', { retriable: false });
  };
  return {
    head,
    end,
    flushed: end,
    heightsAfter: (place) => heightsAfter(file, place, end),
    append,
    close: async () => {},
  };
}

/** Keeps nothing: for a chain that ends with the process. */
export function memoryJournal(head: JournalHead): AnvilJournal {
  const end = { height: 0, bytes: 0, entryFrom: 0, entryChecksum: '' };
  return {
    head,
    end,
    flushed: end,
    heightsAfter: async () => [],
    append: async () => {},
    close: async () => {},
  };
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

class FileJournal implements AnvilJournal {
  readonly head: JournalHead;
  readonly #file: string;
  readonly #opened: OpenFile;
  #end: JournalPlace;
  #flushed: JournalPlace;
  #hurried = 0;
  /** Whether something may stand behind the end that a failed write left. */
  #isTorn = false;

  constructor(file: string, opened: OpenFile, head: JournalHead, end: JournalPlace) {
    this.head = head;
    this.#file = file;
    this.#opened = opened;
    this.#end = end;
    this.#flushed = end;
  }

  get end(): JournalPlace {
    return this.#end;
  }

  get flushed(): JournalPlace {
    return this.#flushed;
  }

  begin(): Promise<void> {
    return this.#write(this.head, 0, false);
  }

  heightsAfter(place: JournalPlace | undefined): Promise<readonly JournalHeight[] | undefined> {
    return heightsAfter(this.#file, place, this.#end);
  }

  append(height: JournalHeight, isHurried = false): Promise<void> {
    return this.#write(height, height.replacesLast ? 0 : 1, isHurried && this.#hurried < hurriedMax);
  }

  async close(): Promise<void> {
    if (this.#hurried > 0) await this.#opened.datasync().catch(() => {});
    await this.#opened.close();
  }

  async #write(entry: JournalHead | JournalHeight, heights: number, isHurried: boolean): Promise<void> {
    const text = JSON.stringify(entry);
    const entryChecksum = checksum(text);
    const line = Buffer.from(`${entryChecksum} ${text}\n`);
    const { height, bytes } = this.#end;
    try {
      if (this.#isTorn) await this.#opened.truncate(bytes);
      this.#isTorn = true;
      await this.#opened.append(line);
      if (!isHurried) await this.#opened.datasync();
      this.#isTorn = false;
    } catch (cause) {
      // Cut at once, so that a start right now would not find a height that nobody mined.
      await this.#opened.truncate(bytes).catch(() => {});
      throw diskRefused(this.#file, cause);
    }
    this.#hurried = isHurried ? this.#hurried + 1 : 0;
    this.#end = { height: height + heights, bytes: bytes + line.length, entryFrom: bytes, entryChecksum };
    if (!isHurried) this.#flushed = this.#end;
  }
}

function diskRefused(file: string, cause: unknown): Fault {
  const why = codeOf(cause) ?? messageOf(cause);
  const message = `the journal ${file} cannot be written: ${why}. The chain goes on when the disk takes it`;
  return new Fault('chain-unavailable', message, { retriable: true, cause });
}

/** Throws a Fault `chain-journal-older` when the journal, which ends at `end`, does not hold `known`. */
export async function requireKnown(
  file: string,
  end: JournalPlace,
  known: JournalPlace | undefined,
): Promise<void> {
  if (known === undefined || (await heightsAfter(file, known, end)) !== undefined) return;
  const found =
    end.bytes < known.bytes
      ? `ends at height ${end.height}, byte ${end.bytes}`
      : `has another height ${known.height} than the one that was acknowledged`;
  const message =
    `the journal ${file} ${found}; acknowledged was height ${known.height}, byte ${known.bytes}. It was cut, ` +
    'damaged at its end, or comes from another copy: bring back the chain folder that belongs to this data';
  throw new Fault('chain-journal-older', message, { retriable: false });
}

interface ReadJournal {
  readonly head: JournalHead | undefined;
  readonly heights: readonly JournalHeight[];
  readonly end: JournalPlace;
  /** Bytes of the file, those behind the last good entry included. */
  readonly fileBytes: number;
}

/** All that the file holds; nothing of a file that is not there. */
export async function readJournal(file: string): Promise<ReadJournal> {
  const bytes = await readFile(file).catch((cause) => {
    if (codeOf(cause) === 'ENOENT') return Buffer.alloc(0);
    throw new Fault('chain-unavailable', `the journal ${file} cannot be read: ${codeOf(cause)}`, {
      retriable: true,
      cause,
    });
  });
  const { entries, end } = entriesOf(file, bytes);
  const [head, ...heights] = entries;
  return {
    head: head as JournalHead | undefined,
    heights: withoutReplaced(heights as readonly JournalHeight[]),
    end,
    fileBytes: bytes.length,
  };
}

/** As `AnvilJournal.heightsAfter`, of the part of the file that ends at `end`. */
export async function heightsAfter(
  file: string,
  place: JournalPlace | undefined,
  end: JournalPlace,
): Promise<readonly JournalHeight[] | undefined> {
  if (place !== undefined && end.bytes < place.bytes) return undefined;
  const bytes = (await readFile(file)).subarray(0, end.bytes);
  const { entries } = entriesOf(file, bytes);
  if (place === undefined) return withoutReplaced(entries.slice(1) as JournalHeight[]);
  const last = bytes.toString('utf8', place.entryFrom, place.bytes);
  if (last !== `${place.entryChecksum} ${last.slice(9, -1)}\n`) return undefined;
  return withoutReplaced(entries.slice(1) as JournalHeight[]).slice(place.height);
}

function withoutReplaced(heights: readonly JournalHeight[]): readonly JournalHeight[] {
  return heights.filter((_, index) => heights[index + 1]?.replacesLast !== true);
}

/** Ends at the first bad line: a torn one is the last. A good line behind a bad one means that the file
 *  was damaged. */
function entriesOf(file: string, bytes: Buffer): { entries: readonly object[]; end: JournalPlace } {
  const entries: object[] = [];
  let end: JournalPlace = { height: 0, bytes: 0, entryFrom: 0, entryChecksum: '' };
  for (let at = 0, stop = bytes.indexOf(0x0a); stop >= 0; at = stop + 1, stop = bytes.indexOf(0x0a, at)) {
    const line = bytes.toString('utf8', at, stop);
    const text = line.slice(9);
    const entryChecksum = checksum(text);
    if (line.slice(0, 9) !== `${entryChecksum} `) continue;
    if (at !== end.bytes) {
      const message =
        `the journal ${file} is damaged between bytes ${end.bytes} and ${at}, after height ${end.height}: ` +
        'bring back a copy of the chain folder';
      throw new Fault('chain-journal-damaged', message, { retriable: false });
    }
    const entry = JSON.parse(text) as Partial<JournalHeight>;
    const isNew = entries.length > 0 && entry.replacesLast !== true;
    entries.push(entry);
    end = { height: end.height + (isNew ? 1 : 0), bytes: stop + 1, entryFrom: at, entryChecksum };
  }
  return { entries, end };
}

function checksum(text: string): string {
  return crc32(text).toString(16).padStart(8, '0');
}
