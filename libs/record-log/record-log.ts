/** The record log: ordered, durable storage of record batches, one partition per channel and author. */

/** Appending more is a bug of the caller; the distributed engine is set to take entries of this size too. */
export const logEntryBytesMax = 4_194_304;

/** `channelId` in 0x-hex, lower case; `stream` is an author index, or `manifests` for the channel's cut
 *  marks. */
export interface LogPartition {
  readonly channelId: string;
  readonly stream: number | 'manifests';
}

export interface LogEntry {
  /** 0, 1, 2, … within its partition. */
  readonly offset: number;
  /** When it was accepted, milliseconds on the appender's clock. */
  readonly receivedAtMs: number;
  /** The client's bytes, verbatim. */
  readonly bytes: Uint8Array;
}

export interface RecordLog {
  /** Resolves with the offset once the entry is durable; appends of one partition keep their call order.
   *  The bytes are copied or written before it returns control; the caller may reuse its buffer at once.
   *  Throws a retriable Fault `record-log-unavailable` when it cannot be made durable, as all calls here
   *  do. */
  append(partition: LogPartition, bytes: Uint8Array, receivedAtMs: number): Promise<number>;
  /** Entries of [from, to) in order; `to` is at most the end when reading begins, and that by default. */
  read(partition: LogPartition, from: number, to?: number): AsyncIterable<LogEntry>;
  /** One entry, or undefined past the end. */
  get(partition: LogPartition, offset: number): Promise<LogEntry | undefined>;
  /** The offset that the next append will get. */
  end(partition: LogPartition): Promise<number>;
  /** Partitions of a channel that hold at least one entry, ascending by stream, manifests last. */
  partitions(channelId: string): Promise<readonly LogPartition[]>;
  /** Calls `wake` after entries were appended, by this or (where the engine can tell) any process; returns
   *  the unsubscriber. */
  subscribe(wake: (partition: LogPartition) => void): () => void;
  close(): Promise<void>;
}
