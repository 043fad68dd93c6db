/**
 * The file `store-id` beside a state: whose it is and how far it has been, so that an older copy is not taken
 * for it. It is never removed: where it stands alone the state was lost, and is not begun anew.
 */
import { join } from 'node:path';
import { type FileSystem, type OpenFile, replaceFile, unlessAbsent } from '#environment';
import {
  encodeMark,
  encodeStoreNote,
  keptNoteOffsets,
  looseNoteOffset,
  parseStoreNote,
  type StoreNoted,
  storeNoteBytes,
} from './state-format.js';

export class StoreNote {
  readonly path: string;
  readonly #folder: string;
  readonly #files: FileSystem;
  #storeId: Uint8Array = new Uint8Array(0);
  #file: OpenFile | undefined;

  constructor(folder: string, files: FileSystem) {
    this.#folder = folder;
    this.#files = files;
    this.path = join(folder, 'store-id');
  }

  /** What the file says; undefined where there is none. */
  async read(): Promise<StoreNoted | undefined> {
    const bytes = await unlessAbsent(() => this.#files.read(this.path));
    return bytes && parseStoreNote(bytes);
  }

  /**
   * Notes whose the state is, which has its name on disk already: a power cut must not keep this name and
   * take that one. A damaged file is written again. With the lock held.
   */
  async open(storeId: Uint8Array, revision: number): Promise<void> {
    this.#storeId = storeId;
    const whole = encodeStoreNote(storeId, revision);
    const noted = await this.read();
    if (noted === undefined) {
      this.#file = await replaceFile(this.#files, this.path, [whole]);
      await this.#files.syncFolder(this.#folder);
      return;
    }
    // In its place, as other processes have it open.
    this.#file = await this.#files.open(this.path, 'change');
    if (noted.storeId !== undefined && noted.isWhole) return this.keep(revision);
    await this.#file.write(whole, 0);
    await this.#file.datasync();
  }

  /** On the disk when it resolves, whatever tears or is torn; with the lock held. */
  async keep(revision: number): Promise<void> {
    const { kept } = await this.#reread();
    const [first = 0, second = 0] = kept;
    if (Math.max(first, second) >= revision) return;
    const offset = keptNoteOffsets[first <= second ? 0 : 1];
    await this.#open().write(encodeMark(this.#storeId, revision), offset);
    await this.#open().datasync();
  }

  /** Outlives the process, but not surely a power cut: nothing is flushed. With the lock held. */
  async remember(revision: number): Promise<void> {
    // Without it an older copy may not be found; that is no reason to refuse a write.
    await this.#file?.write(encodeMark(this.#storeId, revision), looseNoteOffset).catch(() => {});
  }

  /** Flushes what was remembered. */
  async close(revision: number): Promise<void> {
    if (this.#file === undefined) return;
    try {
      if ((await this.#reread()).revision < revision) await this.remember(revision);
      await this.#open().datasync();
    } finally {
      const file = this.#open();
      this.#file = undefined;
      await file.close();
    }
  }

  async #reread(): Promise<StoreNoted> {
    const bytes = new Uint8Array(storeNoteBytes);
    return parseStoreNote(bytes.subarray(0, await this.#open().read(bytes, 0)));
  }

  #open(): OpenFile {
    if (this.#file === undefined) throw new Error('the note of the store is not open');
    return this.#file;
  }
}
