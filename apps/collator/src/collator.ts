/**
 * The collator: when collection of a block has ended it builds, seals, stores and posts its participant's
 * part.
 */
import type { ReadinessReason, ReadinessView } from '#api';
import {
  type BlockAct,
  BlockSweep,
  BlockWatch,
  ChannelKeys,
  channelKeysCheck,
  type DueJob,
  operatorKeyCheck,
  PartRetention,
  ReasonTeller,
  RegistryReasons,
  readinessOf,
  toldAct,
  type WatchedBlock,
} from '#block-watch';
import type { Chain, ParticipantActs } from '#chain';
import { type Address, toHex } from '#encoding';
import { type Clock, Fault, type Log } from '#environment';
import type { JobQueue } from '#job-queue';
import type { KeyValue } from '#key-value';
import type { PartStore } from '#part-store';
import { type ChannelId, collateDue, type Due, isDue } from '#protocol';
import { CutMarks, type RecordLog } from '#record-log';
import { type CollatedBlock, collateBlock } from './collate-block.js';
import { CollatedLog } from './collated-log.js';

export interface CollatorOptions {
  /** The participant's account. */
  readonly account: Address;
  /** Private operator key: posts parts. */
  readonly operatorKey: Uint8Array;
  /** X25519 secret that opens the boxed channel secret. */
  readonly encryptionSecret: Uint8Array;
  readonly sweepIntervalMs: number;
}

export interface CollatorPorts {
  readonly recordLog: RecordLog;
  readonly partStore: PartStore;
  readonly chain: Chain;
  readonly keyValue: KeyValue;
  readonly jobQueue: JobQueue;
  readonly clock: Clock;
  readonly log: Log;
}

const lane = { kind: 'collate', concurrency: 2, lockMs: 1_800_000 } as const;

export class Collator {
  readonly #retention: PartRetention;
  readonly #ports: CollatorPorts;
  readonly #acts: ParticipantActs;
  readonly #watch: BlockWatch;
  readonly #keys: ChannelKeys;
  readonly #cutMarks: CutMarks;
  readonly #collatedLog: CollatedLog;
  readonly #registry: RegistryReasons;
  readonly #teller: ReasonTeller;
  readonly #sweep: BlockSweep;

  constructor(options: CollatorOptions, ports: CollatorPorts) {
    this.#retention = new PartRetention(options.account, ports);
    this.#ports = ports;
    this.#acts = ports.chain.participantActs(options.operatorKey);
    this.#watch = new BlockWatch(options, ports);
    this.#keys = new ChannelKeys(options, ports);
    const { jobQueue, log, chain, recordLog } = ports;
    this.#teller = new ReasonTeller(log);
    this.#registry = new RegistryReasons(chain, [
      operatorKeyCheck(options.account, this.#acts.address),
      channelKeysCheck(options, this.#keys, this.#watch),
    ]);
    this.#collatedLog = new CollatedLog(ports);
    this.#cutMarks = new CutMarks(recordLog, (channelId, damage) =>
      log.error({ channelId, damage }, 'a cut mark in the log is damaged and left out'),
    );
    const subscribe = (wake: () => void): (() => void) => {
      const ends = [
        chain.subscribe(wake),
        recordLog.subscribe(({ stream }) => stream === 'cut-marks' && wake()),
      ];
      return () => {
        for (const end of ends) end();
      };
    };
    this.#sweep = new BlockSweep(
      { name: `collate/${options.account}`, intervalMs: options.sweepIntervalMs },
      { jobQueue, log, subscribe },
      {
        lanes: [{ ...lane, act: (id, number, signal) => this.#act(id, number, signal) }],
        look: () => this.#look(),
        tend: () => this.#tend(),
      },
    );
  }

  start(): void {
    this.#sweep.start();
  }

  stop(): Promise<void> {
    return this.#sweep.stop();
  }

  /** Posts every part that is due; returns how many were posted. */
  sweep(): Promise<number> {
    return this.#sweep.sweep();
  }

  readiness(): Promise<ReadinessView> {
    const { chain, recordLog, partStore, keyValue } = this.#ports;
    const nowhere = { channelId: `0x${'00'.repeat(32)}`, stream: 0 };
    return readinessOf({
      chain,
      gasOf: this.#acts.address,
      stores: [
        () => recordLog.end(nowhere),
        () => partStore.get(new Uint8Array(32)),
        () => keyValue.get('readiness'),
      ],
      due: () => this.dues(),
      more: () => this.#reasons(),
    });
  }

