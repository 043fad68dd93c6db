/** How far forwarding to one counterparty has come, what came of it, and when it is tried again. */
import type { ForwardingView } from '#api';
import { decodeDagCbor, encodeDagCbor } from '#encoding';
import type { Clock, Log } from '#environment';
import type { KeyValue } from '#key-value';
import { type LogPosition, logBegin, logPosition } from '#record-log';

export interface ForwardingPlace {
  readonly channelId: string;
  readonly participant: number;
}

export interface ProgressPorts {
  readonly keyValue: KeyValue;
  readonly clock: Clock;
  readonly log: Log;
}

/** Which log it is that the position belongs to, so that another one is not taken for forwarded. */
interface Stored {
  readonly logId: string;
  readonly next: number;
}

const backOffMs = { first: 250, most: 30_000 };

export class ForwardingProgress {
  readonly #ports: ProgressPorts;
  readonly #place: ForwardingPlace;
  readonly #key: string;
  readonly #refused = new Map<string, number>();
  readonly #unreached = new Map<string, number>();
  #delivered = 0;
  #late = 0;
  #damaged = 0;
  #next: LogPosition = logBegin;
  #logId: string | undefined;
  #failures = 0;
  /** On monotonic time: a wall clock that jumps neither holds up a counterparty nor floods one. */
  #retryAtMs = 0;

  constructor(place: ForwardingPlace, ports: ProgressPorts) {
    this.#place = place;
    this.#key = `forwarded/${place.channelId}/${place.participant}`;
    this.#ports = ports;
  }

  get isBackingOff(): boolean {
    return this.#ports.clock.monotonicMs() < this.#retryAtMs;
  }

  get view(): ForwardingView {
    return {
      participant: this.#place.participant,
      delivered: this.#delivered,
      refused: Object.fromEntries(this.#refused),
      late: this.#late,
      damaged: this.#damaged,
      unreached: Object.fromEntries(this.#unreached),
      isAway: this.#failures > 0,
    };
  }

  /**
   * Entries of this log below it are done with. A position in another log, or one that this log has not
   * come to, says nothing of what stands in it: that is told, and all of it is sent, as sending twice does
   * no harm.
   */
  async next(logId: string, end: LogPosition): Promise<LogPosition> {
    if (this.#logId === undefined) await this.#read(logId);
    this.#logId = logId;
    if (this.#next > end) {
      const code = 'record-log-shorter';
      this.#tell(
        { code, logId, end, forwardedTo: this.#next },
        'the record log ends before what was forwarded of it',
      );
      // Written down, as the log may grow past the old position before anything is delivered.
      await this.advance(logBegin);
    }
    return this.#next;
  }

  async #read(logId: string): Promise<void> {
    const kept = await this.#ports.keyValue.get(this.#key);
    if (kept === undefined) return;
    const stored = decodeDagCbor(kept.value) as Stored;
    if (stored.logId === logId) {
      this.#next = logPosition(stored.next);
      return;
    }
    const code = 'record-log-other';
    this.#tell({ code, logId, forwardedLogId: stored.logId }, 'the record log is another than was forwarded');
  }

  #tell(fields: object, what: string): void {
    this.#ports.log.error({ ...this.#place, ...fields }, `${what}: it is sent from its beginning`);
  }

  /** Durably: another process goes on from here. */
  async advance(next: LogPosition): Promise<void> {
    if (this.#logId === undefined) throw new Error('an advance in a log that nobody asked for');
    this.#next = next;
    const stored: Stored = { logId: this.#logId, next };
    await this.#ports.keyValue.write([{ key: this.#key, value: encodeDagCbor(stored) }]);
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
    this.#retryAtMs = this.#ports.clock.monotonicMs() + waitMs;
    return waitMs;
  }
}

function countIn(counts: Map<string, number>, name: string): void {
  counts.set(name, (counts.get(name) ?? 0) + 1);
}
