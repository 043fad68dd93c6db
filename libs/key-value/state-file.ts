/**
 * The state file of a store on disk, with its entries in memory. Who writes holds the lock of the folder; who
 * reads takes what the mark in the header says is flushed.
 *
 * A file named `store-id` is written after the state file and never removed: where it stands alone the state
 * was lost, and is not begun anew.
 */
import { dirname, join } from 'node:path';
import { concatBytes, equalBytes } from '#encoding';
import {
  type Entropy,
  Fault,
  type FileFacts,
  type FileSystem,
  nextOf,
  type OpenFile,
  replaceFile,
  unlessAbsent,
} from '#environment';
import { Entries } from './entries.js';
import { scanRecords } from './scan-records.js';
import {
  encodeHeader,
  encodeMark,
  encodeRecord,
  encodeStoreId,
  headerBytes,
  markOffsets,
  parseHeader,
  parseMarks,
  parseStoreId,
  type StateRecord,
  storeIdBytes,
} from './state-format.js';

/** Marks that another process is just writing may be seen half. */
const markReads = 3;

export class StateFile {
  readonly path: string;
  readonly #folder: string;
  readonly #files: FileSystem;
  #storeId: Uint8Array = new Uint8Array(0);
  #file: OpenFile | undefined;
  /** Of the open file. */
  #id = '';
  #entries = new Entries();
  /** Records before it are in the entries. */
  #end = 0;
  /** Whether the file holds bytes of entries that stand no more. */
  #holdsOld = false;
  /** Whether the file's name may not be on disk yet. */
  #isNameLoose = false;
  /** The mark to be written next: never the one that says most, so that a torn one leaves the other. */
  #nextMark = 0;
  /** Whether a mark is torn or damaged. */
  #isMarkLost = false;
  /** Whether an append failed, and what it left may come back: nobody may read until that is settled. */
  #isAppendLoose = false;

  constructor(folder: string, files: FileSystem) {
    this.#folder = folder;
    this.#files = files;
    this.path = join(folder, 'state');
  }

  get entries(): Entries {
    return this.#entries;
  }

  get bytes(): number {
    return this.#end;
  }

  get holdsOld(): boolean {
    return this.#holdsOld;
  }

  /** Whether it is to be settled before anything is said of it. */
  get isLoose(): boolean {
    return this.#isMarkLost || this.#isAppendLoose;
  }

