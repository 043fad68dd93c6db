/**
 * The state file of a store on disk, with its entries in memory. Who writes holds the lock of the folder; who
 * reads takes what the mark in the header says is flushed.
 */
import { dirname, join } from 'node:path';
import { concatBytes, equalBytes } from '#encoding';
import {
  type Entropy,
  type Fault,
  type FileFacts,
  type FileSystem,
  nextOf,
  type OpenFile,
  replaceFile,
  unlessAbsent,
} from '#environment';
import { Entries } from './entries.js';
import { scanRecords } from './scan-records.js';
import { damagedState, olderState } from './state-faults.js';
import {
  encodeHeader,
  encodeMark,
  encodeRecord,
  headerBytes,
  markOffsets,
  parseHeader,
  parseMarks,
  type StateRecord,
  storeIdBytes,
} from './state-format.js';
import { StoreNote } from './store-note.js';

/** Marks that another process is just writing may be seen half. */
const markReads = 3;

export interface StateTail {
  readonly records: readonly StateRecord[];
  readonly end: number;
  /** Of the last record, in the tail or before it. */
  readonly revision: number;
  /** Whether something stands behind that is no record. */
  readonly isCut: boolean;
}

export class StateFile {
  readonly path: string;
  readonly #folder: string;
  readonly #files: FileSystem;
  readonly #note: StoreNote;
  #storeId: Uint8Array = new Uint8Array(0);
  #file: OpenFile | undefined;
  /** Of the open file. */
  #id = '';
  /** What its header begins with, up to the marks: others have another. */
  #issue: Uint8Array = new Uint8Array(0);
  /** A revision that has been flushed and marked: a state that ends before it is an older one. */
  #known = 0;
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
    this.#note = new StoreNote(folder, files);
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
    const noted = await this.#note.read();
    await this.#files.remove(nextOf(this.path));
    if ((await unlessAbsent(() => this.#files.facts(this.path))) === undefined) {
      if (noted !== undefined) {
        throw this.#damaged(0, `the file is gone, and ${this.#note.path} says that it was there`);
      }
      const storeId = entropy.bytes(storeIdBytes);
      await (await replaceFile(this.#files, this.path, [encodeHeader(storeId, headerBytes, 0)])).close();
    }
    await this.refresh();
    if (noted?.storeId !== undefined && !equalBytes(noted.storeId, this.#storeId)) {
      throw this.#damaged(0, `the file belongs to another store than ${this.#note.path} says`);
    }
    this.#known = Math.max(this.#known, noted?.revision ?? 0);
    await this.#tieName();
    await this.settle();
    await this.#note.open(this.#storeId, this.#entries.revision);
  }

  /** Takes up what has been flushed since, by whatever process. */
  async refresh(): Promise<void> {
    const { id } = await this.#facts();
    if (this.#file === undefined || id !== this.#id) await this.#reopen();
    let header = await this.#readHeader();
    if (!equalBytes(header.subarray(0, markOffsets[0]), this.#issue)) {
      await this.#reopen();
      header = await this.#readHeader();
    }
    const end = await this.#readMarks(header);
    if (end < this.#end && !this.#isMarkLost) throw this.#older(`${end} of ${this.#end} bytes`);
    await this.#readOn(end);
    if (!this.isLoose) this.#requireKnown(this.#entries.revision);
    this.#known = Math.max(this.#known, this.#entries.revision);
  }

  /** What stands behind the mark: whole records, and where they end; nothing is changed. After a refresh. */
  async tail(): Promise<StateTail> {
    const { size } = await this.#open().facts();
    if (size < this.#end) {
      throw this.#damaged(size, `the file ends there, and ${this.#end} bytes have been flushed`);
    }
    const records: StateRecord[] = [];
    let revision: number = this.#entries.revision;
    const range = { begin: this.#end, end: size };
    const { at: end } = await scanRecords(this.#open(), range, (record) => {
      if (record.revision <= revision) return false;
      revision = record.revision;
      records.push(record);
      return true;
    });
    return { records, end, revision, isCut: end < size };
  }

  /**
   * Behind the mark stands what a writer left that was killed before it could say that it was done: whole
   * records are taken up, as they may have been acknowledged before a power cut took the mark back; the rest
   * is cut. A mark that was torn is written again. With the lock held, after a refresh; where it fails, the
   * entries are what they were.
   */
  async settle(): Promise<void> {
    const file = this.#open();
    const { records, end, revision, isCut } = await this.tail();
    this.#requireKnown(revision);
    if (end === this.#end && !isCut && !this.isLoose) return;
    if (isCut) await file.truncate(end);
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
    const noted = this.#note.remember(records[records.length - 1].revision);
    try {
      await this.#mark(this.#end + bytes.length);
    } finally {
      await noted;
    }
    this.#isAppendLoose = false;
    this.#holdsOld ||= records.some(({ entries }) => entries.some(({ key }) => this.#entries.get(key)));
  }

  /**
   * Writes the entries alone to a new file and puts it in the place of this one; with the lock held. Noted
   * before, so that a copy of the old file does not bring back what was erased from it.
   */
  async compact(): Promise<void> {
    await this.#note.keep(this.#entries.revision);
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
    chunks[0] = encodeHeader(this.#storeId, end, this.#entries.revision);
    const file = await replaceFile(this.#files, this.path, chunks);
    await this.#file?.close().catch(() => {});
    this.#file = file;
    this.#id = (await file.facts()).id;
    this.#issue = chunks[0].subarray(0, markOffsets[0]);
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
      await this.#note.close(Math.max(this.#known, this.#entries.revision));
    } finally {
      await file?.close();
    }
  }

  async #reopen(): Promise<void> {
    this.#known = Math.max(this.#known, this.#entries.revision);
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
      this.#issue = header.subarray(0, markOffsets[0]);
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

  async #readHeader(): Promise<Uint8Array> {
    const header = new Uint8Array(headerBytes);
    return header.subarray(0, await this.#open().read(header, 0));
  }

  /** How far the file has been flushed, as far as its marks know. */
  async #readMarks(header: Uint8Array): Promise<number> {
    let marks = parseMarks(this.#storeId, header);
    for (let read = 1; read < markReads && marks.includes(undefined); read++) {
      marks = parseMarks(this.#storeId, await this.#readHeader());
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

  #requireKnown(revision: number): void {
    if (revision < this.#known) throw this.#older(`revision ${revision} of ${this.#known}`);
  }

  #older(found: string): Fault {
    return olderState(this.path, this.#note.path, found);
  }

  #damaged(offset: number, why: string): Fault {
    return damagedState(this.path, offset, why);
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
