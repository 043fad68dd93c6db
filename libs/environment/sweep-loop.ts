/**
 * Runs a sweep one at a time: when something wakes it, and now and then in case a wake was lost. A sweep
 * looks and names what is due; it waits for nothing that may be slow.
 */
import { Fault, messageOf } from './fault.js';
import type { Log } from './log.js';
import { systemTimers, type Timers } from './timers.js';

export interface SweepLoopOptions {
  /** Whose sweep it is, for the log. */
  readonly name: string;
  readonly intervalMs: number;
}

export interface SweepLoopPorts {
  readonly log: Log;
  /** Names what wakes the sweep: the chain, the log, or both; returns what ends that. */
  readonly subscribe: (wake: () => void) => () => void;
  readonly timers?: Timers;
}

/** A sweep that always finds more is a bug that must not keep a core busy for ever. */
const passesMax = 1_000;

export class SweepLoop {
  readonly #options: SweepLoopOptions;
  readonly #ports: SweepLoopPorts;
  readonly #timers: Timers;
  readonly #sweep: () => Promise<boolean>;
  #end: (() => void) | undefined;
  #isDue = false;
  #running: Promise<void> | undefined;

  /** `sweep` says whether there is more to find at once. */
  constructor(options: SweepLoopOptions, ports: SweepLoopPorts, sweep: () => Promise<boolean>) {
    this.#options = options;
    this.#ports = ports;
    this.#timers = ports.timers ?? systemTimers;
    this.#sweep = sweep;
  }

  start(): void {
    if (this.#end !== undefined) return;
    const wake = (): void => this.wake();
    const unsubscribe = this.#ports.subscribe(wake);
    let cancel = (): void => {};
    const again = (): void => {
      cancel = this.#timers.after(this.#options.intervalMs, () => {
        again();
        wake();
      });
    };
    again();
    this.#end = () => {
      cancel();
      unsubscribe();
    };
    wake();
  }

  /** Sweeps soon, once for however many wakes come meanwhile; while a sweep runs, once more after it. */
  wake(): void {
    if (this.#end === undefined) return;
    this.#isDue = true;
    this.#running ??= this.#passes();
  }

  /** Resolves when the sweep that runs has ended. */
  async stop(): Promise<void> {
    this.#end?.();
    this.#end = undefined;
    await this.#running;
  }

  async #passes(): Promise<void> {
    // Whoever wakes the sweep does not run it within the same call.
    await Promise.resolve();
    for (let pass = 0; this.#isDue && this.#end !== undefined; pass++) {
      this.#isDue = false;
      try {
        if ((await this.#sweep()) && pass < passesMax) this.#isDue = true;
      } catch (cause) {
        this.#tell(cause);
      }
      // Others have their turn, however often this one is woken.
      await new Promise<void>((resolve) => setImmediate(resolve));
    }
    this.#running = undefined;
  }

  /** A port that is away is expected; anything else is a bug, and is said as one. */
  #tell(cause: unknown): void {
    const fields = { sweep: this.#options.name, cause: messageOf(cause) };
    if (cause instanceof Fault && cause.retriable) this.#ports.log.warn(fields, 'a sweep will be repeated');
    else this.#ports.log.error(fields, 'a sweep failed and will be repeated');
  }
}
