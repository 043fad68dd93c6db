/**
 * What a node remembers of its log beside it: which log it is, how far it went when a block was cut off
 * last, and from where on it holds blocks that the node remembers. A log that was lost must not be taken for
 * one in which nothing ever was: its blocks would be cut empty.
 */
import { decodeDagCbor, encodeDagCbor } from '#encoding';
import { Fault } from '#environment';
import type { KeyValue } from '#key-value';
import {
  type LogPosition,
  type LogStream,
  logBegin,
  logPosition,
  positionAfter,
  type RecordLog,
} from '#record-log';
import type { BlockIntake } from './block-intake.js';

type StreamPositions = readonly (readonly [stream: LogStream, position: LogPosition])[];

interface Remembered {
  readonly logId: string;
  readonly ends: StreamPositions;
  readonly begins: StreamPositions;
}

export interface KnownLogPorts {
  readonly recordLog: RecordLog;
  readonly keyValue: KeyValue;
}

const keyPrefix = 'log/';

/** The channel whose log is remembered under a key; undefined for what others keep. */
export function channelKnownUnder(key: string): string | undefined {
  return key.startsWith(keyPrefix) ? key.slice(keyPrefix.length) : undefined;
}

export class KnownLog {
  readonly #key: string;
  readonly #channelId: string;
  readonly #ports: KnownLogPorts;
  readonly #begins = new Map<LogStream, LogPosition>();
  /** Behind everything that this node read or appended itself. */
  readonly #reached = new Map<LogStream, LogPosition>();

  constructor(channelId: string, ports: KnownLogPorts) {
    this.#key = `${keyPrefix}${channelId}`;
    this.#channelId = channelId;
    this.#ports = ports;
  }

  /** Throws a Fault, not retriable, where the log holds less than it did. */
  async read(): Promise<void> {
    const kept = await this.#ports.keyValue.get(this.#key);
    if (kept === undefined) return;
    const { logId, ends, begins } = decodeDagCbor(kept.value) as Remembered;
    const found = (await this.#ports.recordLog.identity()).logId;
    const what = `the record log of channel ${this.#channelId}`;
    if (found !== logId) {
      const message = `${what} is log ${found}, and this node wrote to log ${logId}; ${advice}`;
      throw new Fault('record-log-other', message, { retriable: false });
    }
    for (const [stream, end] of ends) {
      const reached = await this.#ports.recordLog.end({ channelId: this.#channelId, stream });
      if (reached >= end) continue;
      const message = `${what} ends at ${reached} in stream ${stream}, and was at ${end}; ${advice}`;
      throw new Fault('record-log-shorter', message, { retriable: false });
    }
    for (const [stream, begin] of begins) this.#begins.set(stream, logPosition(begin));
  }

  /** Before it stands nothing of a block that was remembered when `remember` was called last. */
  begin(stream: LogStream): LogPosition {
    return this.#begins.get(stream) ?? logBegin;
  }

  /** `begin` of every author. */
  begins(): StreamPositions {
    return [...this.#begins];
  }

  /** This node read or appended what stands there. */
  took(stream: LogStream, position: LogPosition): void {
    const next = positionAfter(position);
    if (next > (this.#reached.get(stream) ?? logBegin)) this.#reached.set(stream, next);
  }

  /** The log as it is now; `blocks` are those that the node remembers. */
  async remember(blocks: () => Iterable<BlockIntake>): Promise<void> {
    const { recordLog, keyValue } = this.#ports;
    const { logId } = await recordLog.identity();
    const ends: (readonly [LogStream, LogPosition])[] = [];
    for (const { stream } of await recordLog.partitions(this.#channelId)) {
      ends.push([stream, await recordLog.end({ channelId: this.#channelId, stream })]);
    }
    // Only past what this node knows itself: another may have claimed the channel, unheard, and appended.
    for (const [stream, reached] of this.#reached) {
      if (stream !== 'cut-marks') this.#advance(stream, reached, [...blocks()]);
    }
    const value = encodeDagCbor({ logId, ends, begins: [...this.#begins] } satisfies Remembered);
    await keyValue.write([{ key: this.#key, value }]);
  }

  #advance(author: number, reached: LogPosition, blocks: readonly BlockIntake[]): void {
    let begin = reached;
    for (const block of blocks) {
      const first = block.beginOf(author);
      if (first === 'unknown') return;
      if (first !== 'none' && first < begin) begin = first;
    }
    this.#begins.set(author, begin);
  }
}

const advice =
  'bring the folder of the log back and start again, or move the key-value store of this node away too to go on ' +
  'without what is missing (docs/explanation/crash-safety.md says what that costs)';
