/** Small durable state of a service: what it must remember and cannot compute from log, store and chain. */

/** In UTF-8; a key has at least one byte. */
export const keyBytesMax = 512;
export const valueBytesMax = 1_048_576;

export type KeyValueWrite =
  | { readonly key: string; readonly value: Uint8Array }
  | { readonly key: string; readonly value: undefined };

/** Every call throws a retriable Fault `key-value-unavailable` when the store cannot be asked. */
export interface KeyValue {
  get(key: string): Promise<Uint8Array | undefined>;
  /** All writes or none, in their order, durable when resolved; `value: undefined` deletes. */
  write(writes: readonly KeyValueWrite[]): Promise<void>;
  /** Writes only if the key is absent; returns what stands there afterwards, durable. */
  putIfAbsent(key: string, value: Uint8Array): Promise<Uint8Array>;
  /** Entries whose key starts with `prefix`, ascending by UTF-8 bytes; those written meanwhile may be among
   *  them. */
  list(prefix: string): AsyncIterable<readonly [key: string, value: Uint8Array]>;
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

/** Asserts the limit and copies, as the caller may reuse its buffer. */
export function copyValue(value: Uint8Array): Uint8Array {
  if (value.length > valueBytesMax) throw new Error(`a value of ${value.length} bytes`);
  return Uint8Array.from(value);
}
