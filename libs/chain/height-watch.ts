/** Asks the node for its height at an interval, as long as anyone listens, and wakes the listeners after a
 *  new one. */
import type { Hex } from '#encoding';
import type { Log } from '#environment';
import type { JsonRpc } from './json-rpc.js';

export class HeightWatch {
  readonly #rpc: JsonRpc;
  readonly #intervalMs: number;
  readonly #log: Log;
  readonly #wakes = new Set<() => void>();
  #timer: NodeJS.Timeout | undefined;
  #height: Hex | undefined;
  #isAway = false;

  constructor(rpc: JsonRpc, intervalMs: number, log: Log) {
    this.#rpc = rpc;
    this.#intervalMs = intervalMs;
    this.#log = log;
  }

  subscribe(wake: () => void): () => void {
    // Each subscription is one of its own, also when the same function comes twice.
    const own = (): void => wake();
    this.#wakes.add(own);
    this.#timer ??= setTimeout(() => this.#look(), 0);
    return () => {
      this.#wakes.delete(own);
      if (this.#wakes.size === 0) this.stop();
    };
  }

  stop(): void {
    this.#wakes.clear();
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#height = undefined;
  }

  async #look(): Promise<void> {
    try {
      const height = await this.#rpc.call<Hex>('eth_blockNumber');
      // The first look wakes too: a height may have come just before it.
      if (height !== this.#height) for (const wake of this.#wakes) wake();
      this.#height = height;
      this.#isAway = false;
    } catch (cause) {
      if (!this.#isAway) this.#log.warn({ cause, url: this.#rpc.url }, 'the base chain does not answer');
      this.#isAway = true;
    }
    if (this.#wakes.size > 0) this.#timer = setTimeout(() => this.#look(), this.#intervalMs);
  }
}
