/**
 * The open connections of a server. Each is served one request at a time. Who keeps it waiting longest makes
 * room for others, and who does not read its answers is cut off; whoever is being served stays.
 */
import type { HttpLimits } from './http-limits.js';

/** What of a socket is looked at here. */
export interface Connection {
  /** Bytes written, those that still wait included. */
  readonly bytesWritten: number;
  /** Of them, what the client has not made room for. */
  readonly writableLength: number;
  destroy(): unknown;
}

/** A request whose headers came. */
export interface Asked {
  readonly id: string;
  readonly url: string;
  /** Bytes of body that it may hold until it is answered. */
  readonly bodyBytes: number;
  /** Whether its body is whole. */
  readonly isWhole: () => boolean;
  /** Whether a part of its answer is out. */
  readonly isAnswering: () => boolean;
  /** Its turn has come; after the last one of a connection nothing more is served there. */
  readonly begin: (isLast: boolean) => void;
}

interface State {
  /** In their order; the first is being served. */
  readonly asked: Set<Asked>;
  /** Requests that were begun. */
  begun: number;
  /** What was written by when, and is to be read by the client. */
  unread: { readonly sinceMs: number; readonly upToBytes: number } | undefined;
}

type ConnectionLimits = Omit<HttpLimits, 'headersMs' | 'requestMs' | 'keepAliveMs' | 'checkMs'>;

export class HttpConnections {
  readonly #limits: ConnectionLimits;
  /** The one that has been silent longest comes first. */
  readonly #open = new Map<Connection, State>();
  readonly #underWay = new Set<Asked>();
  #bodyBytes = 0;
  #idle: (() => void) | undefined;

  constructor(limits: ConnectionLimits) {
    this.#limits = limits;
  }

  get count(): number {
    return this.#open.size;
  }

  /** Makes room by closing the one that keeps us waiting longest; if none does, the new one goes. */
  opened(connection: Connection): void {
    const isFull = this.#open.size >= this.#limits.connectionsMax;
    if (isFull && !this.#closeOneWaiting(() => true)) {
      connection.destroy();
      return;
    }
    this.#open.set(connection, { asked: new Set(), begun: 0, unread: undefined });
  }

  closed(connection: Connection): void {
    this.#open.delete(connection);
  }

  /**
   * Lets it begin when those before it on the same connection are answered. False when there is no room for
   * its body: it is to be refused.
   */
  asked(connection: Connection, asked: Asked): boolean {
    const state = this.#moved(connection);
    this.#underWay.add(asked);
    this.#bodyBytes += asked.bodyBytes;
    if (state === undefined) return true;
    if (this.#bodyBytes > this.#limits.bodyBytesMax) {
      // Unfinished bodies of the silent go first; who has sent all of it is not to blame.
      const holdsBody = (other: State): boolean => [...other.asked].some((one) => one.bodyBytes > 0);
      const hasRoom = this.#closeOneWaiting((other) => other !== state && holdsBody(other));
      if (!hasRoom) return false;
    }
    state.asked.add(asked);
    if (state.asked.size === 1) this.#begin(state, asked);
    else if (state.asked.size > this.#limits.requestsWaitingMax + 1) connection.destroy();
    return true;
  }

  /** Also for an answer that did not get through. */
  answered(connection: Connection, asked: Asked): void {
    this.#ended(asked);
    const state = this.#moved(connection);
    if (state === undefined) return;
    const [first] = state.asked;
    state.asked.delete(asked);
    if (first !== asked) return;
    const [next] = state.asked;
    if (next !== undefined) this.#begin(state, next);
  }

  /** The request that is being served; undefined between requests. */
  served(connection: Connection): Asked | undefined {
    const [first] = this.#open.get(connection)?.asked ?? [];
    return first;
  }

  /** Resolves when nothing is under way. */
  async idle(): Promise<void> {
    if (this.#underWay.size === 0) return;
    await new Promise<void>((resolve) => {
      this.#idle = resolve;
    });
  }

  /** Closes those that have not read within the time what they were answered. */
  cutOffUnread(nowMs: number): void {
    for (const [connection, state] of this.#open) {
      const { bytesWritten, writableLength } = connection;
      const { unread } = state;
      const isUnread = unread !== undefined && bytesWritten - writableLength < unread.upToBytes;
      if (!isUnread) {
        state.unread = writableLength > 0 ? { sinceMs: nowMs, upToBytes: bytesWritten } : undefined;
      } else if (nowMs - unread.sinceMs >= this.#limits.unreadMs) {
        connection.destroy();
      }
    }
  }

  closeAll(): void {
    for (const connection of this.#open.keys()) connection.destroy();
  }

  #begin(state: State, asked: Asked): void {
    state.begun++;
    const { requestsPerConnectionMax } = this.#limits;
    // What comes behind the last one goes with the connection.
    if (state.begun <= requestsPerConnectionMax) asked.begin(state.begun === requestsPerConnectionMax);
  }

  #ended(asked: Asked): void {
    if (!this.#underWay.delete(asked)) return;
    this.#bodyBytes -= asked.bodyBytes;
    if (this.#underWay.size === 0) this.#idle?.();
  }

  #moved(connection: Connection): State | undefined {
    const state = this.#open.get(connection);
    if (state === undefined) return undefined;
    this.#open.delete(connection);
    this.#open.set(connection, state);
    return state;
  }

  /** Of those that wait for their client to send, the one that was silent longest. */
  #closeOneWaiting(may: (state: State) => boolean): boolean {
    for (const [connection, state] of this.#open) {
      if (![...state.asked].every((one) => !one.isWhole()) || !may(state)) continue;
      this.#open.delete(connection);
      for (const one of state.asked) this.#ended(one);
      connection.destroy();
      return true;
    }
    return false;
  }
}
