/** What a participant delivers at most without being sure of its money, and what its node does beyond it. */
import { type Refusal, refuse } from '#api';
import type { ChannelFacts } from '#chain';
import type { Log } from '#environment';
import type { ChannelId } from '#protocol';
import { type ExposureRules, exposureRulesOf } from './exposure.js';

export interface ExposureLimit {
  readonly nano: bigint;
  readonly act: 'warn' | 'refuse';
}

/** Of one channel. */
export class ExposureWatch {
  /** Undefined where the participant sells nothing. */
  readonly rules: ExposureRules | undefined;
  readonly #channelId: ChannelId;
  readonly #limit: ExposureLimit | undefined;
  readonly #log: Log;
  #isBeyond = false;

  constructor(
    { channelId, terms }: ChannelFacts,
    { participant, exposureLimit }: { participant: number; exposureLimit: ExposureLimit | undefined },
    log: Log,
  ) {
    this.rules = exposureRulesOf(terms, participant);
    this.#channelId = channelId;
    this.#limit = exposureLimit;
    this.#log = log;
  }

  /** For what the participant itself wrote, if the node is to refuse. */
  refusal(exposedNano: () => bigint): Refusal | undefined {
    if (this.#limit?.act !== 'refuse') return undefined;
    const exposed = exposedNano();
    if (exposed < this.#limit.nano) return undefined;
    const found = `${exposed} nano-units are delivered and not yet sure to be paid`;
    return refuse('exposure-limit', `${found}, the limit is ${this.#limit.nano}`);
  }

  /** Says so once when the limit is reached, and once when the exposure is below it again. */
  look(exposedNano: bigint): void {
    if (this.#limit === undefined) return;
    const isBeyond = exposedNano >= this.#limit.nano;
    if (isBeyond === this.#isBeyond) return;
    this.#isBeyond = isBeyond;
    const fields = {
      channelId: this.#channelId,
      exposedNano: String(exposedNano),
      limitNano: String(this.#limit.nano),
    };
    if (isBeyond) this.#log.warn(fields, 'more is delivered than the participant is sure to be paid for');
    else this.#log.info(fields, 'the exposure is below its limit again');
  }
}
