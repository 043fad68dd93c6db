/** Small durable state of a service: what it must remember and cannot compute from log, store and chain. */

/** In UTF-8; a key has at least one byte. */
export const keyBytesMax = 512;
export const valueBytesMax = 1_048_576;
/** Of all values of one write together; what is larger is split by the caller so that any prefix is safe. */
export const writeBytesMax = 1_048_576;
export const writeOperationsMax = 128;
/** A page of a list holds at most so many entries, and fewer when they are large. */
export const listPageEntries = 128;
export const listPageBytes = 1_048_576;

declare const revisionBrand: unique symbol;
/**
 * Opaque: equal only if nothing has been written to the key in between, deleted and written again included.
 */
export type Revision = number & { readonly [revisionBrand]: never };

export interface Versioned {
  readonly value: Uint8Array;
  readonly revision: Revision;
}

export interface KeyValueEntry extends Versioned {
  readonly key: string;
}

export interface KeyValueWrite {
  readonly key: string;
  /** `undefined` deletes. */
  readonly value: Uint8Array | undefined;
  /** Nothing of the whole write happens unless the key stands at this revision, or is not there at all. */
  readonly ifRevision?: Revision | 'absent';
  /** The bytes that it replaces must not stay on disk either: they are a secret that is to be forgotten. */
  readonly erases?: boolean;
}

export type WriteOutcome = 'written' | 'conflict';

/** Held by one at a time among all who open the storage. */
export interface Lease {
  readonly name: string;
  /** Grows with each taking of any lease, so that a later holder can be told from an earlier one. */
  readonly epoch: number;
  /** Aborted when it is held no longer, for whatever reason: what rests on it stops there. */
  readonly lost: AbortSignal;
  release(): Promise<void>;
}

/**
 * Several processes of one organisation may open one storage; what one was told is written, the others see.
 * Every call throws a retriable Fault `key-value-unavailable` when the store cannot be asked: then a write
 * may have happened or not. `key-value-damaged`, `key-value-older` and `key-value-full` are not retriable.
 */
export interface KeyValue {
  get(key: string): Promise<Versioned | undefined>;
  /** All writes or none, each key once, durable when resolved. */
  write(writes: readonly KeyValueWrite[]): Promise<WriteOutcome>;
  /**
   * Pages of the entries whose key starts with `prefix`, ascending by UTF-8 bytes; those written meanwhile
   * may be among them. Throws the signal's reason at the next page once it is aborted.
   */
  list(prefix: string, options?: { readonly signal?: AbortSignal }): AsyncIterable<readonly KeyValueEntry[]>;
  /**
   * Undefined while another holds it. A holder that the engine has not heard of for `ttlMs` loses it; an
   * embedded engine sees at once that a process has ended and needs no such time.
   */
  lease(name: string, ttlMs: number): Promise<Lease | undefined>;
  /** Resolves when what was written before is durable; leases are let go. */
  close(): Promise<void>;
}

/** Asserts what every adapter takes for granted, and gives the key as it is ordered. */
export function encodeKey(key: string): Uint8Array {
  const bytes = new TextEncoder().encode(key);
  if (bytes.length === 0 || bytes.length > keyBytesMax) throw new Error(`a key of ${bytes.length} bytes`);
  // Each half of a surrogate pair would become the same replacement character.
  if (!key.isWellFormed()) throw new Error('a key that is not well-formed Unicode');
  return bytes;
}

/** Asserts the limits and copies, as the caller may reuse its buffers. */
export function copyWrites(writes: readonly KeyValueWrite[]): readonly KeyValueWrite[] {
  if (writes.length > writeOperationsMax) throw new Error(`a write of ${writes.length} operations`);
  if (new Set(writes.map(({ key }) => key)).size < writes.length) throw new Error('a key twice in one write');
  let bytes = 0;
  for (const { key, value } of writes) {
    encodeKey(key);
    const length = value?.length ?? 0;
    if (length > valueBytesMax) throw new Error(`a value of ${length} bytes`);
    bytes += length;
  }
  if (bytes > writeBytesMax) throw new Error(`a write of ${bytes} bytes`);
  return writes.map((one) => ({ ...one, value: one.value && Uint8Array.from(one.value) }));
}
