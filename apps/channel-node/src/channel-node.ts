/**
 * The channel node: takes signed batches, keeps them durably, forwards its participant's own, and cuts
 * blocks off.
 */
import { type BlockView, type ChannelView, type ReadinessView, type Refusal, refuse } from '#api';
import { readinessOf } from '#block-watch';
import type { Chain, ChainSnapshot } from '#chain';
import { type Address, fromHex, type Hex, isHexOf } from '#encoding';
import { type Clock, type Log, SweepLoop, systemTimers, type Timers } from '#environment';
import type { KeyValue } from '#key-value';
import { BatchHasher, type ChannelId, domainSeparator } from '#protocol';
import type { RecordLog } from '#record-log';
import { channelRefusal, shapeRefusal } from './accept-rules.js';
import { ChainClock } from './chain-clock.js';
import { type Accepted, ChannelIntake, type IntakeOptions } from './channel-intake.js';
import { blockView, channelView } from './channel-views.js';
import { Forwarding, type ForwardingTime } from './forwarding.js';
import { ReceiptSigner } from './receipt.js';

export interface ChannelNodeOptions {
  /** Account of the participant whose node this is. */
  readonly account: Address;
  /** Private key that signs receipts, 32 bytes. */
  readonly operatorKey: Uint8Array;
  /** Of one forwarded batch. */
  readonly requestTimeoutMs: number;
  /** How often a running node looks for what is due when nothing woke it. */
  readonly sweepIntervalMs?: number;
  /** Impressions remembered for each block, own and others' apart: at most 24 bytes each. */
  readonly impressionsMax?: number;
  /** Chain time during which a closed block's batches are remembered for repeats. */
  readonly rememberSeconds?: number;
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

const defaults = { sweepIntervalMs: 1_000, impressionsMax: 2 ** 22, rememberSeconds: 3_600 };

export class ChannelNode {
  readonly #options: Required<ChannelNodeOptions>;
  readonly #ports: Required<ChannelNodePorts>;
  readonly #time: ChainClock;
  readonly #forwarding: Forwarding;
  readonly #loop: SweepLoop;
  readonly #channels = new Map<Hex, Promise<ChannelIntake | undefined>>();
  /** Channels that are not ours or unknown, as of a height. */
  #strangers = { asOf: -1, ids: new Set<Hex>() };
  #signing: Promise<Pick<IntakeOptions, 'hasher' | 'receipts'>> | undefined;
  #sweeping: Promise<number> | undefined;
  /** The participant's channels as of a height. */
  #known: { readonly asOf: number; readonly ids: readonly Hex[] } = { asOf: -1, ids: [] };

