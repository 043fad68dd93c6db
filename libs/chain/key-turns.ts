/** One owner of the nonces of a key in this process: whoever posts with it takes turns and shares what is on
 *  its way. */
import type { Address } from '#encoding';
import type { OutboxEntry } from './outbox.js';

/** An act on its way: sent, or about to be. */
export interface PendingAct {
  entry: OutboxEntry;
  /** Callers that wait for it; without any (it is of an earlier process, or took too long) the same act asked
   *  for again waits for this one. */
  waiting: number;
  /** Its caller was told that it is in a height: after a rollback it is sent again for that caller alone. */
  wasIncluded: boolean;
  /** Monotonic time of the last sending; undefined while no node has taken it. */
  sentAtMs: number | undefined;
}

export class KeyTurns {
  /** By nonce: everything sent that is not final yet. */
  readonly pending = new Map<number, PendingAct>();
  isLoaded = false;
  #floor = 0;
  #last: Promise<unknown> = Promise.resolve();

  /** One at a time, so that the nonces of a key have no gap. */
  take<Result>(act: () => Promise<Result>): Promise<Result> {
    const done = this.#last.then(act);
    this.#last = done.catch(() => {});
    return done;
  }

  /** The next free nonce where the node counts `count`: nodes may lag behind what was sent to them. */
  freeNonce(count: number): number {
    let nonce = Math.max(count, this.#floor);
    while (this.pending.has(nonce)) nonce++;
    return nonce;
  }

  /** Another process took the nonce, whatever the node counts yet. */
  skip(nonce: number): void {
    this.#floor = Math.max(this.#floor, nonce + 1);
  }
}

const shared = new Map<string, { readonly turns: KeyTurns; holders: number }>();

/** The turns of `address` on one chain, the same for every holder in the process; call `release` once. */
export function holdTurns(
  chain: string,
  address: Address,
): { readonly turns: KeyTurns; readonly release: () => void } {
  const key = `${chain} ${address}`;
  const held = shared.get(key) ?? { turns: new KeyTurns(), holders: 0 };
  held.holders++;
  shared.set(key, held);
  return {
    turns: held.turns,
    release: () => {
      held.holders--;
      if (held.holders === 0) shared.delete(key);
    },
  };
}
