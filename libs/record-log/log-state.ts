/** What a segment log knows beside its entries; written at the beginning of every segment. */
import { decodeDagCbor, encodeDagCbor } from '#encoding';
import {
  type LogPartition,
  type LogPosition,
  type LogStream,
  logPosition,
  positionAfter,
} from './record-log.js';
import type { FrameName } from './segment-format.js';
import { partitionName } from './segment-rows.js';

interface KnownPartition {
  readonly partition: LogPartition;
  begin: LogPosition;
  end: LogPosition;
}

interface StateBody {
  readonly partitions: readonly (readonly [string, LogStream, number, number])[];
  readonly epochs: readonly (readonly [string, number])[];
  readonly sealed: readonly (readonly [number, number])[];
  readonly passedOver: number;
}

export class LogState {
  readonly #partitions = new Map<string, KnownPartition>();
  readonly #epochs = new Map<string, number>();
  /**
   * How many frames were lost so far of which nothing tells what they were: what was not heard of before
   * begins behind as many positions and claims.
   */
  #passedOver = 0;
  /** Bytes of each segment before the last, ascending by number. */
  readonly sealed = new Map<number, number>();

  static decode(bytes: Uint8Array): LogState {
    const { partitions, epochs, sealed, passedOver } = decodeDagCbor(bytes) as StateBody;
    const state = new LogState();
    state.#passedOver = passedOver;
    for (const [channelId, stream, begin, end] of partitions) {
      const partition = { channelId, stream };
      const known = { partition, begin: logPosition(begin), end: logPosition(end) };
      state.#partitions.set(partitionName(partition), known);
    }
    for (const [channelId, epoch] of epochs) state.#epochs.set(channelId, epoch);
    for (const [number, bytesOf] of sealed) state.sealed.set(number, bytesOf);
    return state;
  }

  encode(): Uint8Array {
    const body: StateBody = {
      partitions: [...this.#partitions.values()].map(
        ({ partition, begin, end }) => [partition.channelId, partition.stream, begin, end] as const,
      ),
      epochs: [...this.#epochs],
      sealed: [...this.sealed],
      passedOver: this.#passedOver,
    };
    return encodeDagCbor(body);
  }

  begin(partition: LogPartition): LogPosition {
    return this.#partitions.get(partitionName(partition))?.begin ?? this.#first;
  }

  end(partition: LogPartition): LogPosition {
    return this.#partitions.get(partitionName(partition))?.end ?? this.#first;
  }

  epoch(channelId: string): number {
    return this.#epochs.get(channelId) ?? this.#passedOver;
  }

  /** All that ever held an entry. */
  partitions(): readonly LogPartition[] {
    return [...this.#partitions.values()].map((known) => known.partition);
  }

  take(name: FrameName): void {
    const { kind, channelId, stream, epoch, position } = name;
    if (kind === 'claim') this.#epochs.set(channelId, Math.max(epoch, this.epoch(channelId)));
    else if (kind === 'entry') {
      this.#known({ channelId, stream }).end = positionAfter(position);
      // Where the claim itself was lost.
      if (epoch > this.epoch(channelId)) this.#epochs.set(channelId, epoch);
    } else if (kind === 'truncation') {
      const known = this.#known({ channelId, stream });
      if (position > known.begin) known.begin = position;
    } else if (kind === 'removal') {
      for (const number of [...this.sealed.keys()]) if (number < position) this.sealed.delete(number);
    }
  }

  /** `frames` were lost that may have been claims of any channel but those of which is told. */
  passOver(frames: number, toldChannels: ReadonlySet<string>): void {
    for (const [channelId, epoch] of this.#epochs) {
      if (!toldChannels.has(channelId)) this.#epochs.set(channelId, epoch + frames);
    }
    this.#passedOver += frames;
  }

  get #first(): LogPosition {
    return logPosition(this.#passedOver);
  }

  #known(partition: LogPartition): KnownPartition {
    const name = partitionName(partition);
    const known = this.#partitions.get(name) ?? { partition, begin: this.#first, end: this.#first };
    this.#partitions.set(name, known);
    return known;
  }
}
