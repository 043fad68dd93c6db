/** What the owner of a segment log writes: appends, claims and truncations, in groups that share a flush. */
import type { Fault } from '#environment';
import { fencedFault } from './log-rules.js';
import type { LogSegments } from './log-segments.js';
import type { LogState } from './log-state.js';
import type { LogTail, NewFrame } from './log-tail.js';
import {
  type LogClaim,
  type LogPartition,
  type LogPosition,
  type LogStream,
  logBegin,
  positionAfter,
} from './record-log.js';
import type { FrameName } from './segment-format.js';
import { partitionName } from './segment-rows.js';

const groupBytesMax = 4 * 1_048_576;
const groupFramesMax = 4_096;

interface Waiting {
  /** What to write, given all that will have been written before it; a fault concerns it alone. */
  readonly plan: (ahead: Ahead) => FrameName | Error;
  readonly body: Uint8Array;
  readonly resolve: (name: FrameName) => void;
  readonly reject: (cause: unknown) => void;
}

/** The state as it will be when the frames that are planned are written. */
class Ahead {
  readonly #state: LogState;
  readonly #ends = new Map<string, LogPosition>();
  readonly #epochs = new Map<string, number>();

  constructor(state: LogState) {
    this.#state = state;
  }

  end(partition: LogPartition): LogPosition {
    return this.#ends.get(partitionName(partition)) ?? this.#state.end(partition);
  }

  epoch(channelId: string): number {
    return this.#epochs.get(channelId) ?? this.#state.epoch(channelId);
  }

  take({ kind, channelId, stream, epoch, position }: FrameName): void {
    if (kind === 'claim') this.#epochs.set(channelId, epoch);
    if (kind === 'entry') this.#ends.set(partitionName({ channelId, stream }), positionAfter(position));
  }
}

export class LogWriter {
  readonly #segments: LogSegments;
  readonly #tail: LogTail;
  readonly #claims = new Map<string, AbortController>();
  #queue: Waiting[] = [];
  /** What needs the log for itself, between two groups. */
  #acts: (() => Promise<void>)[] = [];
  #pumping: Promise<void> | undefined;
  /** Never rejected. */
  #removing: Promise<void> = Promise.resolve();

  constructor(segments: LogSegments, tail: LogTail) {
    this.#segments = segments;
    this.#tail = tail;
  }

  async claim(channelId: string): Promise<LogClaim> {
    const named = frameName('claim', { channelId, stream: 0 });
    const plan = (ahead: Ahead): FrameName => ({ ...named, epoch: ahead.epoch(channelId) + 1 });
    const { epoch } = await this.#write(plan, new Uint8Array(0));
    const lost = new AbortController();
    this.#claims.get(channelId)?.abort();
    this.#claims.set(channelId, lost);
    return { channelId, epoch, lost: lost.signal, release: async () => lost.abort() };
  }

  async append(
    claim: LogClaim,
    partition: LogPartition,
    bytes: Uint8Array,
    receivedAtMs: number,
  ): Promise<LogPosition> {
    const { epoch } = claim;
    const named = { ...frameName('entry', partition), epoch, receivedAtMs };
    const plan = (ahead: Ahead): FrameName | Error =>
      ahead.epoch(claim.channelId) === epoch
        ? { ...named, position: ahead.end(partition) }
        : fencedFault(claim);
    // A copy: the caller may reuse its buffer at once. Half of the time of one with memory that is zeroed.
    const body = new Uint8Array(Buffer.allocUnsafeSlow(bytes.length).buffer);
    body.set(bytes);
    return (await this.#write(plan, body)).position;
  }

  /** Whole segments go of which nothing is needed any more. */
  async truncateBefore(partition: LogPartition, position: LogPosition): Promise<void> {
    const { state } = this.#segments;
    const named = frameName('truncation', partition);
    const before = position < state.end(partition) ? position : state.end(partition);
    if (before > state.begin(partition)) {
      await this.#write(() => ({ ...named, position: before }), new Uint8Array(0));
    }
    let left: readonly number[] = [];
    await this.#exclusively(async () => {
      left = await this.#tail.letGoBefore(this.#firstNeeded());
    });
    // Beside the appends: a disk takes its time to remove large files.
    const removing = this.#removing.then(() => this.#tail.remove(left));
    this.#removing = removing.catch(() => {});
    await removing;
  }

  /** What was asked for before is written. */
  async close(): Promise<void> {
    while (this.#pumping !== undefined) await this.#pumping;
    await this.#removing;
    await this.#exclusively(() => this.#tail.close());
  }

  /** Set once the files are no longer those that this process owns: nothing more is written. */
  get gone(): Fault | undefined {
    return this.#tail.gone;
  }

  /** Throws a fault `record-log-gone` where they are not. */
  async assertInPlace(): Promise<void> {
    try {
      await this.#tail.assertInPlace();
    } finally {
      if (this.gone !== undefined) this.#loseClaims();
    }
  }

  #loseClaims(): void {
    for (const lost of this.#claims.values()) lost.abort();
  }

  #firstNeeded(): number {
    const { state, active } = this.#segments;
    const needed = state.partitions().map((partition) => {
      const begin = state.begin(partition);
      const spans = this.#segments.spans(partition);
      return spans.find(({ first, count }) => first + count > begin)?.segment ?? active.number;
    });
    return Math.min(active.number, ...needed);
  }

  #write(plan: Waiting['plan'], body: Uint8Array): Promise<FrameName> {
    return new Promise((resolve, reject) => {
      this.#queue.push({ plan, body, resolve, reject });
      this.#pumping ??= this.#pump();
    });
  }

  /** Runs `act` while nothing else is written: behind the group under way, however much more waits. */
  #exclusively(act: () => Promise<void>): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#acts.push(() => act().then(resolve, reject));
      this.#pumping ??= this.#pump();
    });
  }

  async #pump(): Promise<void> {
    // What is asked for within the same turn shares the flush.
    await Promise.resolve();
    while (this.#queue.length > 0 || this.#acts.length > 0) {
      if (this.#queue.length > 0) await this.#writeGroup(this.#takeGroup());
      for (const act of this.#acts.splice(0)) await act();
    }
    this.#pumping = undefined;
  }

  #takeGroup(): readonly Waiting[] {
    let bytes = 0;
    let count = 0;
    while (count < Math.min(this.#queue.length, groupFramesMax) && bytes < groupBytesMax) {
      bytes += this.#queue[count++].body.length;
    }
    return this.#queue.splice(0, count);
  }

  async #writeGroup(group: readonly Waiting[]): Promise<void> {
    const ahead = new Ahead(this.#segments.state);
    const planned: (NewFrame & Waiting)[] = [];
    for (const waiting of group) {
      const name = waiting.plan(ahead);
      if (name instanceof Error) {
        waiting.reject(name);
        continue;
      }
      ahead.take(name);
      planned.push({ ...waiting, name });
    }
    if (planned.length === 0) return;
    try {
      await this.#tail.commit(planned);
    } catch (cause) {
      if (this.gone !== undefined) this.#loseClaims();
      for (const { reject } of planned) reject(cause);
      return;
    }
    for (const { resolve, name } of planned) resolve(name);
  }
}

function frameName(kind: FrameName['kind'], at: { channelId: string; stream: LogStream }): FrameName {
  return { kind, channelId: at.channelId, stream: at.stream, epoch: 0, position: logBegin, receivedAtMs: 0 };
}
