/**
 * The collator: when collection of a block has ended it builds, seals, stores and posts its participant's
 * part.
 */
import {
  BlockWatch,
  ChannelKeys,
  PartRetention,
  SweepLoop,
  sweepEach,
  type WatchedBlock,
} from '#block-watch';
import type { Chain, ParticipantActs } from '#chain';
import { decodeDagCbor, encodeDagCbor, type Hex, toHex } from '#encoding';
import type { Clock, Log } from '#environment';
import type { JobQueue } from '#job-queue';
import type { KeyValue } from '#key-value';
import type { PartStore } from '#part-store';
import type { RecordLog } from '#record-log';
import type { Offsets } from './block-batches.js';
import { type CollatedBlock, collateBlock } from './collate-block.js';
import { Manifests } from './manifests.js';

export interface CollatorOptions {
  /** The participant's account. */
  readonly account: Hex;
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

export class Collator {
  readonly #retention: PartRetention;
  readonly #ports: CollatorPorts;
  readonly #acts: ParticipantActs;
  readonly #watch: BlockWatch;
  readonly #keys: ChannelKeys;
  readonly #manifests: Manifests;
  readonly #loop: SweepLoop;

  constructor(options: CollatorOptions, ports: CollatorPorts) {
    this.#retention = new PartRetention(options.account, ports);
    this.#ports = ports;
    this.#acts = ports.chain.participantActs(options.operatorKey);
    this.#watch = new BlockWatch(options, ports);
    this.#keys = new ChannelKeys(options, ports);
    this.#manifests = new Manifests(ports.recordLog);
    const { jobQueue, log, chain, recordLog } = ports;
    const subscribe = (wake: () => void): (() => void) => {
      const ends = [
        chain.subscribe(wake),
        recordLog.subscribe(({ stream }) => stream === 'manifests' && wake()),
      ];
      return () => {
        for (const end of ends) end();
      };
    };
    const loop = { kind: `collate/${options.account}`, intervalMs: options.sweepIntervalMs };
    this.#loop = new SweepLoop(loop, { jobQueue, log, subscribe }, () => this.sweep());
  }

  start(): void {
    this.#loop.start();
  }

  stop(): Promise<void> {
    return this.#loop.stop();
  }

  /** Posts every part that is due; returns how many were posted. */
  async sweep(): Promise<number> {
    const blocks = await this.#watch.blocks();
    const done = await sweepEach(blocks, (block) => this.#collate(block));
    for (const channelId of new Set(blocks.map((block) => block.channelId))) await this.#erase(channelId);
    await this.#retention.sweep();
    return done;
  }

  async #collate(block: WatchedBlock): Promise<number> {
    const { channelId, blockNumber, participant, facts, stage } = block;
    if (stage.stage !== 'collation' || facts.parts.some((part) => part.participant === participant)) return 0;
    const ends = await this.#manifests.endsOf(channelId, blockNumber);
    if (ends === undefined) return 0;
    const blockKey = await this.#blockKey(channelId, blockNumber);
    if (blockKey === undefined) return 0;
    const fromMs = this.#ports.clock.nowMs();
    const begins = await this.#begins(channelId, blockNumber);
    const range = { channelId, blockNumber, begins, ends };
    const owner = this.#retention.ownerOf(channelId, blockNumber);
    const collated = await collateBlock(range, blockKey, owner, this.#ports);
    const posted = await this.#post(block, collated, this.#ports.clock.nowMs() - fromMs);
    // Last, as an interrupted collation of this block begins where this one began.
    await this.#rememberBegins(channelId, blockNumber + 1, collated.nextBegins);
    return posted;
  }

  async #post(block: WatchedBlock, collated: CollatedBlock, spentMs: number): Promise<number> {
    const { channelId, blockNumber } = block;
    const { segmentCount } = collated.commitment;
    const partRoot = toHex(collated.commitment.partRoot);
    const indexHash = toHex(collated.commitment.indexHash);
    const part = { partRoot, segmentCount, indexHash };
    const outcome = await this.#acts.postPart(channelId, blockNumber, part);
    const said = { channelId, blockNumber, ...part, batches: collated.batches, spentMs };
    if (outcome.ok) {
      this.#ports.log.info(said, 'posted the part');
      return 1;
    }
    const message = 'the chain did not take the part';
    // Too late is a fact; another part in our name is a second collator or a stolen operator key.
    if (outcome.code === 'part-already-posted')
      this.#ports.log.error({ ...said, code: outcome.code }, message);
    else this.#ports.log.warn({ ...said, code: outcome.code }, message);
    return 0;
  }

  async #blockKey(channelId: Hex, blockNumber: number): Promise<Uint8Array | undefined> {
    const opened = await this.#keys.of(channelId);
    const key = opened.ok ? opened.keys.blockKey(blockNumber) : undefined;
    if (key === undefined) {
      const why = opened.ok ? 'its secret was erased' : opened.message;
      this.#ports.log.error({ channelId, blockNumber, why }, 'there is no key to seal the part with');
    }
    return key;
  }

  async #erase(channelId: Hex): Promise<void> {
    const opened = await this.#keys.of(channelId);
    if (opened.ok) await opened.keys.eraseBefore(this.#watch.lowestUnfinished(channelId));
  }

  /**
   * Offsets before which nothing of the block or a later one lies, as far as an earlier block's collation
   * found.
   */
  async #begins(channelId: Hex, blockNumber: number): Promise<Offsets> {
    const kept = await this.#ports.keyValue.get(beginsKey(channelId));
    if (kept === undefined) return [];
    const known = decodeDagCbor(kept) as { blockNumber: number; begins: Offsets };
    return known.blockNumber <= blockNumber ? known.begins : [];
  }

  async #rememberBegins(channelId: Hex, blockNumber: number, begins: Offsets): Promise<void> {
    const value = encodeDagCbor({ blockNumber, begins });
    await this.#ports.keyValue.write([{ key: beginsKey(channelId), value }]);
  }
}

const beginsKey = (channelId: Hex): string => `collator/${channelId}/begins`;
