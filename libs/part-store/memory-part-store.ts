/**
 * A part store in memory, for tests and simulation. It plays the engine that several organisations share: it
 * may be slow, away for a while, lose what nobody holds, and hand out other bytes than were put.
 */
import { hash } from 'node:crypto';
import { Fault, systemTimers, type Timers } from '#environment';
import { getInOrder, lookUntil, putEach } from './flights.js';
import {
  assertDigest,
  assertOwner,
  type Blocks,
  type Found,
  type GetOptions,
  type PartStore,
} from './part-store.js';

/** What outlives one open store, as a folder does. Tests damage blocks in it. */
export interface BlockDrawer {
  /** By digest in hexadecimal. */
  readonly blocks: Map<string, Uint8Array>;
  /** Digests in hexadecimal by owner. */
  readonly holds: Map<string, Set<string>>;
  /** The engine cannot be asked. */
  isAway: boolean;
  /** Answers wait for this. */
  slowness: Promise<void>;
}

export function blockDrawer(): BlockDrawer {
  return { blocks: new Map(), holds: new Map(), isAway: false, slowness: Promise.resolve() };
}

export interface MemoryPartStoreOptions {
  readonly timers?: Timers;
  /** Opening loses every block that nobody holds, as an engine that clears its cache does. */
  readonly losesUnheld?: boolean;
}

export function openMemoryPartStore(
  drawer: BlockDrawer = blockDrawer(),
  options: MemoryPartStoreOptions = {},
): PartStore {
  if (options.losesUnheld === true) {
    for (const name of drawer.blocks.keys()) if (!isHeld(drawer, name)) drawer.blocks.delete(name);
  }
  return new MemoryPartStore(drawer, options.timers ?? systemTimers);
}

class MemoryPartStore implements PartStore {
  readonly #drawer: BlockDrawer;
  readonly #timers: Timers;
  readonly #underWay = new Set<Promise<unknown>>();
  #closed = false;

  constructor(drawer: BlockDrawer, timers: Timers) {
    this.#drawer = drawer;
    this.#timers = timers;
  }

  async put(bytes: Uint8Array): Promise<Uint8Array> {
    const [digest] = await this.putMany([bytes]);
    return digest;
  }

  putMany(blocks: Blocks): Promise<readonly Uint8Array[]> {
    return this.#asked((drawer) =>
      putEach(blocks, async (block) => {
        const digest = new Uint8Array(hash('sha256', block, 'buffer'));
        await drawer.slowness;
        drawer.blocks.set(nameOf(digest), Uint8Array.from(block));
        return digest;
      }),
    );
  }

  async get(digest: Uint8Array, options: GetOptions = {}): Promise<Found> {
    assertDigest(digest);
    const name = nameOf(digest);
    return await this.#asked((drawer) =>
      lookUntil(options, this.#timers, async () => {
        await drawer.slowness;
        return drawer.blocks.get(name)?.slice() ?? 'absent';
      }),
    );
  }

  getMany(digests: Iterable<Uint8Array>, options: GetOptions = {}): AsyncIterable<Found> {
    return getInOrder(digests, options, (digest, each) => this.get(digest, each));
  }

  async hold(owner: string, digests: readonly Uint8Array[]): Promise<void> {
    assertOwner(owner);
    for (const digest of digests) assertDigest(digest);
    await this.#asked(async (drawer) => {
      const held = drawer.holds.get(owner) ?? new Set();
      for (const digest of digests) held.add(nameOf(digest));
      drawer.holds.set(owner, held);
    });
  }

  owners(prefix: string): Promise<readonly string[]> {
    return this.#asked(async ({ holds }) => [...holds.keys()].filter((owner) => owner.startsWith(prefix)));
  }

  async release(owner: string): Promise<void> {
    assertOwner(owner);
    await this.#asked(async (drawer) => {
      const held = drawer.holds.get(owner) ?? [];
      drawer.holds.delete(owner);
      for (const name of held) if (!isHeld(drawer, name)) drawer.blocks.delete(name);
    });
  }

  async close(): Promise<void> {
    this.#closed = true;
    await Promise.allSettled(this.#underWay);
  }

  async #asked<Answer>(request: (drawer: BlockDrawer) => Promise<Answer>): Promise<Answer> {
    if (this.#closed || this.#drawer.isAway) {
      const why = this.#closed ? 'closed' : 'away';
      throw new Fault('part-store-unavailable', `the part store is ${why}`, { retriable: true });
    }
    const answer = request(this.#drawer);
    this.#underWay.add(answer);
    try {
      return await answer;
    } finally {
      this.#underWay.delete(answer);
    }
  }
}

function isHeld(drawer: BlockDrawer, name: string): boolean {
  return [...drawer.holds.values()].some((held) => held.has(name));
}

function nameOf(digest: Uint8Array): string {
  return Buffer.from(digest).toString('hex');
}
