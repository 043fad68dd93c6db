/** A part store in memory, for tests and simulation. */
import { hash } from 'node:crypto';
import { Fault } from '#environment';
import { type PartStore, storedBlockBytesMax } from './part-store.js';

/** Blocks by their digest in hex. It outlives one open store, as a folder does, and tests damage blocks in
 *  it. */
export type BlockDrawer = Map<string, Uint8Array>;

export function openMemoryPartStore(drawer: BlockDrawer = new Map()): PartStore {
  return new MemoryPartStore(drawer);
}

class MemoryPartStore implements PartStore {
  readonly #drawer: BlockDrawer;
  #closed = false;

  constructor(drawer: BlockDrawer) {
    this.#drawer = drawer;
  }

  async put(bytes: Uint8Array): Promise<Uint8Array> {
    const [digest] = await this.putMany([bytes]);
    return digest;
  }

  async putMany(blocks: readonly Uint8Array[]): Promise<readonly Uint8Array[]> {
    for (const block of blocks) {
      if (block.length > storedBlockBytesMax) throw new Error(`a block of ${block.length} bytes`);
    }
    const drawer = this.#open();
    return blocks.map((block) => {
      const digest = new Uint8Array(hash('sha256', block, 'buffer'));
      drawer.set(nameOf(digest), Uint8Array.from(block));
      return digest;
    });
  }

  async get(digest: Uint8Array): Promise<Uint8Array | undefined> {
    return this.#open().get(nameOf(digest))?.slice();
  }

  async has(digest: Uint8Array): Promise<boolean> {
    return this.#open().has(nameOf(digest));
  }

  async release(digest: Uint8Array): Promise<void> {
    this.#open().delete(nameOf(digest));
  }

  async close(): Promise<void> {
    this.#closed = true;
  }

  #open(): BlockDrawer {
    if (!this.#closed) return this.#drawer;
    throw new Fault('part-store-unavailable', 'the part store is closed', { retriable: true });
  }
}

function nameOf(digest: Uint8Array): string {
  if (digest.length !== 32) throw new Error(`a digest of ${digest.length} bytes`);
  return Buffer.from(digest).toString('hex');
}
