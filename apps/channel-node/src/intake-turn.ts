/**
 * Whose turn it is to take records for a participant. Claims of the log keep two nodes from both promising;
 * this keeps them from taking channels from one another again and again.
 */
import type { Address } from '#encoding';
import { type Clock, Fault } from '#environment';
import type { KeyValue, Lease } from '#key-value';
import type { ChannelId } from '#protocol';

export interface IntakeTurnPorts {
  readonly keyValue: KeyValue;
  readonly clock: Clock;
}

/** An engine that has not heard of the holder for so long gives the lease to another. */
const leaseMs = 10_000;
/** After a claim was lost nothing is claimed for so long: whoever has it may be there for good. */
const pauseMs = 10_000;

export class IntakeTurn {
  readonly #account: Address;
  readonly #ports: IntakeTurnPorts;
  readonly #lostAtMs = new Map<ChannelId, number>();
  #lease: Lease | undefined;
  #taking: Promise<AbortSignal> | undefined;

  constructor(account: Address, ports: IntakeTurnPorts) {
    this.#account = account;
    this.#ports = ports;
  }

  /**
   * Resolves with what ends this node's turn. Throws a retriable Fault while another node of the participant
   * holds the lease in the store that they share.
   */
  take(): Promise<AbortSignal> {
    this.#taking ??= this.#take().finally(() => {
      this.#taking = undefined;
    });
    return this.#taking;
  }

  /** For a channel whose claim was lost: throws a retriable Fault until a sweep asks after its pause. */
  assertMayClaim(channelId: ChannelId, by: 'request' | 'sweep'): void {
    const nowMs = this.#ports.clock.monotonicMs();
    const lostAtMs = this.#lostAtMs.get(channelId) ?? nowMs;
    if (by === 'sweep' && nowMs - lostAtMs >= pauseMs) {
      this.#lostAtMs.delete(channelId);
      return;
    }
    this.#lostAtMs.set(channelId, lostAtMs);
    const again = `this node claims it anew ${pauseMs / 1_000} s after it was lost`;
    throw claimedElsewhere(`another process claimed channel ${channelId}, and ${again}`);
  }

  async release(): Promise<void> {
    await this.#taking?.catch(() => {});
    await this.#lease?.release();
    this.#lease = undefined;
  }

  async #take(): Promise<AbortSignal> {
    if (this.#lease !== undefined && !this.#lease.lost.aborted) return this.#lease.lost;
    this.#lease = await this.#ports.keyValue.lease(`channel-node/${this.#account}`, leaseMs);
    if (this.#lease !== undefined) return this.#lease.lost;
    throw claimedElsewhere(`another channel node takes records for ${this.#account}`);
  }
}

export function claimedElsewhere(found: string, cause?: unknown): Fault {
  const message = `${found}: let one node run for one log`;
  return new Fault('intake-claimed-elsewhere', message, { retriable: true, cause });
}
