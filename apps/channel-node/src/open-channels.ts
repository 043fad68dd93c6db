/** The participant's channels as a node has them open: a log is read once, and again after a fault. */
import type { Chain, ChainSnapshot } from '#chain';
import type { Address } from '#encoding';
import type { Log } from '#environment';
import { BatchHasher, type ChannelId, domainSeparator } from '#protocol';
import type { RecordLog } from '#record-log';
import type { ChainClock } from './chain-clock.js';
import { ChannelIntake, type IntakeOptions, type IntakePorts } from './channel-intake.js';
import type { CoverLimit } from './cover-limit.js';
import type { ExposureLimit } from './exposure-limit.js';
import { type ImpressionMemories, impressionMemories } from './impression-memory.js';
import { IntakeTurn } from './intake-turn.js';
import { ReceiptSigner } from './receipt.js';

export interface OpenChannelsOptions {
  readonly account: Address;
  readonly operatorKey: Uint8Array;
  readonly impressionBytesMax: number;
  readonly rememberSeconds: number;
  readonly exposureLimit?: ExposureLimit;
  readonly coverLimit?: CoverLimit;
}

export interface OpenChannelsPorts extends IntakePorts {
  readonly chain: Chain;
  readonly recordLog: RecordLog;
  readonly log: Log;
  readonly time: ChainClock;
}

/** What is not remembered is not refused: an impression may then have records in two blocks. */
const impressionsFull = 'the memory for impressions is used up: those of old blocks are forgotten';

export class OpenChannels {
  readonly #options: OpenChannelsOptions;
  readonly #ports: OpenChannelsPorts;
  readonly #intakes = new Map<ChannelId, Promise<ChannelIntake>>();
  readonly #turn: IntakeTurn;
  readonly #impressions: ImpressionMemories;
  #signing: Promise<Pick<IntakeOptions, 'hasher' | 'receipts'>> | undefined;
  /** The participant's channels as of a height. */
  #known: { readonly asOf: number; readonly ids: Promise<ReadonlySet<ChannelId>> } | undefined;

  constructor(options: OpenChannelsOptions, ports: OpenChannelsPorts) {
    this.#options = options;
    this.#ports = ports;
    this.#turn = new IntakeTurn(options.account, ports);
    this.#impressions = impressionMemories(
      options.impressionBytesMax,
      ({ channelId, blockNumber }, forgotten) => {
        const fields = { channelId, blockNumber, impressionBytesMax: options.impressionBytesMax };
        const blocks = forgotten.map((one) => ({ channelId: one.channelId, blockNumber: one.blockNumber }));
        ports.log.warn({ ...fields, forgotten: blocks }, impressionsFull);
      },
    );
  }

  /** Every channel of the participant, in the order of their opening. Throws the chain's Fault. */
  ids(): Promise<ReadonlySet<ChannelId>> {
    const asOf = this.#ports.time.wakes;
    if (this.#known?.asOf === asOf) return this.#known.ids;
    const ids = this.#ports.chain
      .channelsOf(this.#options.account)
      .then((found) => new Set(found.map((one) => one.toLowerCase() as ChannelId)));
    const known = { asOf, ids };
    this.#known = known;
    ids.catch(() => {
      if (this.#known === known) this.#known = undefined;
    });
    return ids;
  }

  /**
   * Undefined if the participant takes no part in it. Whatever ids strangers name, the chain is asked for the
   * participant's channels once a height, and for no others. A channel that was lost to another process is
   * claimed anew by a sweep and by no request: those who send do not decide which node has it.
   */
  async get(channelId: ChannelId, by: 'request' | 'sweep' = 'request'): Promise<ChannelIntake | undefined> {
    const known = this.#intakes.get(channelId);
    if (known === undefined && !(await this.ids()).has(channelId)) return undefined;
    const intake = await this.#intakes.get(channelId);
    if (intake !== undefined && !intake.isBroken) return intake;
    if (intake?.isClaimLost) this.#turn.assertMayClaim(channelId, by);
    // Another may have begun to open it while this one waited.
    const now = this.#intakes.get(channelId);
    return now === known || now === undefined ? this.#open(channelId, intake) : this.get(channelId, by);
  }

  /** Sums what `act` did for each channel; one that fails keeps no other from being looked at. */
  async each(act: (intake: ChannelIntake) => Promise<number>): Promise<number> {
    const failures: unknown[] = [];
    let done = 0;
    let ids: Iterable<ChannelId> = this.#intakes.keys();
    try {
      ids = await this.ids();
    } catch (cause) {
      failures.push(cause);
    }
    for (const channelId of ids) {
      try {
        const intake = await this.get(channelId, 'sweep');
        if (intake !== undefined) done += await act(intake);
      } catch (cause) {
        failures.push(cause);
      }
    }
    if (failures.length > 0) throw failures[0];
    return done;
  }

  /** Resolves when nothing is on its way into any log, and another node may have its turn. */
  async close(): Promise<void> {
    for (const opening of this.#intakes.values()) await (await opening.catch(() => undefined))?.idle();
    await this.#turn.release();
  }

  #open(channelId: ChannelId, broken: ChannelIntake | undefined): Promise<ChannelIntake | undefined> {
    const opening = this.#read(channelId, broken);
    this.#intakes.set(channelId, opening);
    opening.catch(() => {
      if (this.#intakes.get(channelId) === opening) this.#intakes.delete(channelId);
    });
    return opening;
  }

  async #read(channelId: ChannelId, broken: ChannelIntake | undefined): Promise<ChannelIntake> {
    await broken?.idle();
    broken?.forgetImpressions();
    const turnOver = await this.#turn.take();
    const facts = broken?.facts ?? (await (await this.#latest()).channel(channelId));
    const own = facts?.terms.participants.findIndex((one) => one.toLowerCase() === this.#options.account);
    if (facts === undefined || own === undefined || own < 0) {
      throw new Error(`${channelId} is listed as a channel of ${this.#options.account} and is none`);
    }
    this.#signing ??= this.#readDomain();
    const { rememberSeconds, exposureLimit, coverLimit } = this.#options;
    const kept = { rememberSeconds, exposureLimit, coverLimit, impressions: this.#impressions };
    const options = { ...(await this.#signing), participant: own, ...kept, turnOver };
    const { timestampSeconds } = await this.#ports.time.now();
    return ChannelIntake.open(facts, options, this.#ports, timestampSeconds);
  }

  #latest(): Promise<ChainSnapshot> {
    return this.#ports.chain.snapshot({ finality: 'latest' });
  }

  async #readDomain(): Promise<Pick<IntakeOptions, 'hasher' | 'receipts'>> {
    try {
      const separator = domainSeparator(await this.#ports.chain.domain());
      return {
        hasher: new BatchHasher(separator),
        receipts: new ReceiptSigner(this.#options.operatorKey, separator),
      };
    } catch (cause) {
      this.#signing = undefined;
      throw cause;
    }
  }
}
