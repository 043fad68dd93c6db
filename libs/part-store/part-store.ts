/** The part store: raw blocks of at most 1 MiB by their SHA-256, which is their CID (v1, raw, sha2-256). */
export const storedBlockBytesMax = 1_048_576;
/** Bytes of blocks that one `putMany` or `getMany` holds at a time. */
export const bytesInFlightMax = 16 * storedBlockBytesMax;
/** Digests that one `hold` takes at most, so that it is one write. */
export const digestsHeldAtOnceMax = 16_384;
/** Owners are printable ASCII up to this length. */
const ownerLengthMax = 160;

export interface GetOptions {
  /** Its end ends the call, which then throws the signal's reason. */
  readonly signal?: AbortSignal;
  /** How long the store may look, from the call on; without one, until it knows. */
  readonly deadlineMs?: number;
}

/**
 * The bytes as they are stored, whose digest the caller verifies; `absent` from an engine that surely knows
 * that it has none; `not-found-in-time` where it could not find out before the deadline.
 */
export type Found = Uint8Array | 'absent' | 'not-found-in-time';

/** Blocks one after the other, also those that are only made while others are put. */
export type Blocks = Iterable<Uint8Array> | AsyncIterable<Uint8Array>;

/**
 * Every call throws a retriable Fault: `part-store-unavailable` when the store cannot be asked, and
 * `part-damaged` when it knows that a block it should have is lost or has other bytes. A block above the
 * limit and a digest that is not 32 bytes long are bugs of the caller.
 */
export interface PartStore {
  /**
   * Stores the bytes durably and returns their SHA-256 (32 bytes). Putting the same again is a no-op, or
   * mends what the store had lost or damaged. The bytes must not change before it resolves. What nobody
   * holds may go at any time: hold first.
   */
  put(bytes: Uint8Array): Promise<Uint8Array>;
  /**
   * Many in a row, faster than one by one; durable when resolved. Digests in the order given. Takes the next
   * block from `blocks` only while at most `bytesInFlightMax` bytes are under way.
   */
  putMany(blocks: Blocks): Promise<readonly Uint8Array[]>;
  get(digest: Uint8Array, options?: GetOptions): Promise<Found>;
  /**
   * As `get` for each, in the order given, some asked for ahead; the deadline counts for each from when it is
   * asked for. Whoever stops reading early leaves nothing under way.
   */
  getMany(digests: Iterable<Uint8Array>, options?: GetOptions): AsyncIterable<Found>;
  /**
   * The owner needs these blocks, also such as are still to be put, beside those that it holds already;
   * durable when resolved. Holding again is a no-op.
   */
  hold(owner: string, digests: readonly Uint8Array[]): Promise<void>;
  /** Those who hold something and whose names begin so, in any order. */
  owners(prefix: string): Promise<readonly string[]>;
  /** The owner needs nothing any more. A block goes when its last owner lets go. */
  release(owner: string): Promise<void>;
  /** Resolves after the calls under way. */
  close(): Promise<void>;
}

/** A digest that is none is a bug. */
export function assertDigest(digest: Uint8Array): void {
  if (digest.length !== 32) throw new Error(`a digest of ${digest.length} bytes`);
}

export function assertOwner(owner: string): void {
  if (!/^[!-~]+$/.test(owner) || owner.length > ownerLengthMax) throw new Error(`no owner: ${owner}`);
}
