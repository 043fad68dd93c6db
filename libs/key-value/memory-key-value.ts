/** A key-value store in memory, for tests and simulation. */
import { Fault } from '#environment';
import { copyValue, encodeKey, type KeyValue, type KeyValueWrite } from './key-value.js';

/** What outlives one open store, as a folder does: pass it to the next one. */
export type KeyValueDrawer = Map<string, Uint8Array>;

export function openMemoryKeyValue(drawer: KeyValueDrawer = new Map()): KeyValue {
  return new MemoryKeyValue(drawer);
}

class MemoryKeyValue implements KeyValue {
  readonly #drawer: KeyValueDrawer;
  #closed = false;

  constructor(drawer: KeyValueDrawer) {
    this.#drawer = drawer;
  }

  async get(key: string): Promise<Uint8Array | undefined> {
    encodeKey(key);
    return this.#open().get(key)?.slice();
  }

  async write(writes: readonly KeyValueWrite[]): Promise<void> {
    const drawer = this.#open();
    const steps = writes.map(({ key, value }) => {
      encodeKey(key);
      return { key, value: value && copyValue(value) };
    });
    for (const { key, value } of steps) {
      if (value) drawer.set(key, value);
      else drawer.delete(key);
    }
  }

  async putIfAbsent(key: string, value: Uint8Array): Promise<Uint8Array> {
    encodeKey(key);
    const drawer = this.#open();
    const standing = drawer.get(key) ?? copyValue(value);
    drawer.set(key, standing);
    return standing.slice();
  }

  async *list(prefix: string): AsyncIterable<readonly [key: string, value: Uint8Array]> {
    const found = [...this.#open()].filter(([key]) => key.startsWith(prefix));
    found.sort(([left], [right]) => Buffer.compare(encodeKey(left), encodeKey(right)));
    for (const [key, value] of found) yield [key, value.slice()];
  }

  async close(): Promise<void> {
    this.#closed = true;
  }

  #open(): KeyValueDrawer {
    if (!this.#closed) return this.#drawer;
    throw new Fault('key-value-unavailable', 'the store is closed', { retriable: true });
  }
}
