/** Cut marks: the entries of the log that say where each block ends in every author's partition. */
import { decodeDagCbor, encodeDagCbor } from '#encoding';
import {
  isDamaged,
  type LogItem,
  type LogPosition,
  logBegin,
  logPosition,
  positionAfter,
  type RecordLog,
} from './record-log.js';

/** [author, position], ascending by author; authors left out have no entries. */
export type AuthorPositions = readonly (readonly [author: number, position: LogPosition])[];

export interface CutMark {
  readonly blockNumber: number;
  /** Entries of the block stand before these positions. */
  readonly ends: AuthorPositions;
}

export function encodeCutMark({ blockNumber, ends }: CutMark): Uint8Array {
  return encodeDagCbor({ blockNumber, ends });
}

/** Written by a service of the same organisation, so another shape is a bug. */
export function decodeCutMark(bytes: Uint8Array): CutMark {
  const mark = decodeDagCbor(bytes) as Partial<CutMark> | null;
  const isWhole = (value: unknown): boolean => Number.isSafeInteger(value) && Number(value) >= 0;
  const isEnd = (pair: unknown): boolean => Array.isArray(pair) && pair.length === 2 && pair.every(isWhole);
  if (!isWhole(mark?.blockNumber) || !Array.isArray(mark?.ends) || !mark.ends.every(isEnd)) {
    throw new Error('an entry of the cut-marks stream is no cut mark');
  }
  const ends = (mark.ends as [number, number][]).map(([author, end]) => [author, logPosition(end)] as const);
  return { blockNumber: mark.blockNumber as number, ends: ends.sort((a, b) => a[0] - b[0]) };
}

/** Where a block that is cut off now ends. */
export async function endsNow(recordLog: RecordLog, channelId: string): Promise<AuthorPositions> {
  const ends: [number, LogPosition][] = [];
  for (const partition of await recordLog.partitions(channelId)) {
    if (partition.stream !== 'cut-marks') ends.push([partition.stream, await recordLog.end(partition)]);
  }
  return ends.sort((a, b) => a[0] - b[0]);
}

/** A mark that can be read, and where it stands. */
export interface FoundMark extends CutMark {
  readonly position: LogPosition;
}

interface KnownMarks {
  next: LogPosition;
  cutBelow: number;
  /** Marks of blocks below it are not kept. */
  keptFrom: number;
  /** Of the last entry, if that is damaged. */
  lastDamage: string | undefined;
  readonly marks: Map<number, FoundMark>;
}

/** Reads the cut marks of channels, each entry once. */
export class CutMarks {
  readonly #recordLog: RecordLog;
  readonly #onDamage: (channelId: string, damage: string) => void;
  readonly #channels = new Map<string, KnownMarks>();

  /** A damaged mark is told and left out: its block is not cut as far as anybody can know. */
  constructor(recordLog: RecordLog, onDamage: (channelId: string, damage: string) => void) {
    this.#recordLog = recordLog;
    this.#onDamage = onDamage;
  }

  /** Where the block ends in each author's partition; undefined while the channel node has not said so. */
  async endsOf(channelId: string, blockNumber: number): Promise<AuthorPositions | undefined> {
    return (await this.markOf(channelId, blockNumber))?.ends;
  }

  /** The mark that counts: the first of the block that can be read. */
  async markOf(channelId: string, blockNumber: number): Promise<FoundMark | undefined> {
    const known = this.#channels.get(channelId)?.marks.get(blockNumber);
    return known ?? (await this.#readOn(channelId)).marks.get(blockNumber);
  }

  /** Blocks below the returned number are cut off: marks are written in the order of blocks. */
  async cutBelow(channelId: string): Promise<number> {
    return (await this.#readOn(channelId)).cutBelow;
  }

  /** Where the last entry of the stream lies, if it is damaged: it may be the mark that is waited for. */
  async lastDamage(channelId: string): Promise<string | undefined> {
    return (await this.#readOn(channelId)).lastDamage;
  }

  /** Lets go of the marks of blocks below the number: nobody will ask for them. */
  forgetBefore(channelId: string, blockNumber: number): void {
    const known = this.#knownOf(channelId);
    known.keptFrom = Math.max(known.keptFrom, blockNumber);
    for (const one of known.marks.keys()) if (one < known.keptFrom) known.marks.delete(one);
  }

  #knownOf(channelId: string): KnownMarks {
    const none = { next: logBegin, cutBelow: 0, keptFrom: 0, lastDamage: undefined, marks: new Map() };
    const known = this.#channels.get(channelId) ?? none;
    this.#channels.set(channelId, known);
    return known;
  }

  async #readOn(channelId: string): Promise<KnownMarks> {
    const known = this.#knownOf(channelId);
    const partition = { channelId, stream: 'cut-marks' } as const;
    for await (const page of this.#recordLog.read(partition, { from: known.next })) {
      for (const item of page) this.#take(channelId, known, item);
    }
    return known;
  }

  #take(channelId: string, known: KnownMarks, item: LogItem): void {
    // Two readers may have waited for the same page.
    if (item.position < known.next) return;
    known.next = positionAfter(item.position);
    known.lastDamage = isDamaged(item) ? item.damage : undefined;
    if (isDamaged(item)) {
      this.#onDamage(channelId, item.damage);
      return;
    }
    const { blockNumber, ends } = decodeCutMark(item.bytes);
    // The first stands: a block is cut once.
    if (blockNumber >= known.keptFrom && !known.marks.has(blockNumber)) {
      known.marks.set(blockNumber, { blockNumber, ends, position: item.position });
    }
    known.cutBelow = Math.max(known.cutBelow, blockNumber + 1);
  }
}
