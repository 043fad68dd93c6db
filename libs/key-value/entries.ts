/** The entries of a store in memory, with their revisions; adapters keep them durable or do not. */
import {
  encodeKey,
  type KeyValueEntry,
  type KeyValueWrite,
  listPageBytes,
  listPageEntries,
  type Revision,
  type Versioned,
} from './key-value.js';

/** What an entry takes in memory beside key and value, roughly. */
const entryOverheadBytes = 128;

export class Entries {
  readonly #entries = new Map<string, Versioned>();
  #revision = 0;
  #bytes = 0;

  /** Of the last write; a new one has the next. */
  get revision(): Revision {
    return this.#revision as Revision;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** What the entries take in memory, roughly. */
  get bytes(): number {
    return this.#bytes;
  }

  get(key: string): Versioned | undefined {
    return this.#entries.get(key);
  }

  set(key: string, versioned: Versioned | undefined): void {
    const old = this.#entries.get(key);
    if (old !== undefined) this.#bytes -= entryBytes(key, old.value);
    if (versioned === undefined) this.#entries.delete(key);
    else this.#entries.set(key, versioned);
    if (versioned !== undefined) this.#bytes += entryBytes(key, versioned.value);
  }

  advance(revision: Revision): void {
    if (revision < this.#revision) throw new Error(`revision ${revision} after ${this.#revision}`);
    this.#revision = revision;
  }

  all(): IterableIterator<[string, Versioned]> {
    return this.#entries.entries();
  }

  /** Ascending by UTF-8 bytes. */
  keysUnder(prefix: string): string[] {
    const found = [...this.#entries.keys()].filter((key) => key.startsWith(prefix));
    const encoded = found.map((key) => [encodeKey(key), key] as const);
    return encoded.sort(([left], [right]) => Buffer.compare(left, right)).map(([, key]) => key);
  }

  /** The entries of the first keys that fit a page, as far as they still stand; takes the keys away. */
  takePage(keys: string[]): KeyValueEntry[] {
    const page: KeyValueEntry[] = [];
    let bytes = 0;
    let taken = 0;
    for (const key of keys) {
      const found = this.#entries.get(key);
      if (page.length >= listPageEntries || (page.length > 0 && bytes + byteLength(found) > listPageBytes)) {
        break;
      }
      taken++;
      bytes += byteLength(found);
      if (found !== undefined) page.push({ key, value: found.value.slice(), revision: found.revision });
    }
    keys.splice(0, taken);
    return page;
  }
}

/** Writes that were judged one after the other over entries that they do not change yet. */
export class Draft {
  readonly #base: Entries;
  readonly #changed = new Map<string, Versioned | undefined>();
  #revision: number;
  #bytes: number;

  constructor(base: Entries) {
    this.#base = base;
    this.#revision = base.revision;
    this.#bytes = base.bytes;
  }

  get revision(): Revision {
    return this.#revision as Revision;
  }

  get bytes(): number {
    return this.#bytes;
  }

  isAllowed(writes: readonly KeyValueWrite[]): boolean {
    return writes.every(({ key, ifRevision }) => {
      if (ifRevision === undefined) return true;
      const revision = this.#get(key)?.revision;
      return ifRevision === 'absent' ? revision === undefined : revision === ifRevision;
    });
  }

  /** By how much the entries would grow. */
  growth(writes: readonly KeyValueWrite[]): number {
    return writes.reduce((sum, { key, value }) => {
      const old = this.#get(key);
      return sum + (value ? entryBytes(key, value) : 0) - (old ? entryBytes(key, old.value) : 0);
    }, 0);
  }

  /** All of the writes get the next revision. */
  add(writes: readonly KeyValueWrite[]): void {
    this.#bytes += this.growth(writes);
    this.#revision++;
    for (const { key, value } of writes) {
      this.#changed.set(key, value && { value, revision: this.revision });
    }
  }

  apply(): void {
    for (const [key, versioned] of this.#changed) this.#base.set(key, versioned);
    this.#base.advance(this.revision);
  }

  #get(key: string): Versioned | undefined {
    return this.#changed.has(key) ? this.#changed.get(key) : this.#base.get(key);
  }
}

function entryBytes(key: string, value: Uint8Array): number {
  return key.length * 2 + value.length + entryOverheadBytes;
}

function byteLength(found: Versioned | undefined): number {
  return found?.value.length ?? 0;
}
