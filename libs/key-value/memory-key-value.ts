/**
 * A key-value store in memory, for tests and simulation; on request it is as awkward as a distributed engine.
 */
import { type Entropy, Fault } from '#environment';
import { Draft, Entries } from './entries.js';
import {
  copyWrites,
  encodeKey,
  type KeyValue,
  type KeyValueEntry,
  type KeyValueWrite,
  type Lease,
  type Versioned,
  type WriteOutcome,
} from './key-value.js';

/** What outlives one open store, as a folder does: pass it to the next one. */
export class KeyValueDrawer {
  readonly entries = new Entries();
  readonly #leases = new Map<string, AbortController>();

  /** Undefined while another holds it. */
  takeLease(name: string): Lease | undefined {
    if (this.#leases.has(name)) return undefined;
    const ending = new AbortController();
    this.#leases.set(name, ending);
    const draft = new Draft(this.entries);
    draft.add([]);
    draft.apply();
    const release = async (): Promise<void> => {
      if (this.#leases.get(name) === ending) this.#leases.delete(name);
      ending.abort();
    };
    return { name, epoch: draft.revision, lost: ending.signal, release };
  }

  /** As an engine does that has not heard of the holder for too long. */
  loseLease(name: string): void {
    this.#leases.get(name)?.abort();
    this.#leases.delete(name);
  }
}

/** How far from prompt and certain the answers are. */
export interface Awkwardness {
  readonly entropy: Entropy;
  /** Every call waits for up to so many turns of the event loop, before it looks and before it answers. */
  readonly turnsMax: number;
  /** Of 256 writes so many are answered by a fault, half of them after they were written. */
  readonly uncertainOf256?: number;
}

export function openMemoryKeyValue(drawer = new KeyValueDrawer(), awkwardness?: Awkwardness): KeyValue {
  return new MemoryKeyValue(drawer, awkwardness);
}

class MemoryKeyValue implements KeyValue {
  readonly #drawer: KeyValueDrawer;
  readonly #awkwardness: Awkwardness | undefined;
  readonly #leases = new Set<Lease>();
  #isClosed = false;

  constructor(drawer: KeyValueDrawer, awkwardness: Awkwardness | undefined) {
    this.#drawer = drawer;
    this.#awkwardness = awkwardness;
  }

  async get(key: string): Promise<Versioned | undefined> {
    encodeKey(key);
    this.#assertOpen();
    await this.#linger();
    const found = this.#drawer.entries.get(key);
    const copy = found && { value: found.value.slice(), revision: found.revision };
    await this.#linger();
    return copy;
  }

  async write(writes: readonly KeyValueWrite[]): Promise<WriteOutcome> {
    const copied = copyWrites(writes);
    this.#assertOpen();
    await this.#linger();
    const { entropy, uncertainOf256 = 0 } = this.#awkwardness ?? {};
    const fate = entropy === undefined || uncertainOf256 === 0 ? 256 : entropy.bytes(1)[0];
    if (fate < uncertainOf256 && fate % 2 === 0) throw unavailable('the write was lost on its way');
    const draft = new Draft(this.#drawer.entries);
    const outcome = draft.isAllowed(copied) ? 'written' : 'conflict';
    if (outcome === 'written') {
      draft.add(copied);
      draft.apply();
    }
    if (fate < uncertainOf256) throw unavailable('the answer to the write was lost on its way');
    await this.#linger();
    return outcome;
  }

  async *list(
    prefix: string,
    { signal }: { readonly signal?: AbortSignal } = {},
  ): AsyncIterable<readonly KeyValueEntry[]> {
    this.#assertOpen();
    const keys = this.#drawer.entries.keysUnder(prefix);
    while (keys.length > 0) {
      await this.#linger();
      signal?.throwIfAborted();
      this.#assertOpen();
      const page = this.#drawer.entries.takePage(keys);
      if (page.length > 0) yield page;
    }
  }

  async lease(name: string): Promise<Lease | undefined> {
    encodeKey(name);
    this.#assertOpen();
    await this.#linger();
    const lease = this.#drawer.takeLease(name);
    if (lease !== undefined) this.#leases.add(lease);
    return lease;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    for (const lease of this.#leases) await lease.release();
  }

  async #linger(): Promise<void> {
    if (this.#awkwardness === undefined) return;
    const { entropy, turnsMax } = this.#awkwardness;
    for (let left = entropy.bytes(1)[0] % (turnsMax + 1); left > 0; left--) await new Promise(setImmediate);
  }

  #assertOpen(): void {
    if (this.#isClosed) throw unavailable('the store is closed');
  }
}

function unavailable(message: string): Fault {
  return new Fault('key-value-unavailable', message, { retriable: true });
}
