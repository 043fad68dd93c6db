/** Small durable state of a service: what it must remember and cannot compute from log, store and chain. */
export type KeyValueWrite =
  | { readonly key: string; readonly value: Uint8Array }
  | { readonly key: string; readonly value: undefined };

export interface KeyValue {
  get(key: string): Promise<Uint8Array | undefined>;
  /** All writes or none, durable when resolved; `value: undefined` deletes. */
  write(writes: readonly KeyValueWrite[]): Promise<void>;
  /** Writes only if the key is absent; returns what stands there afterwards. */
  putIfAbsent(key: string, value: Uint8Array): Promise<Uint8Array>;
  /** Entries whose key starts with `prefix`, ascending by UTF-8 bytes. */
  list(prefix: string): AsyncIterable<readonly [key: string, value: Uint8Array]>;
  close(): Promise<void>;
}