  constructor(options: ChannelNodeOptions, ports: ChannelNodePorts) {
    const account = options.account.toLowerCase() as Hex;
    this.#options = { ...defaults, ...options, account };
    this.#ports = { fetch: globalThis.fetch, timers: systemTimers, ...ports };
    this.#time = new ChainClock(ports.chain, ports.log);
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
    await this.#forwarding.stop();
    for (const opening of this.#channels.values()) await (await opening.catch(() => undefined))?.idle();
  }

  /** `bytes` is one batch in canonical form. Accepted means durable. Throws a Fault when a port is away. */
  async submit(bytes: Uint8Array, channelId: ChannelId): Promise<Accepted | Refusal> {
    if (!isHexOf(channelId, 32)) return refuse('unknown-channel', 'the channel id is not 32 bytes of hex');
    const id = channelId.toLowerCase() as Hex;
    const misshapen = shapeRefusal(bytes);
    if (misshapen !== undefined) return misshapen;
    const intake = await this.#open(id);
    if (intake === undefined) return unknownChannel(id);
    const misdirected = channelRefusal(bytes, fromHex(id));
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
    const written = await this.#cutInTurn();
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
    const intake = await this.#open(channelId);
    const facts = await (await this.#latest()).channel(channelId);
    if (intake === undefined || facts === undefined) return unknownChannel(channelId);
    const { timestampSeconds } = await this.#time.now();
    const forwarding = this.#forwarding.view(intake);
    return { ok: true, view: channelView(facts, intake.participant, forwarding, timestampSeconds) };
  }

  async block(
    channelId: ChannelId,
    blockNumber: number,
  ): Promise<{ readonly ok: true; readonly view: BlockView } | Refusal> {
    const intake = await this.#open(channelId);
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
    return readinessOf({ chain, stores, due: async () => [] });
  }

  async #readLogs(): Promise<void> {
    for (const channelId of await this.#channelIds()) await this.#open(channelId.toLowerCase() as Hex);
  }

  /** Sums what `act` did for each channel; one that fails does not keep the others from being looked at. */
  async #eachChannel(act: (intake: ChannelIntake, now: ForwardingTime) => Promise<number>): Promise<number> {
    const { timestampSeconds: nowSeconds } = await this.#time.now();
    const failures: unknown[] = [];
    let done = 0;
    for (const channelId of await this.#channelIds()) {
      try {
        const intake = await this.#open(channelId.toLowerCase() as Hex);
        if (intake !== undefined) done += await act(intake, { nowSeconds, asOf: this.#time.wakes });
      } catch (cause) {
        failures.push(cause);
      }
    }
    if (failures.length > 0) throw failures[0];
    return done;
  }

  /** A cut waits for no counterparty; a channel that cannot be cut keeps no other from being forwarded. */
  async #cutAndForward(): Promise<boolean> {
    try {
      return (await this.#cutInTurn()) > 0;
    } finally {
      await this.#eachChannel(async (intake, now) => this.#forwarding.start(intake, now));
    }
  }

  async #channelIds(): Promise<readonly Hex[]> {
    const asOf = this.#time.wakes;
    if (this.#known.asOf !== asOf) {
      this.#known = { asOf, ids: await this.#ports.chain.channelsOf(this.#options.account) };
    }
    return this.#known.ids;
  }

  /** The channel if the participant takes part in it; its log is read at the first call and after a fault. */
  async #open(channelId: ChannelId): Promise<ChannelIntake | undefined> {
    if (this.#strangers.asOf !== this.#time.wakes) {
      this.#strangers = { asOf: this.#time.wakes, ids: new Set() };
    }
    if (this.#strangers.ids.has(channelId)) return undefined;
    const known = this.#channels.get(channelId);
    const intake = await known;
    if (intake !== undefined && !intake.isBroken) return intake;
    const opening =
      this.#channels.get(channelId) === known ? this.#reopen(channelId, intake) : this.#open(channelId);
    return opening;
  }

  #reopen(channelId: ChannelId, broken: ChannelIntake | undefined): Promise<ChannelIntake | undefined> {
    const strangers = this.#strangers;
    const opening = this.#read(channelId, broken);
    this.#channels.set(channelId, opening);
    const forget = (): void => {
      if (this.#channels.get(channelId) === opening) this.#channels.delete(channelId);
    };
    opening.then((found) => {
      if (found !== undefined) return;
      forget();
      // Of the height at which it was asked for: with the next one it may be there.
      strangers.ids.add(channelId);
    }, forget);
    return opening;
  }

  async #read(channelId: ChannelId, broken: ChannelIntake | undefined): Promise<ChannelIntake | undefined> {
    await broken?.idle();
    const facts = await (await this.#latest()).channel(channelId);
    const own = facts?.terms.participants.findIndex((one) => one.toLowerCase() === this.#options.account);
    if (facts === undefined || own === undefined || own < 0) return undefined;
    this.#signing ??= this.#readDomain();
    const { impressionsMax, rememberSeconds } = this.#options;
    const options = { ...(await this.#signing), participant: own, impressionsMax, rememberSeconds };
    const { timestampSeconds } = await this.#time.now();
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

function unknownChannel(channelId: ChannelId): Refusal {
  return refuse('unknown-channel', `${channelId} is no channel of this node’s participant`);
}
