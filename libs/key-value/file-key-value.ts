/**
 * The embedded key-value store: all of it in memory, every write in a checksummed file before it is told.
 * Several processes may open one folder: they take turns to write, and read what others have flushed.
 */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import {
  codeOf,
  type Entropy,
  Fault,
  type FileSystem,
  messageOf,
  systemEntropy,
  systemFiles,
} from '#environment';
import { type FileLock, tryFileLock, withFileLock } from '#environment/folder-lock';
import { Draft } from './entries.js';
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
import { StateFile } from './state-file.js';
import type { StateRecord } from './state-format.js';

export interface FileKeyValueOptions {
  /** What keys and values may take in memory; a write beyond is refused by a Fault `key-value-full`. */
  readonly memoryBytesMax?: number;
  /** How long a write waits for those of other processes. */
  readonly lockMsMax?: number;
  readonly files?: FileSystem;
  readonly entropy?: Entropy;
}

const defaults = { memoryBytesMax: 256 * 1_048_576, lockMsMax: 10_000 };
/** The state file is written anew when it has more than twice what stands in it, and so much beside. */
const slackBytes = 262_144;
/** Writes that share a flush. */
const groupBytesMax = 2_097_152;
const groupWritesMax = 256;

interface Waiting {
  readonly writes: readonly KeyValueWrite[];
  readonly bytes: number;
  readonly resolve: (outcome: WriteOutcome) => void;
  readonly reject: (cause: unknown) => void;
}

/** What came of a write, once its group is durable; a fault concerns it alone. */
type Judged = WriteOutcome | Fault;

/** `folder` is the store's own, made when missing. Throws the faults of the port when it cannot be opened. */
export async function openFileKeyValue(folder: string, options: FileKeyValueOptions = {}): Promise<KeyValue> {
  const store = new FileKeyValue(folder, options);
  try {
    await store.open(options.entropy ?? systemEntropy);
  } catch (cause) {
    await store.close().catch(() => {});
    throw cause;
  }
  return store;
}

class FileKeyValue implements KeyValue {
  readonly #folder: string;
  readonly #limits: typeof defaults;
  readonly #state: StateFile;
  readonly #leases = new Set<Lease>();
  #queue: Waiting[] = [];
  #pumping: Promise<void> | undefined;
  /** Looks at the state and changes of it come one after the other. */
  #turn: Promise<unknown> = Promise.resolve();
  /** A compaction that failed is tried again when the file has grown beyond. */
  #compactsAbove = 0;
  /** Whether bytes that were to be erased may still be in the file. */
  #owesErasing = false;
  /** The same where nobody was promised anything by this process. */
  #mayOweErasing = false;
  #isClosed = false;

