/** A channel's log under one claim, until the claim is lost or an append has failed. */
import { codeOf, Fault } from '#environment';
import type { LogClaim, LogPosition, LogStream, RecordLog } from '#record-log';
import { claimedElsewhere } from './intake-turn.js';

export class ClaimedLog {
  readonly #recordLog: RecordLog;
  readonly #claim: LogClaim;
  readonly #turnOver: AbortSignal;
  #hasFailed = false;

  /** `turnOver` ends when another node may take the channel over. */
  constructor(recordLog: RecordLog, claim: LogClaim, turnOver: AbortSignal) {
    this.#recordLog = recordLog;
    this.#claim = claim;
    this.#turnOver = turnOver;
  }

  /** What is known of the log may not be all there is: it must be read again before more is appended. */
  get isBroken(): boolean {
    return this.#hasFailed || this.#claim.lost.aborted || this.#turnOver.aborted;
  }

  /** Another process appends to the channel's log, or did. */
  get isClaimLost(): boolean {
    return this.#claim.lost.aborted;
  }

  assertWhole(): void {
    if (this.isBroken) throw new Fault('record-log-unavailable', 'the log failed', { retriable: true });
  }

  /** A failed append may or may not be in the log: only reading it again tells. */
  async append(stream: LogStream, bytes: Uint8Array, receivedAtMs: number): Promise<LogPosition> {
    const { channelId } = this.#claim;
    try {
      return await this.#recordLog.append(this.#claim, { channelId, stream }, bytes, receivedAtMs);
    } catch (cause) {
      this.#hasFailed = true;
      if (codeOf(cause) !== 'record-log-fenced') throw cause;
      throw claimedElsewhere(`another process claimed channel ${channelId}`, cause);
    }
  }
}
