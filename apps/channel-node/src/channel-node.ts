/**
 * The channel node: takes signed batches, keeps them durably, forwards its participant's own, and cuts
 * blocks off.
 */
import {
  type BlockView,
  type ChannelView,
  type ExposureView,
  type ReadinessView,
  type Refusal,
  refuse,
} from '#api';
import { readinessOf } from '#block-watch';
import type { Chain, ChainSnapshot } from '#chain';
import { addressOf } from '#crypto';
import { type Address, fromHex, isHexOf } from '#encoding';
import { type Clock, type Log, SweepLoop, systemTimers, type Timers } from '#environment';
import type { KeyValue } from '#key-value';
import type { ChannelId } from '#protocol';
import type { RecordLog } from '#record-log';
import { channelRefusal, shapeRefusal } from './accept-rules.js';
import { ChainClock } from './chain-clock.js';
import type { Accepted, ChannelIntake } from './channel-intake.js';
import { blockView, channelView, exposureView } from './channel-views.js';
import type { CoverLimit } from './cover-limit.js';
import type { ExposureLimit } from './exposure-limit.js';
import { Forwarding, type ForwardingTime } from './forwarding.js';
import { OpenChannels } from './open-channels.js';
import { Standing } from './standing.js';

export interface ChannelNodeOptions {
  /** Account of the participant whose node this is. */
  readonly account: Address;
  /** Private key that signs receipts, 32 bytes. */
  readonly operatorKey: Uint8Array;
  /** Of one forwarded batch. */
  readonly requestTimeoutMs: number;
  /** How often a running node looks for what is due when nothing woke it. */
  readonly sweepIntervalMs?: number;
  /** A height of the chain that stands for longer says nothing of now. */
  readonly heightIntervalMs?: number;
  /**
   * Memory for impressions of all blocks and channels: a quarter for those that the participant named, a
   * quarter for those of others, 12 to 24 bytes each, and a half for a seller's exposure, 64 to 128 each.
   */
  readonly impressionBytesMax?: number;
  /** Chain time during which a closed block's batches are remembered for repeats. */
  readonly rememberSeconds?: number;
  /** None by default. */
  readonly exposureLimit?: ExposureLimit;
  /** None by default. */
  readonly coverLimit?: CoverLimit;
}

export interface ChannelNodePorts {
  readonly recordLog: RecordLog;
  readonly keyValue: KeyValue;
  readonly chain: Chain;
  readonly clock: Clock;
  readonly log: Log;
  readonly fetch?: typeof globalThis.fetch;
  readonly timers?: Timers;
}

const defaults = {
  sweepIntervalMs: 1_000,
  heightIntervalMs: 15_000,
  impressionBytesMax: 2 ** 28,
  rememberSeconds: 3_600,
};

export class ChannelNode {
  readonly #options: Required<Omit<ChannelNodeOptions, 'exposureLimit' | 'coverLimit'>> &
    Pick<ChannelNodeOptions, 'exposureLimit' | 'coverLimit'>;
  readonly #ports: Required<ChannelNodePorts>;
  readonly #time: ChainClock;
  readonly #forwarding: Forwarding;
  readonly #loop: SweepLoop;
  readonly #channels: OpenChannels;
  readonly #standing: Standing;
  readonly #operator: Address;
  #sweeping: Promise<number> | undefined;
  /** The log is being told what to forget; never rejected. */
  #retaining: Promise<void> | undefined;

