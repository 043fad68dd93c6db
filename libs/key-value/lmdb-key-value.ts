/** The embedded key-value store, on LMDB; several processes may open one folder at the same time. */
import { type ByteWrite, LmdbStore } from '#environment/lmdb-store';
import { copyValue, encodeKey, type KeyValue, type KeyValueWrite } from './key-value.js';

/** `path` is a folder of the store's own. Throws a Fault `key-value-unavailable` when it cannot be opened. */
export function openLmdbKeyValue(path: string): KeyValue {
  return new LmdbKeyValue(new LmdbStore({ path, faultCode: 'key-value-unavailable' }));
}

/** Entries looked at in one turn of the event loop. */
const pageEntries = 256;

class LmdbKeyValue implements KeyValue {
  readonly #store: LmdbStore;

  constructor(store: LmdbStore) {
    this.#store = store;
  }

  async get(key: string): Promise<Uint8Array | undefined> {
    const bytes = encodeKey(key);
    return this.#store.read((view) => view.get(bytes));
  }

  async write(writes: readonly KeyValueWrite[]): Promise<void> {
    const steps = writes.map(({ key, value }) => ({ key: encodeKey(key), value: value && copyValue(value) }));
    const size = steps.reduce((sum, step) => sum + step.key.length + (step.value?.length ?? 0), 0);
    await this.#store.write((txn) => {
      for (const step of steps) apply(txn, step);
    }, size);
  }

  async putIfAbsent(key: string, value: Uint8Array): Promise<Uint8Array> {
    const step = { key: encodeKey(key), value: copyValue(value) };
    const standing = await this.#store.write((txn) => {
      const found = txn.get(step.key);
      if (!found) apply(txn, step);
      return found ?? step.value;
    }, step.value.length);
    return standing;
  }

  async *list(prefix: string): AsyncIterable<readonly [key: string, value: Uint8Array]> {
    const start = new TextEncoder().encode(prefix);
    // UTF-8 never holds the byte 255: this bound lies above all keys with the prefix and below all others.
    const to = new Uint8Array([...start, 0xff]);
    let from = start.length > 0 ? start : new Uint8Array([0]);
    for (;;) {
      const page = this.#store.read((view) => view.range(from, to, pageEntries));
      for (const { key, value } of page) yield [new TextDecoder().decode(key), value];
      if (page.length < pageEntries) return;
      from = new Uint8Array([...page[page.length - 1].key, 0]);
    }
  }

  close(): Promise<void> {
    return this.#store.close();
  }
}

function apply(txn: ByteWrite, { key, value }: { key: Uint8Array; value: Uint8Array | undefined }): void {
  if (value) txn.put(key, value);
  else txn.remove(key);
}
