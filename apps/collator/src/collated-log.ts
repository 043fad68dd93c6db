/**
 * What a collator remembers of the log that it makes parts from: which log it is, how far its cut marks went,
 * and where the next block begins. A log that is gone, older or another one must not make a part that is
 * empty or lacks what was acknowledged.
 */
import { decodeDagCbor, encodeDagCbor } from '#encoding';
import { Fault } from '#environment';
import type { KeyValue } from '#key-value';
import type { ChannelId } from '#protocol';
import { type AuthorPositions, type LogPosition, logBegin, type RecordLog } from '#record-log';
import type { BlockRange } from './block-batches.js';

interface Remembered {
  readonly logId: string;
  /** Behind the cut marks that were there when it was written. */
  readonly marksEnd: number;
  /** The first block to which `begins` applies. */
  readonly blockNumber: number;
  readonly begins: AuthorPositions;
}

export interface CollatedLogPorts {
  readonly recordLog: RecordLog;
  readonly keyValue: KeyValue;
}

export class CollatedLog {
  readonly #ports: CollatedLogPorts;
  readonly #noticed = new Set<ChannelId>();

  constructor(ports: CollatedLogPorts) {
    this.#ports = ports;
  }

  /** Of a channel that was never looked at before, remembers in which log it is. */
  async notice(channelId: ChannelId): Promise<void> {
    if (this.#noticed.has(channelId)) return;
    if ((await this.#kept(channelId)) === undefined) {
      const { logId } = await this.#ports.recordLog.identity();
      await this.#write(channelId, { logId, marksEnd: 0, blockNumber: 0, begins: [] });
    }
    this.#noticed.add(channelId);
  }

  /** Throws a Fault `record-log-incomplete` where the log is not the one that this collator knows. */
  async check(channelId: ChannelId): Promise<void> {
    await this.#known(channelId);
  }

  /** Where the block's entries stand. Throws as `check`, and where the log holds less than the mark says. */
  async rangeOf(channelId: ChannelId, blockNumber: number, ends: AuthorPositions): Promise<BlockRange> {
    const known = await this.#known(channelId);
    const begins = known.blockNumber <= blockNumber ? known.begins : [];
    for (const [author, end] of ends) {
      const found = await this.#ports.recordLog.end({ channelId, stream: author });
      if (found >= end) continue;
      const said = `the cut mark of block ${blockNumber} says ${end}`;
      throw incomplete(channelId, `ends at ${found} in stream ${author}, and ${said}`);
    }
    const byAuthor = new Map(ends);
    for (const [author, begin] of begins) {
      const end = byAuthor.get(author) ?? logBegin;
      if (begin <= end) continue;
      const said = `earlier blocks went to ${begin}`;
      throw incomplete(
        channelId,
        `has a cut of block ${blockNumber} at ${end} in stream ${author}, and ${said}`,
      );
    }
    return { channelId, blockNumber, begins, ends };
  }

  /** Once a block is posted: no entry of the next one or a later one lies before `begins`. */
  async remember(channelId: ChannelId, blockNumber: number, begins: AuthorPositions): Promise<void> {
    const { logId } = await this.#ports.recordLog.identity();
    const marksEnd = await this.#marksEnd(channelId);
    await this.#write(channelId, { logId, marksEnd, blockNumber, begins });
  }

  async #known(channelId: ChannelId): Promise<Remembered> {
    await this.notice(channelId);
    const known = await this.#kept(channelId);
    if (known === undefined) throw new Error(`what was noticed of the log of ${channelId} is gone`);
    const { logId } = await this.#ports.recordLog.identity();
    if (known.logId !== logId) {
      throw incomplete(channelId, `is log ${logId}, and this collator made parts from log ${known.logId}`);
    }
    const marksEnd = await this.#marksEnd(channelId);
    if (marksEnd < known.marksEnd) {
      throw incomplete(
        channelId,
        `holds cut marks up to ${marksEnd}, and this collator saw ${known.marksEnd}`,
      );
    }
    return known;
  }

  async #kept(channelId: ChannelId): Promise<Remembered | undefined> {
    const kept = await this.#ports.keyValue.get(keyOf(channelId));
    return kept && (decodeDagCbor(kept.value) as Remembered);
  }

  #marksEnd(channelId: ChannelId): Promise<LogPosition> {
    return this.#ports.recordLog.end({ channelId, stream: 'cut-marks' });
  }

  async #write(channelId: ChannelId, remembered: Remembered): Promise<void> {
    await this.#ports.keyValue.write([{ key: keyOf(channelId), value: encodeDagCbor(remembered) }]);
  }
}

const keyOf = (channelId: ChannelId): string => `collator/${channelId}/log`;

function incomplete(channelId: ChannelId, found: string): Fault {
  const what = `the record log of channel ${channelId} ${found}`;
  const advice =
    'no part is posted from it, as records that were acknowledged are missing; bring the folder of the log back and ' +
    'start again, or move the key-value store of this collator away too to go on without what is missing';
  return new Fault('record-log-incomplete', `${what}: ${advice}`, { retriable: false });
}