  constructor(folder: string, { memoryBytesMax, lockMsMax, files }: FileKeyValueOptions) {
    this.#folder = folder;
    this.#limits = {
      memoryBytesMax: memoryBytesMax ?? defaults.memoryBytesMax,
      lockMsMax: lockMsMax ?? defaults.lockMsMax,
    };
    this.#state = new StateFile(folder, files ?? systemFiles);
  }

  async open(entropy: Entropy): Promise<void> {
    await this.#locked(async () => {
      await this.#state.open(entropy);
      // A process that was killed may owe the erasing of what it replaced: now, or with a later write.
      this.#mayOweErasing = this.#state.holdsOld;
      if (this.#mayOweErasing) await this.#compactIfDue();
    });
  }

  async get(key: string): Promise<Versioned | undefined> {
    encodeKey(key);
    return this.#look(() => {
      const found = this.#state.entries.get(key);
      return found && { value: found.value.slice(), revision: found.revision };
    });
  }

  async write(writes: readonly KeyValueWrite[]): Promise<WriteOutcome> {
    const copied = copyWrites(writes);
    this.#assertOpen();
    return this.#enqueue(copied);
  }

  async *list(
    prefix: string,
    { signal }: { readonly signal?: AbortSignal } = {},
  ): AsyncIterable<readonly KeyValueEntry[]> {
    const keys = await this.#look(() => this.#state.entries.keysUnder(prefix));
    while (keys.length > 0) {
      signal?.throwIfAborted();
      const page = await this.#look(() => this.#state.entries.takePage(keys));
      if (page.length > 0) yield page;
    }
  }

  /** The lock of the system ends with its process: a holder that lives cannot lose it. */
  async lease(name: string): Promise<Lease | undefined> {
    encodeKey(name);
    this.#assertOpen();
    const file = createHash('sha256').update(name).digest('hex');
    const lock = await this.#faulting(async () => tryFileLock(join(this.#folder, 'leases', `${file}.lock`)));
    if (lock === undefined) return undefined;
    try {
      await this.#enqueue([]);
      const epoch = await this.#look(() => this.#state.entries.revision);
      return this.#leaseOf(name, epoch, lock);
    } catch (cause) {
      lock.release();
      throw cause;
    }
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    await this.#pumping;
    for (const lease of this.#leases) await lease.release();
    await this.#inTurn(() => this.#state.close());
  }

  #leaseOf(name: string, epoch: number, lock: FileLock): Lease {
    const ending = new AbortController();
    const lease: Lease = {
      name,
      epoch,
      lost: ending.signal,
      release: async () => {
        if (!this.#leases.delete(lease)) return;
        ending.abort();
        lock.release();
      },
    };
    this.#leases.add(lease);
    return lease;
  }

  async #look<Found>(look: () => Found): Promise<Found> {
    this.#assertOpen();
    const seen = await this.#inTurn(async () => {
      await this.#state.refresh();
      return this.#state.isLoose ? undefined : { found: look() };
    });
    if (seen !== undefined) return seen.found;
    return this.#locked(async () => {
      await this.#state.refresh();
      await this.#state.settle();
      return look();
    });
  }

  #enqueue(writes: readonly KeyValueWrite[]): Promise<WriteOutcome> {
    const bytes = writes.reduce((sum, { key, value }) => sum + key.length + (value?.length ?? 0), 0);
    return new Promise((resolve, reject) => {
      this.#queue.push({ writes, bytes, resolve, reject });
      this.#pumping ??= this.#pump();
    });
  }

  async #pump(): Promise<void> {
    // Calls of the same turn join the first group.
    await Promise.resolve();
    while (this.#queue.length > 0) {
      const group = this.#queue.splice(0, groupLength(this.#queue));
      try {
        const judged = await this.#locked(() => this.#commit(group));
        group.forEach(({ resolve, reject }, at) => {
          const outcome = judged[at];
          if (outcome instanceof Fault) reject(outcome);
          else resolve(outcome);
        });
      } catch (cause) {
        for (const { reject } of group) reject(cause);
      }
    }
    this.#pumping = undefined;
  }

  async #commit(group: readonly Waiting[]): Promise<readonly Judged[]> {
    await this.#state.refresh();
    await this.#state.settle();
    const draft = new Draft(this.#state.entries);
    const records: StateRecord[] = [];
    const judged = group.map(({ writes }): Judged => {
      if (!draft.isAllowed(writes)) return 'conflict';
      const growth = draft.growth(writes);
      if (growth > 0 && draft.bytes + growth > this.#limits.memoryBytesMax)
        return this.#full(draft.bytes, growth);
      draft.add(writes);
      records.push({ revision: draft.revision, entries: writes });
      return 'written';
    });
    if (records.length > 0) await this.#state.append(records);
    draft.apply();
    this.#owesErasing ||= group.some(
      ({ writes }, at) => judged[at] === 'written' && writes.some((one) => one.erases),
    );
    await this.#compactIfDue();
    return judged;
  }

  async #compactIfDue(): Promise<void> {
    const { bytes, entries } = this.#state;
    const isLong = bytes > Math.max(this.#compactsAbove, 2 * entries.bytes + slackBytes);
    if (!isLong && !this.#owesErasing && !this.#mayOweErasing) return;
    try {
      await this.#state.compact();
      this.#compactsAbove = 0;
      this.#mayOweErasing = false;
    } catch (cause) {
      // A longer file harms nobody; a secret that stays in it was promised to be gone.
      if (this.#owesErasing) throw cause;
      this.#compactsAbove = bytes + slackBytes;
    }
    this.#owesErasing = false;
  }

  /** In turn, and while no other process writes. */
  #locked<Result>(act: () => Promise<Result>): Promise<Result> {
    const waitMsMax = this.#limits.lockMsMax;
    return this.#faulting(() =>
      withFileLock(join(this.#folder, 'write.lock'), { waitMsMax }, () => this.#inTurn(act)),
    );
  }

  #inTurn<Result>(act: () => Promise<Result>): Promise<Result> {
    const done = this.#turn.then(() => this.#faulting(act));
    this.#turn = done.catch(() => {});
    return done;
  }

  /** What the system refuses becomes a fault of the port; bugs stay bugs. */
  async #faulting<Result>(act: () => Promise<Result>): Promise<Result> {
    try {
      return await act();
    } catch (cause) {
      const code = codeOf(cause);
      if (code === undefined || code.startsWith('key-value-')) throw cause;
      const why = cause instanceof Fault ? messageOf(cause) : `${code}: ${messageOf(cause)}`;
      throw unavailable(this.#state.path, why, cause);
    }
  }

  #full(bytes: number, growth: number): Fault {
    const message =
      `the key-value store ${this.#state.path} holds ${bytes} of at most ${this.#limits.memoryBytesMax} bytes, ` +
      `and a write would add ${growth}; close channels that are over, or part the services over more stores`;
    return new Fault('key-value-full', message, { retriable: false });
  }

  #assertOpen(): void {
    if (this.#isClosed) throw unavailable(this.#state.path, 'it is closed');
  }
}

function groupLength(queue: readonly Waiting[]): number {
  let bytes = 0;
  let length = 0;
  while (length < queue.length && length < groupWritesMax && bytes < groupBytesMax)
    bytes += queue[length++].bytes;
  return length;
}

function unavailable(path: string, why: string, cause?: unknown): Fault {
  return new Fault('key-value-unavailable', `the key-value store ${path} cannot be used now: ${why}`, {
    retriable: true,
    cause,
  });
}
