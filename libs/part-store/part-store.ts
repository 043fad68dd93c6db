/** The part store: raw blocks of at most 1 MiB by their SHA-256, which is their CID (v1, raw, sha2-256). */
export const storedBlockBytesMax = 1_048_576;

/** Every call throws a retriable Fault `part-store-unavailable` when the store cannot be asked; a block
 *  above the limit and a digest that is not 32 bytes long are bugs of the caller. */
export interface PartStore {
  /** Stores the bytes durably and returns their SHA-256 (32 bytes). Putting the same again is a no-op, or
   *  mends what the store had lost or damaged. The bytes must not change before it resolves. */
  put(bytes: Uint8Array): Promise<Uint8Array>;
  /** Many at once, faster than one by one; durable when resolved. Digests in the order given. */
  putMany(blocks: readonly Uint8Array[]): Promise<readonly Uint8Array[]>;
  /** The bytes as stored (the caller verifies the digest), or undefined if they are not there. */
  get(digest: Uint8Array): Promise<Uint8Array | undefined>;
  /** True if there are bytes under this digest; they may be damaged. */
  has(digest: Uint8Array): Promise<boolean>;
  /** Forgets a block that nothing needs any more; without one it is a no-op. */
  release(digest: Uint8Array): Promise<void>;
  /** Resolves after the puts under way. */
  close(): Promise<void>;
}
