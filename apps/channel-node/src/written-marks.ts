/**
 * The cut marks of a channel as its node wrote them. While a part of a block may still be posted, its mark in
 * the log is looked at again: who collates knows no other.
 */
import type { Clock, Log } from '#environment';
import {
  CutMarks,
  encodeCutMark,
  endsNow,
  type FoundMark,
  isDamaged,
  type LogPosition,
  type RecordLog,
} from '#record-log';

export interface WrittenMarksPorts {
  readonly recordLog: RecordLog;
  readonly clock: Clock;
  readonly log: Log;
}

type Append = (mark: Uint8Array) => Promise<LogPosition>;

/** The marks are read again at most so often. */
const lookIntervalMs = 1_000;

export class WrittenMarks {
  readonly #channelId: string;
  readonly #ports: WrittenMarksPorts;
  readonly #append: Append;
  readonly #found: CutMarks;
  /** Those written or read by this process, of blocks of which a part may still be posted. */
  readonly #marks = new Map<number, FoundMark>();
  #lookedAtMs: number | undefined;

  constructor(channelId: string, ports: WrittenMarksPorts, append: Append) {
    this.#channelId = channelId;
    this.#ports = ports;
    this.#append = append;
    this.#found = new CutMarks(ports.recordLog, (_, damage) =>
      ports.log.error({ channelId, damage }, 'a cut mark in the log is damaged and left out'),
    );
  }

  /** As the log says. */
  cutBelow(): Promise<number> {
    return this.#found.cutBelow(this.#channelId);
  }

  /** Where the mark of the block stands, if a part of it may still be posted. */
  positionOf(blockNumber: number): LogPosition | undefined {
    return this.#marks.get(blockNumber)?.position;
  }

  /** Cuts the block off where the log ends now. */
  async write(blockNumber: number): Promise<void> {
    const ends = await endsNow(this.#ports.recordLog, this.#channelId);
    const position = await this.#append(encodeCutMark({ blockNumber, ends }));
    this.#marks.set(blockNumber, { blockNumber, ends, position });
    this.#ports.log.info({ channelId: this.#channelId, blockNumber, ends }, 'cut a block off');
  }

  /**
   * Writes the mark of each block from `first` to below `cutBelow` again that can no longer be read: as it
   * was where this process knows it, otherwise with the ends of now. Before both stand the same entries of
   * the block, since it takes nothing once it is cut. Returns how many.
   */
  async mend(first: number, cutBelow: number): Promise<number> {
    for (const blockNumber of this.#marks.keys()) if (blockNumber < first) this.#marks.delete(blockNumber);
    this.#found.forgetBefore(this.#channelId, first);
    const nowMs = this.#ports.clock.monotonicMs();
    if (this.#lookedAtMs !== undefined && nowMs - this.#lookedAtMs < lookIntervalMs) return 0;
    let mended = 0;
    for (let blockNumber = first; blockNumber < cutBelow; blockNumber++) {
      if (await this.#mendOne(blockNumber)) mended++;
    }
    this.#lookedAtMs = nowMs;
    return mended;
  }

  async #mendOne(blockNumber: number): Promise<boolean> {
    const { recordLog, log } = this.#ports;
    const channelId = this.#channelId;
    const mark = this.#marks.get(blockNumber) ?? (await this.#found.markOf(channelId, blockNumber));
    if (mark === undefined) {
      log.error({ channelId, blockNumber }, 'the log has no cut mark of a block that was cut off');
      await this.write(blockNumber);
      return true;
    }
    this.#marks.set(blockNumber, mark);
    const item = await recordLog.get({ channelId, stream: 'cut-marks' }, mark.position);
    if (item !== undefined && !isDamaged(item)) return false;
    const damage = item?.damage ?? `nothing stands at ${mark.position}`;
    log.error({ channelId, blockNumber, damage }, 'a cut mark in the log is damaged: it is written again');
    const position = await this.#append(encodeCutMark(mark));
    this.#marks.set(blockNumber, { ...mark, position });
    return true;
  }
}
