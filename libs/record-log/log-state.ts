/** What a segment log knows beside its entries; written at the beginning of every segment. */
import { decodeDagCbor, encodeDagCbor } from '#encoding';
import {
  type LogPartition,
  type LogPosition,
  type LogStream,
  logBegin,
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
}

export class LogState {
  readonly #partitions = new Map<string, KnownPartition>();
  readonly #epochs = new Map<string, number>();
  /** Bytes of each segment before the last, ascending by number. */
  readonly sealed = new Map<number, number>();

  static decode(bytes: Uint8Array): LogState {
    const { partitions, epochs, sealed } = decodeDagCbor(bytes) as StateBody;
    const state = new LogState();
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
    };
    return encodeDagCbor(body);
  }

  begin(partition: LogPartition): LogPosition {
    return this.#partitions.get(partitionName(partition))?.begin ?? logBegin;
  }

  end(partition: LogPartition): LogPosition {
    return this.#partitions.get(partitionName(partition))?.end ?? logBegin;
  }

  epoch(channelId: string): number {
    return this.#epochs.get(channelId) ?? 0;
  }

  /** All that ever held an entry. */
  partitions(): readonly LogPartition[] {
    return [...this.#partitions.values()].map((known) => known.partition);
  }

  take(name: FrameName): void {
    const { kind, channelId, stream, epoch, position } = name;
    if (kind === 'claim') this.#epochs.set(channelId, Math.max(epoch, this.epoch(channelId)));
    else if (kind === 'entry') this.#known({ channelId, stream }).end = positionAfter(position);
    else if (kind === 'truncation') {
      const known = this.#known({ channelId, stream });
      if (position > known.begin) known.begin = position;
    } else if (kind === 'removal') {
      for (const number of [...this.sealed.keys()]) if (number < position) this.sealed.delete(number);
    }
  }

  #known(partition: LogPartition): KnownPartition {
    const name = partitionName(partition);
    const known = this.#partitions.get(name) ?? { partition, begin: logBegin, end: logBegin };
    this.#partitions.set(name, known);
    return known;
  }
}
