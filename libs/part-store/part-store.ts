/** The part store: raw blocks of at most 1 MiB by their SHA-256, which is their CID (v1, raw, sha2-256). */
export const storedBlockBytesMax = 1_048_576;

export interface PartStore {
  /** Stores the bytes durably and returns their SHA-256 (32 bytes). Putting the same again is a no-op. */
  put(bytes: Uint8Array): Promise<Uint8Array>;
  /** Many at once; durable when resolved. Digests in the order given. */
  putMany(blocks: readonly Uint8Array[]): Promise<readonly Uint8Array[]>;
  /** The bytes as stored (the caller verifies the digest), or undefined if they are not there.
   *  Throws a retriable Fault `part-store-unavailable` when the store cannot be asked. */
  get(digest: Uint8Array): Promise<Uint8Array | undefined>;
  has(digest: Uint8Array): Promise<boolean>;
  /** Forgets a block that nothing needs any more. */
  release(digest: Uint8Array): Promise<void>;
  close(): Promise<void>;
}
