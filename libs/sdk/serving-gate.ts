/** Whether a seller's ad server goes on serving a payer: asked for each bid, answered from what is known. */
import type { ChannelId } from '#protocol';
import type { ChannelNodeClient } from './channel-node-client.js';

export interface ServingGateOptions {
  readonly client: Pick<ChannelNodeClient, 'exposure'>;
  readonly channelId: ChannelId;
  /** Nano-units; beside the limit of the node, if it has one. */
  readonly limitNano?: bigint;
  /** How often the node is asked, default 1 s. */
  readonly refreshMs?: number;
  /** An answer that is older says nothing, default 5 s. */
  readonly freshMs?: number;
  /** Milliseconds that never go back. */
  readonly now?: () => number;
  /** Calls `run` once after `delayMs`; returns what takes that back. */
  readonly after?: (delayMs: number, run: () => void) => () => void;
}

export type ServingStop = 'exposure-limit' | 'cover-limit' | 'unknown';

export type Serving =
  | { readonly may: true; readonly exposedNano: bigint }
  /** `unknown`: the node has not answered for `freshMs`; what is not known is not promised. */
  | { readonly may: false; readonly why: ServingStop; readonly exposedNano?: bigint };

const defaults: Required<Pick<ServingGateOptions, 'refreshMs' | 'freshMs' | 'now' | 'after'>> = {
  refreshMs: 1_000,
  freshMs: 5_000,
  now: () => performance.now(),
  after(delayMs, run) {
    const timer = setTimeout(run, delayMs);
    // Whoever only asks keeps no process alive.
    timer.unref?.();
    return () => clearTimeout(timer);
  },
};

export class ServingGate {
  readonly #options: ServingGateOptions & typeof defaults;
  #known:
    | { readonly exposedNano: bigint; readonly stop: ServingStop | undefined; readonly atMs: number }
    | undefined;
  #cancel: (() => void) | undefined;

  constructor(options: ServingGateOptions) {
    this.#options = { ...defaults, ...options };
  }

  /** Asks now and then until `stop`. */
  start(): void {
    if (this.#cancel !== undefined) return;
    const { after, refreshMs } = this.#options;
    const again = (): void => {
      this.#cancel = after(refreshMs, again);
      void this.refresh();
    };
    again();
  }

  stop(): void {
    this.#cancel?.();
    this.#cancel = undefined;
  }

  /** Asks once. Never rejects: a node that does not answer leaves what is known to grow old. */
  async refresh(): Promise<void> {
    const { client, channelId, now, limitNano } = this.#options;
    // What was true when the question was asked.
    const atMs = now();
    try {
      const view = await client.exposure(channelId);
      if (this.#known !== undefined && this.#known.atMs > atMs) return;
      const exposedNano = BigInt(view.exposedNano);
      const isBeyond = view.isBeyondLimit || (limitNano !== undefined && exposedNano >= limitNano);
      const stop = isBeyond ? 'exposure-limit' : view.isBeyondCover ? 'cover-limit' : undefined;
      this.#known = { exposedNano, stop, atMs };
    } catch {
      // `serving` says that nothing is known.
    }
  }

  serving(): Serving {
    const { now, freshMs } = this.#options;
    const known = this.#known;
    if (known === undefined || now() - known.atMs > freshMs) return { may: false, why: 'unknown' };
    const { exposedNano, stop } = known;
    return stop === undefined ? { may: true, exposedNano } : { may: false, why: stop, exposedNano };
  }
}