  /** Which blocks have left collection, whether their parts are due, and what they wait for. */
  async dues(): Promise<readonly DueJob[]> {
    const found: DueJob[] = [];
    for (const block of await this.#watch.blocks()) {
      const { channelId, blockNumber } = block;
      found.push({ kind: lane.kind, channelId, blockNumber, due: await this.#due(block) });
    }
    return found;
  }

  /** What speaks against making parts from the log, for blocks of which a part is due or will be. */
  async #logReasons(): Promise<readonly ReadinessReason[]> {
    const reasons = new Map<string, ReadinessReason>();
    const asked = async (ask: () => Promise<unknown>): Promise<void> => {
      try {
        await ask();
      } catch (cause) {
        if (!(cause instanceof Fault)) throw cause;
        reasons.set(cause.message, { code: cause.code, detail: cause.message });
      }
    };
    const looked = await this.dues();
    // While blocks still collect: later it may be another log.
    for (const channelId of this.#watch.channelIds()) await asked(() => this.#collatedLog.notice(channelId));
    for (const { channelId, blockNumber, due } of looked) {
      if ('done' in due) continue;
      const ends = await this.#cutMarks.endsOf(channelId, blockNumber);
      await asked(() =>
        ends === undefined
          ? this.#withoutMark(channelId, blockNumber)
          : this.#collatedLog.rangeOf(channelId, blockNumber, ends),
      );
    }
    return [...reasons.values()];
  }

  async #withoutMark(channelId: ChannelId, blockNumber: number): Promise<void> {
    await this.#collatedLog.check(channelId);
    const damage = await this.#cutMarks.lastDamage(channelId);
    if (damage === undefined) return;
    const what = `the last cut mark of channel ${channelId} is damaged, and block ${blockNumber} waits for its own`;
    const advice = 'the channel node writes it again while it runs';
    throw new Fault('record-log-damaged', `${what} (${damage}): ${advice}`, { retriable: false });
  }

  async #look(): Promise<readonly DueJob[]> {
    this.#teller.tell(await this.#reasons());
    return this.dues();
  }

  async #reasons(): Promise<readonly ReadinessReason[]> {
    return [...(await this.#registry.look()), ...(await this.#logReasons())];
  }

  async #due(block: WatchedBlock): Promise<Due<'collate'>> {
    if (block.participant === undefined) throw new Error('the watch shows blocks of others');
    const ends = await this.#cutMarks.endsOf(block.channelId, block.blockNumber);
    return collateDue(block, block.participant, ends !== undefined);
  }

  async #act(channelId: ChannelId, blockNumber: number, signal: AbortSignal): Promise<BlockAct> {
    const block = await this.#watch.block(channelId, blockNumber);
    const ends = await this.#cutMarks.endsOf(channelId, blockNumber);
    if (block === undefined || ends === undefined || !isDue(await this.#due(block))) return 0;
    const blockKey = await this.#blockKey(channelId, blockNumber);
    if (blockKey === undefined) return 'again';
    const fromMs = this.#ports.clock.monotonicMs();
    const range = await this.#collatedLog.rangeOf(channelId, blockNumber, ends);
    const owner = this.#retention.ownerOf(channelId, blockNumber);
    const collated = await collateBlock(range, blockKey, owner, this.#ports, signal);
    signal.throwIfAborted();
    // Another log that took its place meanwhile has nothing where entries stood.
    await this.#collatedLog.rangeOf(channelId, blockNumber, ends);
    const posted = await this.#post(block, collated, this.#ports.clock.monotonicMs() - fromMs);
    // Last, as an interrupted collation of this block begins where this one began.
    await this.#collatedLog.remember(channelId, blockNumber + 1, collated.nextBegins);
    return posted;
  }

  async #post(block: WatchedBlock, collated: CollatedBlock, spentMs: number): Promise<BlockAct> {
    const { channelId, blockNumber } = block;
    const { segmentCount } = collated.commitment;
    const partRoot = toHex(collated.commitment.partRoot);
    const indexHash = toHex(collated.commitment.indexHash);
    const part = { partRoot, segmentCount, indexHash };
    const outcome = await this.#acts.postPart(channelId, blockNumber, part);
    const said = { channelId, blockNumber, ...part, batches: collated.batches, spentMs };
    return toldAct(outcome, {
      log: this.#ports.log,
      fields: said,
      done: 'posted the part',
      refused: 'the chain did not take the part',
      // Too late is a fact; another part in our name is a second collator or a stolen operator key.
      alarming: ['part-already-posted'],
    });
  }

  async #blockKey(channelId: ChannelId, blockNumber: number): Promise<Uint8Array | undefined> {
    const opened = await this.#keys.of(channelId);
    const key = opened.ok ? opened.keys.blockKey(blockNumber) : undefined;
    if (key === undefined) {
      const why = opened.ok ? 'its secret was erased' : opened.message;
      this.#ports.log.error({ channelId, blockNumber, why }, 'there is no key to seal the part with');
    }
    return key;
  }

  /** Keys of blocks that are over, and parts whose time is over. */
  async #tend(): Promise<void> {
    for (const channelId of this.#watch.channelIds()) {
      const lowest = this.#watch.lowestUnfinished(channelId);
      if (lowest === 0) continue;
      this.#cutMarks.forgetBefore(channelId, lowest);
      const opened = await this.#keys.of(channelId);
      if (opened.ok) await opened.keys.eraseBefore(lowest);
    }
    await this.#retention.sweep();
  }
}
