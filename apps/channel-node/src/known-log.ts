/**
 * What a node remembers of its log beside it: which log it is, and how far it went when a block was cut off
 * last. One that was lost must not be taken for one in which nothing ever was: its blocks would be cut empty.
 */
import { decodeDagCbor, encodeDagCbor } from '#encoding';
import { Fault } from '#environment';
import type { KeyValue } from '#key-value';
import type { LogStream, RecordLog } from '#record-log';

interface Remembered {
  readonly logId: string;
  readonly ends: readonly (readonly [stream: LogStream, end: number])[];
}

export interface KnownLogPorts {
  readonly recordLog: RecordLog;
  readonly keyValue: KeyValue;
}

export class KnownLog {
  readonly #key: string;
  readonly #channelId: string;
  readonly #ports: KnownLogPorts;

  constructor(channelId: string, ports: KnownLogPorts) {
    this.#key = `log/${channelId}`;
    this.#channelId = channelId;
    this.#ports = ports;
  }

  /** Remembers the log at the first call. Throws a Fault, not retriable, where it holds less than it did. */
  async assertWhole(): Promise<void> {
    const kept = await this.#ports.keyValue.get(this.#key);
    if (kept === undefined) {
      await this.remember();
      return;
    }
    const { logId, ends } = decodeDagCbor(kept.value) as Remembered;
    const found = await this.#found();
    const what = `the record log of channel ${this.#channelId}`;
    if (found.logId !== logId) {
      const message = `${what} is log ${found.logId}, and this node wrote to log ${logId}; ${advice}`;
      throw new Fault('record-log-other', message, { retriable: false });
    }
    const foundEnds = new Map(found.ends);
    const short = ends.find(([stream, end]) => (foundEnds.get(stream) ?? 0) < end);
    if (short === undefined) return;
    const [stream, end] = short;
    const reached = `ends at ${foundEnds.get(stream) ?? 0} in stream ${stream}, and was at ${end}`;
    throw new Fault('record-log-shorter', `${what} ${reached}; ${advice}`, { retriable: false });
  }

  /** The log as it is now. */
  async remember(): Promise<void> {
    const value = encodeDagCbor(await this.#found());
    await this.#ports.keyValue.write([{ key: this.#key, value }]);
  }

  async #found(): Promise<Remembered> {
    const { recordLog } = this.#ports;
    const { logId } = await recordLog.identity();
    const ends: (readonly [LogStream, number])[] = [];
    for (const partition of await recordLog.partitions(this.#channelId)) {
      ends.push([partition.stream, await recordLog.end(partition)]);
    }
    return { logId, ends };
  }
}

const advice =
  'bring the folder of the log back and start again, or move the key-value store of this node away too to go on ' +
  'without what is missing (docs/explanation/crash-safety.md says what that costs)';
