/** The time of the base chain as a channel node goes by it: asked again only after a new height. */
import type { Chain, ChainTime } from '#chain';
import { type Log, messageOf } from '#environment';

export class ChainClock {
  readonly #chain: Chain;
  readonly #log: Log;
  readonly #unsubscribe: () => void;
  #known: ChainTime | undefined;
  #wakes = 0;
  #knownAtWake = -1;
  #asking: { readonly atWake: number; readonly answer: Promise<ChainTime> } | undefined;

  constructor(chain: Chain, log: Log) {
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

  /** With the chain away, the last time known; throws its Fault if there was none. */
  async now(): Promise<ChainTime> {
    if (this.#known !== undefined && this.#knownAtWake === this.#wakes) return this.#known;
    if (this.#asking?.atWake !== this.#wakes) {
      this.#asking = { atWake: this.#wakes, answer: this.#ask(this.#wakes) };
    }
    return this.#asking.answer;
  }

  stop(): void {
    this.#unsubscribe();
  }

  async #ask(atWake: number): Promise<ChainTime> {
    try {
      const time = await this.#chain.time();
      if (this.#known === undefined || time.timestampSeconds >= this.#known.timestampSeconds) {
        this.#known = time;
        this.#knownAtWake = atWake;
      }
      return this.#known;
    } catch (cause) {
      this.#asking = undefined;
      if (this.#known === undefined) throw cause;
      this.#log.warn({ cause: messageOf(cause) }, 'the chain is away: going by its last time');
      return this.#known;
    }
  }
}
