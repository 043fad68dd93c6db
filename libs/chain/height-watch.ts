/** Asks the node for its latest block at an interval, as long as anyone listens, and wakes the listeners
 *  after a new one. */
import type { Hex } from '#encoding';
import { type Log, messageOf, type Timers } from '#environment';
import { latestHeight } from './finality.js';
import type { RpcCalls } from './json-rpc.js';

export class HeightWatch {
  readonly #rpc: RpcCalls;
  readonly #intervalMs: number;
  readonly #timers: Timers;
  readonly #log: Log;
  readonly #wakes = new Set<() => void>();
  /** Takes the next look back; undefined while nobody listens. */
  #cancel: (() => void) | undefined;
  /** Of the loop that runs: one that was stopped in the middle of a look ends there. */
  #loop = 0;
  #hash: Hex | undefined;
  #isAway = false;

  constructor(rpc: RpcCalls, options: { intervalMs: number; timers: Timers; log: Log }) {
    this.#rpc = rpc;
    this.#intervalMs = options.intervalMs;
    this.#timers = options.timers;
    this.#log = options.log;
  }

  subscribe(wake: () => void): () => void {
    // Each subscription is one of its own, also when the same function comes twice.
    const own = (): void => wake();
    this.#wakes.add(own);
    if (this.#cancel === undefined) this.#after(0, ++this.#loop);
    return () => {
      this.#wakes.delete(own);
      if (this.#wakes.size === 0) this.stop();
    };
  }

  stop(): void {
    this.#wakes.clear();
    this.#loop++;
    this.#cancel?.();
    this.#cancel = undefined;
    this.#hash = undefined;
  }

  #after(delayMs: number, loop: number): void {
    this.#cancel = this.#timers.after(delayMs, () => this.#look(loop));
  }

  async #look(loop: number): Promise<void> {
    try {
      // By hash: a rollback may leave the number of the latest height as it was.
      const { hash } = await latestHeight(this.#rpc);
      if (loop !== this.#loop) return;
      // The first look wakes too: a height may have come just before it.
      if (hash !== this.#hash) for (const wake of [...this.#wakes]) wake();
      this.#hash = hash;
      this.#isAway = false;
    } catch (cause) {
      if (!this.#isAway) {
        this.#log.warn({ cause: messageOf(cause) }, 'the base chain does not answer');
      }
      this.#isAway = true;
    }
    if (loop === this.#loop) this.#after(this.#intervalMs, loop);
  }
}