  constructor(options: ChannelNodeOptions, ports: ChannelNodePorts) {
    const account = options.account.toLowerCase() as Address;
    this.#options = { ...defaults, ...options, account };
    this.#ports = { fetch: globalThis.fetch, timers: systemTimers, ...ports };
    this.#time = new ChainClock(this.#options, this.#ports);
    this.#operator = addressOf(options.operatorKey);
    this.#channels = new OpenChannels(this.#options, { ...this.#ports, time: this.#time });
    this.#standing = new Standing({ account, operator: this.#operator }, this.#ports);
    const { requestTimeoutMs } = options;
    const onMore = (): void => this.#loop.wake();
    this.#forwarding = new Forwarding({ requestTimeoutMs, onMore }, this.#ports);
    const { recordLog, chain, log, timers } = this.#ports;
    const subscribe = (wake: () => void): (() => void) => {
      const ends = [recordLog.subscribe(wake), chain.subscribe(wake)];
      return () => {
        for (const end of ends) end();
      };
    };
    const loop = { name: `channel-node/${account}`, intervalMs: this.#options.sweepIntervalMs };
    this.#loop = new SweepLoop(loop, { log, timers, subscribe }, () => this.#cutAndForward());
  }

  /** Reads the log of every channel of the participant, then sweeps whenever log, chain or timer wakes it. */
  async start(): Promise<void> {
    this.#loop.start();
  }

  /** Drains: resolves when no sweep runs and nothing is on its way into the log. */
  async stop(): Promise<void> {
    await this.#loop.stop();
    this.#time.stop();
    await this.#sweeping?.catch(() => {});
    await this.#retaining;
    await this.#forwarding.stop();
    await this.#standing.idle();
    await this.#channels.close();
  }

  /** `bytes` is one batch in canonical form. Accepted means durable. Throws a Fault when a port is away. */
  async submit(bytes: Uint8Array, channelId: ChannelId): Promise<Accepted | Refusal> {
    if (!isHexOf(channelId, 32)) return refuse('unknown-channel', 'the channel id is not 32 bytes of hex');
    const id = channelId.toLowerCase() as ChannelId;
    const misshapen = shapeRefusal(bytes);
    if (misshapen !== undefined) return misshapen;
    const intake = await this.#channels.get(id);
    if (intake === undefined) return unknownChannel(id);
    const misdirected =
      channelRefusal(bytes, fromHex(id)) ?? (await this.#standing.refusal(this.#time.wakes));
    if (misdirected !== undefined) return misdirected;
    const now = await this.#time.now();
    // The log may have failed while this waited; it must be read again before anything is compared with it.
    if (intake.isBroken) return this.submit(bytes, id);
    return intake.submit(bytes, now);
  }

  /**
   * Does what is due and waits for it, for a network that is driven; returns how many cut marks were written
   * and batches forwarded. A running node never waits for a counterparty before it cuts.
   */
  async sweep(): Promise<number> {
    await this.#lookAtCovers();
    const written = await this.#cutInTurn();
    await this.#retain();
    await this.#standing.sweep(this.#time.wakes);
    return written + (await this.#eachChannel((intake, now) => this.#forwarding.sweep(intake, now)));
  }

  /** Cuts what is due, one pass after the other. */
  #cutInTurn(): Promise<number> {
    const before = this.#sweeping;
    const sweeping = (async () => {
      await before?.catch(() => {});
      return this.#eachChannel((intake, { nowSeconds }) => intake.cut(nowSeconds));
    })();
    this.#sweeping = sweeping;
    return sweeping;
  }

  async channel(channelId: ChannelId): Promise<{ readonly ok: true; readonly view: ChannelView } | Refusal> {
    const intake = await this.#channels.get(channelId.toLowerCase() as ChannelId);
    const facts = intake && (await (await this.#latest()).channel(intake.channelId));
    if (intake === undefined || facts === undefined) return unknownChannel(channelId);
    const { timestampSeconds } = await this.#time.now();
    const forwarding = this.#forwarding.view(intake);
    return { ok: true, view: channelView(facts, intake.participant, forwarding, timestampSeconds) };
  }

  async exposure(
    channelId: ChannelId,
  ): Promise<{ readonly ok: true; readonly view: ExposureView } | Refusal> {
    const intake = await this.#channels.get(channelId.toLowerCase() as ChannelId);
    if (intake === undefined) return unknownChannel(channelId);
    const { timestampSeconds } = await this.#time.now();
    await intake.watch.cover.look(this.#time.wakes, timestampSeconds);
    return { ok: true, view: exposureView(intake, this.#options) };
  }

  async block(
    channelId: ChannelId,
    blockNumber: number,
  ): Promise<{ readonly ok: true; readonly view: BlockView } | Refusal> {
    const intake = await this.#channels.get(channelId.toLowerCase() as ChannelId);
    if (intake === undefined) return unknownChannel(channelId);
    const { blocksMax } = intake.facts.terms;
    if (blockNumber >= blocksMax) {
      return refuse('unknown-block', `the channel has blocks 0 to ${blocksMax - 1}`);
    }
    const facts = await (await this.#latest()).blockFacts(channelId, blockNumber);
    const { timestampSeconds } = await this.#time.now();
    return { ok: true, view: blockView(intake, blockNumber, facts, timestampSeconds) };
  }

  /** Why it could not take a batch now: what does not answer, or a log that is still being read. */
  readiness(): Promise<ReadinessView> {
    const { chain, keyValue, recordLog } = this.#ports;
    const nowhere = `0x${'00'.repeat(32)}`;
    const stores = [
      () => chain.time(),
      () => recordLog.partitions(nowhere),
      () => keyValue.get('readiness'),
      () => this.#readLogs(),
    ];
    const more = () => this.#standing.reasons(this.#time.wakes);
    return readinessOf({ chain, gasOf: this.#operator, stores, due: async () => [], more });
  }

  /** Never rejected: a channel that cannot be opened is told by the cut. */
  async #lookAtCovers(): Promise<void> {
    await this.#eachChannel(async ({ watch }, { nowSeconds, asOf }) => {
      await watch.cover.look(asOf, nowSeconds);
      return 0;
    }).catch(() => {});
  }

  async #readLogs(): Promise<void> {
    for (const channelId of await this.#channels.ids()) await this.#channels.get(channelId);
  }

  async #eachChannel(act: (intake: ChannelIntake, now: ForwardingTime) => Promise<number>): Promise<number> {
    const { timestampSeconds: nowSeconds } = await this.#time.now();
    return this.#channels.each((intake) => act(intake, { nowSeconds, asOf: this.#time.wakes }));
  }

  /** A cut waits for no counterparty; a channel that cannot be cut keeps no other from being forwarded. */
  async #cutAndForward(): Promise<boolean> {
    try {
      return (await this.#cutInTurn()) > 0;
    } finally {
      void this.#standing.sweep(this.#time.wakes);
      void this.#lookAtCovers();
      void this.#retain();
      await this.#eachChannel(async (intake, now) => this.#forwarding.start(intake, now));
    }
  }

  /** One pass at a time, beside the cuts: chains may be slow to say what is final, and disks to remove. */
  #retain(): Promise<void> {
    this.#retaining ??= this.#eachChannel(async (intake, { nowSeconds }) => {
      await intake.retain(nowSeconds);
      return 0;
    }).then(
      () => {
        this.#retaining = undefined;
      },
      () => {
        // A channel that cannot be opened is told by the cut.
        this.#retaining = undefined;
      },
    );
    return this.#retaining;
  }

  #latest(): Promise<ChainSnapshot> {
    return this.#ports.chain.snapshot({ finality: 'latest' });
  }
}

function unknownChannel(channelId: ChannelId): Refusal {
  return refuse('unknown-channel', `${channelId} is no channel of this node’s participant`);
}
