/** What a participant delivers at most without being sure of its money, and what its node does beyond it. */
import { type Refusal, refuse } from '#api';
import type { Chain, ChannelFacts } from '#chain';
import type { Log } from '#environment';
import type { ChannelId } from '#protocol';
import { type CoverOptions, CoverWatch } from './cover-limit.js';
import { type ChannelExposure, type Exposure, type ExposureRules, exposureRulesOf } from './exposure.js';

export interface ExposureLimit {
  readonly nano: bigint;
  readonly act: 'warn' | 'refuse';
}

/** Of one channel. */
export class ExposureWatch {
  readonly cover: CoverWatch;
  /** Undefined where the participant sells nothing. */
  readonly rules: ExposureRules | undefined;
  readonly #channelId: ChannelId;
  readonly #limit: ExposureLimit | undefined;
  readonly #log: Log;
  #isBeyond = false;

  constructor(
    facts: ChannelFacts,
    options: CoverOptions & { readonly exposureLimit: ExposureLimit | undefined },
    ports: { readonly chain: Chain; readonly log: Log },
  ) {
    const { channelId, terms } = facts;
    const { participant, exposureLimit } = options;
    this.cover = new CoverWatch(facts, options, ports);
    this.rules = exposureRulesOf(terms, participant);
    this.#channelId = channelId;
    this.#limit = exposureLimit;
    this.#log = ports.log;
  }

  /** For what the participant itself wrote, if the node is to refuse. `all`: of the channel. */
  refusal(exposure: Exposure | undefined, all: () => ChannelExposure): Refusal | undefined {
    if (exposure === undefined) return undefined;
    const { blockNumber, sums } = exposure;
    return this.cover.refusal(blockNumber, sums.deliveredNano) ?? this.#exposureRefusal(all);
  }

  #exposureRefusal(all: () => ChannelExposure): Refusal | undefined {
    if (this.#limit?.act !== 'refuse') return undefined;
    const exposed = all().exposedNano;
    if (exposed < this.#limit.nano) return undefined;
    const found = `${exposed} nano-units are delivered and not yet sure to be paid`;
    return refuse('exposure-limit', `${found}, the limit is ${this.#limit.nano}`);
  }

  /** Says so once when the limit is reached, and once when the exposure is below it again. */
  look({ exposedNano, blocks }: ChannelExposure): void {
    for (const { blockNumber, sums } of blocks) this.cover.tell(blockNumber, sums.deliveredNano);
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
