/** How far forwarding to one counterparty has come, what came of it, and when it is tried again. */
import type { ForwardingView } from '#api';
import { u64BigEndian, viewOf } from '#encoding';
import type { Clock } from '#environment';
import type { KeyValue } from '#key-value';
import { type LogPosition, logBegin, logPosition } from '#record-log';

export interface ForwardingPlace {
  readonly channelId: string;
  readonly participant: number;
}

const backOffMs = { first: 250, most: 30_000 };

export class ForwardingProgress {
  readonly #keyValue: KeyValue;
  readonly #clock: Clock;
  readonly #participant: number;
  readonly #key: string;
  readonly #refused = new Map<string, number>();
  readonly #unreached = new Map<string, number>();
  #delivered = 0;
  #late = 0;
  #damaged = 0;
  #next: LogPosition = logBegin;
  #isRead = false;
  #failures = 0;
  /** On monotonic time: a wall clock that jumps neither holds up a counterparty nor floods one. */
  #retryAtMs = 0;

  constructor({ channelId, participant }: ForwardingPlace, keyValue: KeyValue, clock: Clock) {
    this.#participant = participant;
    this.#key = `forward/${channelId}/${participant}`;
    this.#keyValue = keyValue;
    this.#clock = clock;
  }

  get isBackingOff(): boolean {
    return this.#clock.monotonicMs() < this.#retryAtMs;
  }

  get view(): ForwardingView {
    return {
      participant: this.#participant,
      delivered: this.#delivered,
      refused: Object.fromEntries(this.#refused),
      late: this.#late,
      damaged: this.#damaged,
      unreached: Object.fromEntries(this.#unreached),
      isAway: this.#failures > 0,
    };
  }

  /** Entries below it are done with. */
  async next(): Promise<LogPosition> {
    if (this.#isRead) return this.#next;
    const stored = await this.#keyValue.get(this.#key);
    if (stored !== undefined) this.#next = logPosition(Number(viewOf(stored.value).getBigUint64(0, false)));
    this.#isRead = true;
    return this.#next;
  }

  /** Durably: another process goes on from here. */
  async advance(next: LogPosition): Promise<void> {
    this.#next = next;
    await this.#keyValue.write([{ key: this.#key, value: u64BigEndian(BigInt(next)) }]);
  }

  /** Past a gap, in which nothing stands: no need to remember it. */
  skipTo(next: LogPosition): void {
    this.#next = next;
  }

  count(outcome: 'delivered' | 'late' | 'damaged'): void {
    if (outcome === 'delivered') this.#delivered++;
    else if (outcome === 'late') this.#late++;
    else this.#damaged++;
  }

  countRefused(code: string): void {
    countIn(this.#refused, code);
  }

  countUnreached(reason: string): void {
    countIn(this.#unreached, reason);
  }

  answered(): void {
    this.#failures = 0;
  }

  /** It was not reached; returns for how long nothing is sent to it, longer each time. */
  backOff(): number {
    const waitMs = Math.min(backOffMs.most, backOffMs.first * 2 ** this.#failures);
    this.#failures++;
    this.#retryAtMs = this.#clock.monotonicMs() + waitMs;
    return waitMs;
  }
}

function countIn(counts: Map<string, number>, name: string): void {
  counts.set(name, (counts.get(name) ?? 0) + 1);
}