  /** Begins the store where there is none, ends what a killed process left half done; with the lock held. */
  async open(entropy: Entropy): Promise<void> {
    const idPath = join(this.#folder, 'store-id');
    const known = await unlessAbsent(() => this.#files.read(idPath));
    await this.#files.remove(nextOf(this.path));
    if ((await unlessAbsent(() => this.#files.facts(this.path))) === undefined) {
      if (known !== undefined)
        throw this.#damaged(0, `the file is gone, and ${idPath} says that it was there`);
      const storeId = entropy.bytes(storeIdBytes);
      await (await replaceFile(this.#files, this.path, [encodeHeader(storeId, headerBytes)])).close();
    }
    const knownId = known && parseStoreId(known);
    await this.refresh();
    if (knownId !== undefined && !equalBytes(knownId, this.#storeId)) {
      throw this.#damaged(0, `the file belongs to another store than ${idPath} says`);
    }
    await this.#tieName();
    if (knownId === undefined) {
      // Only now: a power cut must not keep this name and take that of the state.
      await (await replaceFile(this.#files, idPath, [encodeStoreId(this.#storeId)])).close();
      await this.#files.syncFolder(this.#folder);
    }
    await this.settle();
  }

  /** Takes up what has been flushed since, by whatever process. */
  async refresh(): Promise<void> {
    const { id } = await this.#facts();
    if (this.#file === undefined || id !== this.#id) await this.#reopen();
    const end = await this.#readMarks();
    if (end < this.#end && !this.#isMarkLost) {
      throw this.#damaged(markOffsets[0], `the header counts ${end} bytes, and ${this.#end} have been there`);
    }
    await this.#readOn(end);
  }

  /**
   * Behind the mark stands what a writer left that was killed before it could say that it was done: whole
   * records are taken up, as they may have been acknowledged before a power cut took the mark back; the rest
   * is cut. A mark that was torn is written again. With the lock held, after a refresh; where it fails, the
   * entries are what they were.
   */
  async settle(): Promise<void> {
    const file = this.#open();
    const { size } = await file.facts();
    if (size === this.#end && !this.isLoose) return;
    if (size < this.#end) {
      throw this.#damaged(size, `the file ends there, and ${this.#end} bytes have been flushed`);
    }
    const records: StateRecord[] = [];
    let revision: number = this.#entries.revision;
    const { at: end } = await scanRecords(file, { begin: this.#end, end: size }, (record) => {
      if (record.revision <= revision) return false;
      revision = record.revision;
      records.push(record);
      return true;
    });
    if (end < size) await file.truncate(end);
    // Written again, as a disk that failed to flush bytes once may not try those again.
    if (records.length > 0) await file.write(encodeRecords(records, this.#end), this.#end);
    await file.datasync();
    if (end > this.#end || this.#isMarkLost) await this.#mark(end);
    for (const record of records) this.#take(record);
    this.#isMarkLost = false;
    this.#isAppendLoose = false;
  }

  /**
   * Durable and seen by others when it resolves; the caller changes the entries. With the lock held, after it
   * is settled; where it fails, nothing of the records stands, or the file is loose.
   */
  async append(records: readonly StateRecord[]): Promise<void> {
    const file = this.#open();
    if (this.#isNameLoose) await this.#tieName();
    const bytes = encodeRecords(records, this.#end);
    this.#isAppendLoose = true;
    try {
      await file.write(bytes, this.#end);
      await file.datasync();
    } catch (cause) {
      await this.#takeBack().catch(() => {});
      throw cause;
    }
    await this.#mark(this.#end + bytes.length);
    this.#isAppendLoose = false;
    this.#holdsOld ||= records.some(({ entries }) => entries.some(({ key }) => this.#entries.get(key)));
  }

  /** Writes the entries alone to a new file and puts it in the place of this one; with the lock held. */
  async compact(): Promise<void> {
    const ascending = [...this.#entries.all()].sort(([, left], [, right]) => left.revision - right.revision);
    const chunks: Uint8Array[] = [new Uint8Array(headerBytes)];
    let end = headerBytes;
    const add = (record: StateRecord): void => {
      const bytes = encodeRecord(end, record);
      end += bytes.length;
      chunks.push(bytes);
    };
    for (const [key, { value, revision }] of ascending) add({ revision, entries: [{ key, value }] });
    // The entry that was written last may have been deleted: revisions go on all the same.
    add({ revision: this.#entries.revision, entries: [] });
    chunks[0] = encodeHeader(this.#storeId, end);
    const file = await replaceFile(this.#files, this.path, chunks);
    await this.#file?.close().catch(() => {});
    this.#file = file;
    this.#id = (await file.facts()).id;
    this.#end = end;
    this.#holdsOld = false;
    this.#isNameLoose = true;
    await this.#tieName();
  }

  async close(): Promise<void> {
    const file = this.#file;
    this.#file = undefined;
    try {
      // The last mark: with it on disk, no byte before it can be missing unnoticed.
      await file?.datasync();
    } finally {
      await file?.close();
    }
  }

  async #reopen(): Promise<void> {
    await this.#file?.close().catch(() => {});
    this.#file = undefined;
    const file = await this.#files.open(this.path, 'change');
    try {
      const header = new Uint8Array(headerBytes);
      const storeId = parseHeader(header.subarray(0, await file.read(header, 0)));
      if (typeof storeId === 'string') throw this.#damaged(0, storeId);
      if (this.#storeId.length > 0 && !equalBytes(this.#storeId, storeId)) {
        throw this.#damaged(0, 'another store was put in its place while it was open');
      }
      this.#id = (await file.facts()).id;
      this.#storeId = storeId;
    } catch (cause) {
      await file.close();
      throw cause;
    }
    this.#file = file;
    this.#entries = new Entries();
    this.#end = headerBytes;
    this.#holdsOld = false;
    // Whoever put it there may have been killed before the name was on disk.
    this.#isNameLoose = true;
  }

  /** How far the file has been flushed, as far as its marks know. */
  async #readMarks(): Promise<number> {
    let marks: readonly (number | undefined)[] = [];
    for (let read = 0; read < markReads; read++) {
      const header = new Uint8Array(headerBytes);
      const length = await this.#open().read(header, 0);
      marks = parseMarks(this.#storeId, header.subarray(0, length));
      if (!marks.includes(undefined)) break;
    }
    const [first, second] = marks;
    if (first === undefined && second === undefined) {
      throw this.#damaged(markOffsets[0], 'the checksums of both marks in the header do not match');
    }
    this.#isMarkLost = first === undefined || second === undefined;
    this.#nextMark = (first ?? 0) < (second ?? 0) ? 0 : 1;
    return Math.max(first ?? 0, second ?? 0);
  }

  /** What lies before `end` has been flushed, and the other mark with it. */
  async #mark(end: number): Promise<void> {
    await this.#open().write(encodeMark(this.#storeId, end), markOffsets[this.#nextMark]);
    this.#nextMark = 1 - this.#nextMark;
    this.#end = end;
  }

  async #readOn(end: number): Promise<void> {
    const range = { begin: this.#end, end };
    const { at, why } = await scanRecords(this.#open(), range, (record, next) => {
      if (record.revision < this.#entries.revision) return false;
      this.#take(record);
      this.#end = next;
      return true;
    });
    if (at < end) throw this.#damaged(at, why ?? 'the record is older than the one before it');
  }

  /** On the disk too: what was refused and read as absent must not come back after a power cut. */
  async #takeBack(): Promise<void> {
    await this.#open().truncate(this.#end);
    await this.#open().datasync();
    this.#isAppendLoose = false;
  }

  #take({ revision, entries }: StateRecord): void {
    for (const { key, value } of entries) {
      this.#holdsOld ||= value === undefined || this.#entries.get(key) !== undefined;
      this.#entries.set(key, value && { value, revision });
    }
    this.#entries.advance(revision);
  }

  async #tieName(): Promise<void> {
    await this.#files.syncFolder(this.#folder);
    await this.#files.syncFolder(dirname(this.#folder));
    this.#isNameLoose = false;
  }

  #open(): OpenFile {
    if (this.#file === undefined) throw new Error('the state file is not open');
    return this.#file;
  }

  async #facts(): Promise<FileFacts> {
    const facts = await unlessAbsent(() => this.#files.facts(this.path));
    if (facts === undefined) throw this.#damaged(0, 'the file is gone');
    return facts;
  }

  #damaged(offset: number, why: string): Fault {
    const message =
      `the key-value store ${this.path} is damaged at byte ${offset}: ${why}; restore ${this.#folder} from a ` +
      'copy, or move it away to begin with nothing remembered (docs/explanation/crash-safety.md says what that costs)';
    return new Fault('key-value-damaged', message, { retriable: false });
  }
}

function encodeRecords(records: readonly StateRecord[], begin: number): Uint8Array {
  let end = begin;
  const encoded = records.map((record) => {
    const bytes = encodeRecord(end, record);
    end += bytes.length;
    return bytes;
  });
  return concatBytes(...encoded);
}
