/**
 * How long the log keeps the entries of blocks: until each is over since retentionPeriod by a finalized
 * height. Where the log of that time begins is noted when blocks are cut off, at a few moments of each such
 * time. Of a channel whose last block is so old nothing is kept: one entry would keep what every other
 * channel appended behind it.
 */
import { overAtLatest } from '#block-watch';
import type { Chain } from '#chain';
import { decodeDagCbor, encodeDagCbor } from '#encoding';
import type { Log } from '#environment';
import type { KeyValue } from '#key-value';
import { type ChannelId, type ChannelTerms, collectionEnd } from '#protocol';
import { type LogPosition, type LogStream, logPosition, type RecordLog } from '#record-log';

/** In front of these positions stand only entries of blocks below the number. */
export interface LogMoment {
  readonly cutBelow: number;
  readonly begins: readonly (readonly [stream: LogStream, position: LogPosition])[];
}

export interface LogRetentionPorts {
  readonly recordLog: RecordLog;
  readonly keyValue: KeyValue;
  readonly chain: Chain;
  readonly log: Log;
}

/** Moments that are noted in the time for which entries are kept. */
const momentsPerRetention = 32;
/** Chain time between two looks at the finalized height: nothing is urgent about letting go. */
const passSeconds = 60;

export class LogRetention {
  readonly #channelId: ChannelId;
  readonly #terms: ChannelTerms;
  readonly #ports: LogRetentionPorts;
  readonly #key: string;
  /** The oldest first. */
  #moments: readonly LogMoment[] = [];
  #nextPassAtSeconds = 0;
  /** Whether all of the channel was forgotten since this process began. */
  #isEmpty = false;

  constructor(channelId: ChannelId, terms: ChannelTerms, ports: LogRetentionPorts) {
    this.#channelId = channelId;
    this.#terms = terms;
    this.#ports = ports;
    this.#key = `log-kept/${channelId}`;
  }

  async read(): Promise<void> {
    const kept = await this.#ports.keyValue.get(this.#key);
    const moments = kept === undefined ? [] : (decodeDagCbor(kept.value) as LogMoment[]);
    this.#moments = moments.map(({ cutBelow, begins }) => ({
      cutBelow,
      begins: begins.map(([stream, position]) => [stream, logPosition(position)] as const),
    }));
  }

  /** Notes the moment if the last one noted is old enough. */
  async note(moment: LogMoment): Promise<void> {
    if (moment.cutBelow === 0) return;
    const last = this.#moments.at(-1);
    const keptSeconds = this.#forgottenAt(0) - collectionEnd(this.#terms, 0);
    const since = last && this.#forgottenAt(moment.cutBelow) - this.#forgottenAt(last.cutBelow);
    if (since !== undefined && since * momentsPerRetention < keptSeconds) return;
    await this.#keep([...this.#moments, moment]);
  }

  /** Lets the log forget what stands in front of the last moment whose blocks nobody needs any more. */
  async sweep(nowSeconds: number): Promise<void> {
    const isDue = ({ cutBelow }: { readonly cutBelow: number }, at: number): boolean =>
      this.#forgottenAt(cutBelow - 1) <= at;
    const all = { cutBelow: this.#terms.blocksMax };
    const oldest = this.#moments.at(0) ?? (this.#isEmpty ? undefined : all);
    if (oldest === undefined || !isDue(oldest, nowSeconds) || nowSeconds < this.#nextPassAtSeconds) return;
    this.#nextPassAtSeconds = nowSeconds + passSeconds;
    const { timestampSeconds } = await this.#ports.chain.snapshot({ finality: 'finalized' });
    if (isDue(all, timestampSeconds)) {
      await this.#forget({ ...all, begins: await this.#ends() });
      this.#isEmpty = true;
      return;
    }
    const due = this.#moments.filter((moment) => isDue(moment, timestampSeconds)).at(-1);
    if (due !== undefined) await this.#forget(due);
  }

  async #forget({ cutBelow: below, begins }: LogMoment): Promise<void> {
    const { recordLog, log } = this.#ports;
    const channelId = this.#channelId;
    for (const [stream, position] of begins) await recordLog.truncateBefore({ channelId, stream }, position);
    const left = this.#moments.filter(({ cutBelow }) => cutBelow > below);
    if (left.length < this.#moments.length) await this.#keep(left);
    log.info({ channelId, below }, 'the log was told to forget the entries of blocks that are over');
  }

  /** Behind everything that the channel's streams hold. */
  async #ends(): Promise<LogMoment['begins']> {
    const { recordLog } = this.#ports;
    const ends: (readonly [LogStream, LogPosition])[] = [];
    for (const partition of await recordLog.partitions(this.#channelId)) {
      ends.push([partition.stream, await recordLog.end(partition)]);
    }
    return ends;
  }

  async #keep(moments: readonly LogMoment[]): Promise<void> {
    await this.#ports.keyValue.write([{ key: this.#key, value: encodeDagCbor(moments) }]);
    this.#moments = moments;
  }

  #forgottenAt(blockNumber: number): number {
    return overAtLatest(this.#terms, blockNumber) + this.#terms.retentionPeriod;
  }
}
