/** The time of the base chain, and how late it may be by now where the chain is away or stands still. */
import type { Chain, ChainTime } from '#chain';
import { type Clock, type Log, messageOf } from '#environment';

/** Asked again after this long even without a wake: a chain that is away wakes nobody. */
const freshMs = 1_000;

export interface KnownTime extends ChainTime {
  /** What the chain's time may be by now, seconds: above its last where it is away or stands still. */
  readonly latestSeconds: number;
}

export interface ChainClockOptions {
  /** A node that gives the same height for longer may have lost the chain: then elapsed time counts. */
  readonly heightIntervalMs: number;
}

export interface ChainClockPorts {
  readonly chain: Chain;
  readonly clock: Pick<Clock, 'monotonicMs'>;
  readonly log: Log;
}

export class ChainClock {
  readonly #options: ChainClockOptions;
  readonly #ports: ChainClockPorts;
  readonly #unsubscribe: () => void;
  #known: ChainTime | undefined;
  /** When `#known` was asked for first, on a clock that only elapses: the chain was there by then. */
  #roseAtMs = 0;
  /** When the chain was asked last that still says so. */
  #askedAtMs = 0;
  #wakes = 0;
  #knownAtWake = -1;
  #asking: { readonly atWake: number; readonly answer: Promise<KnownTime> } | undefined;
  #isStillTold = false;

  constructor(options: ChainClockOptions, ports: ChainClockPorts) {
    this.#options = options;
    this.#ports = ports;
    this.#unsubscribe = ports.chain.subscribe(() => {
      this.#wakes++;
    });
  }

  /** Rises with every height: what was read from the chain at another number may have changed. */
  get wakes(): number {
    return this.#wakes;
  }

  /** Whether the chain's time is below `seconds`, told without asking: no newer height is known, and elapsed
   *  time cannot have brought the chain there. */
  isSurelyBefore(seconds: number): boolean {
    if (this.#known === undefined || this.#knownAtWake !== this.#wakes) return false;
    return this.#elapsed(this.#known).latestSeconds < seconds;
  }

  /** With the chain away, the last time known; throws its Fault if there was none. */
  async now(): Promise<KnownTime> {
    const isFresh = this.#ports.clock.monotonicMs() - this.#askedAtMs < freshMs;
    if (this.#known !== undefined && this.#knownAtWake === this.#wakes && isFresh)
      return this.#answered(this.#known);
    if (this.#asking?.atWake !== this.#wakes) {
      const asking = { atWake: this.#wakes, answer: this.#ask(this.#wakes) };
      this.#asking = asking;
      const forget = (): void => {
        if (this.#asking === asking) this.#asking = undefined;
      };
      asking.answer.then(forget, forget);
    }
    return this.#asking.answer;
  }

  stop(): void {
    this.#unsubscribe();
  }

  async #ask(atWake: number): Promise<KnownTime> {
    const { chain, clock, log } = this.#ports;
    const askedAtMs = clock.monotonicMs();
    try {
      return this.#answered(this.#take(await chain.time(), atWake, askedAtMs));
    } catch (cause) {
      if (this.#known === undefined) throw cause;
      log.warn({ cause: messageOf(cause) }, 'the chain is away: going by its last time');
      return this.#elapsed(this.#known);
    }
  }

  /** An answer from before what is known, from a node that lags, says nothing of now. */
  #take(time: ChainTime, atWake: number, askedAtMs: number): ChainTime {
    const known = this.#known;
    if (known !== undefined && time.timestampSeconds < known.timestampSeconds) return known;
    if (time.timestampSeconds !== known?.timestampSeconds) {
      this.#roseAtMs = askedAtMs;
      this.#isStillTold = false;
    }
    this.#known = time;
    this.#knownAtWake = atWake;
    this.#askedAtMs = askedAtMs;
    return time;
  }

  /** Between two heights a chain says the same; for longer, and elapsed time counts as if it were away. */
  #answered(time: ChainTime): KnownTime {
    const { clock, log } = this.#ports;
    const stoodMs = clock.monotonicMs() - this.#roseAtMs;
    if (stoodMs <= this.#options.heightIntervalMs) return { ...time, latestSeconds: time.timestampSeconds };
    if (!this.#isStillTold) {
      this.#isStillTold = true;
      log.warn({ ...time, stoodMs }, 'the chain stands still, or its node lags: elapsed time counts');
    }
    return this.#elapsed(time);
  }

  #elapsed(time: ChainTime): KnownTime {
    const elapsedMs = this.#ports.clock.monotonicMs() - this.#roseAtMs;
    return { ...time, latestSeconds: time.timestampSeconds + Math.ceil(elapsedMs / 1_000) };
  }
}
