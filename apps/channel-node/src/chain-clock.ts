/** The time of the base chain, and how late it may be while the chain is away. */
import type { Chain, ChainTime } from '#chain';
import { type Log, messageOf } from '#environment';

/** Asked again after this long even without a wake: a chain that is away wakes nobody. */
const freshMs = 1_000;

export interface KnownTime extends ChainTime {
  /** What the chain's time may be by now, seconds: above `timestampSeconds` only while the chain is away. */
  readonly latestSeconds: number;
}

export class ChainClock {
  readonly #chain: Chain;
  readonly #log: Log;
  readonly #unsubscribe: () => void;
  readonly #monotonicMs: () => number;
  #known: ChainTime | undefined;
  /** When `#known` was asked for, on a clock that only elapses. */
  #askedAtMs = 0;
  #wakes = 0;
  #knownAtWake = -1;
  #asking: { readonly atWake: number; readonly answer: Promise<KnownTime> } | undefined;

  /** `monotonicMs`: milliseconds that elapse whatever happens to the clock of the machine. */
  constructor(chain: Chain, log: Log, monotonicMs: () => number = () => performance.now()) {
    this.#monotonicMs = monotonicMs;
    this.#chain = chain;
    this.#log = log;
    this.#unsubscribe = chain.subscribe(() => {
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
    return this.#latestSeconds(this.#known) < seconds;
  }

  /** With the chain away, the last time known; throws its Fault if there was none. */
  async now(): Promise<KnownTime> {
    const isFresh = this.#monotonicMs() - this.#askedAtMs < freshMs;
    if (this.#known !== undefined && this.#knownAtWake === this.#wakes && isFresh)
      return certain(this.#known);
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
    const askedAtMs = this.#monotonicMs();
    try {
      const time = await this.#chain.time();
      if (this.#known === undefined || time.timestampSeconds >= this.#known.timestampSeconds) {
        this.#known = time;
        this.#knownAtWake = atWake;
        this.#askedAtMs = askedAtMs;
      }
      return certain(this.#known);
    } catch (cause) {
      if (this.#known === undefined) throw cause;
      this.#log.warn({ cause: messageOf(cause) }, 'the chain is away: going by its last time');
      return { ...this.#known, latestSeconds: this.#latestSeconds(this.#known) };
    }
  }

  #latestSeconds({ timestampSeconds }: ChainTime): number {
    return timestampSeconds + Math.ceil((this.#monotonicMs() - this.#askedAtMs) / 1_000);
  }
}

function certain(time: ChainTime): KnownTime {
  return { ...time, latestSeconds: time.timestampSeconds };
}
