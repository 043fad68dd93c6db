/** The record log: ordered, durable storage of record batches, one partition per channel and author. */

/** Appending more is a bug of the caller; the distributed engine is set to take entries of this size too. */
export const logEntryBytesMax = 4_194_304;

declare const positionBrand: unique symbol;

/**
 * Where an entry stands in its partition: ordered by `<` and otherwise opaque. Engines leave gaps, so nobody
 * counts entries by subtraction.
 */
export type LogPosition = number & { readonly [positionBrand]: true };

/** At or before the first entry of any partition. */
export const logBegin = 0 as LogPosition;

/** The lowest position behind this one; whether an entry stands there only the log can tell. */
export function positionAfter(position: LogPosition): LogPosition {
  return logPosition(position + 1);
}

/** A position that was written down before. */
export function logPosition(value: number): LogPosition {
  if (!Number.isSafeInteger(value) || value < 0) throw new Error(`a log position of ${value}`);
  return value as LogPosition;
}

/** An author index, or `cut-marks` for where the channel's blocks are cut off. */
export type LogStream = number | 'cut-marks';

/** `channelId` in 0x-hex, lower case. */
export interface LogPartition {
  readonly channelId: string;
  readonly stream: LogStream;
}

export interface LogEntry {
  readonly position: LogPosition;
  /** When it was accepted, milliseconds on the appender's clock. */
  readonly receivedAtMs: number;
  /** The client's bytes, verbatim. */
  readonly bytes: Uint8Array;
}

/** An entry whose bytes are not what was appended; the words say where it lies. */
export interface LogDamage {
  readonly position: LogPosition;
  readonly damage: string;
}

export type LogItem = LogEntry | LogDamage;

export function isDamaged(item: LogItem): item is LogDamage {
  return 'damage' in item;
}

/** The right to append to a channel, until a later claim takes it. */
export interface LogClaim {
  readonly channelId: string;
  /** Higher for each claim of the channel. */
  readonly epoch: number;
  /** Aborted once the claim is known to be lost or was released. */
  readonly lost: AbortSignal;
  release(): Promise<void>;
}

export interface LogRange {
  readonly from: LogPosition;
  /** Not included; at most the end when reading begins, and that by default. */
  readonly to?: LogPosition;
  /** Ends the reading with the signal's reason. */
  readonly signal?: AbortSignal;
  /** A page ends with the entry that reaches so many bytes. */
  readonly pageBytes?: number;
}

export const defaultPageBytes = 1_048_576;

/** All calls throw a retriable Fault `record-log-unavailable` while the engine is away. */
export interface RecordLog {
  /** Takes a channel over: from when this resolves, appends with earlier claims are refused. */
  claim(channelId: string): Promise<LogClaim>;
  /**
   * Resolves with the position once the entry is durable; appends of one partition keep their call order. The
   * bytes are copied or written before it returns control; the caller may reuse its buffer at once. Throws a
   * Fault `record-log-fenced` when the claim is lost: nothing was written then.
   */
  append(
    claim: LogClaim,
    partition: LogPartition,
    bytes: Uint8Array,
    receivedAtMs: number,
  ): Promise<LogPosition>;
  /** Pages of what stands in the range, in order; a damaged entry is in its place, by name. */
  read(partition: LogPartition, range: LogRange): AsyncIterable<readonly LogItem[]>;
  /** What stands at exactly this position. */
  get(partition: LogPartition, position: LogPosition): Promise<LogItem | undefined>;
  /** Behind every entry; the next one gets this position or a later one. */
  end(partition: LogPartition): Promise<LogPosition>;
  /** Partitions of a channel that ever held an entry, ascending by stream, cut marks last. */
  partitions(channelId: string): Promise<readonly LogPartition[]>;
  /** Forgets the entries before the position; what is behind keeps its place. */
  truncateBefore(partition: LogPartition, position: LogPosition): Promise<void>;
  /** Which log this is: made at random with it, so that another one in its place is seen. */
  identity(): Promise<LogIdentity>;
  /** Calls `wake` after entries were appended, by this or (where the engine can tell) any process; returns
   *  the unsubscriber. */
  subscribe(wake: (partition: LogPartition) => void): () => void;
  close(): Promise<void>;
}

export interface LogIdentity {
  /** 32 hex digits. */
  readonly logId: string;
}
