/**
 * The settlement service: watches results, says loudly where they differ, reveals its participant's own where
 * nobody revealed it, settles blocks that are final and frees the bonds of void ones.
 */
import type { ReadinessView } from '#api';
import {
  type BlockAct,
  BlockSweep,
  BlockWatch,
  channelKeysCheck,
  type DueJob,
  operatorKeyCheck,
  ReasonTeller,
  type RegistryCheck,
  RegistryReasons,
  readinessOf,
  toldAct,
  type WatchedBlock,
} from '#block-watch';
import type { Chain, ParticipantActs } from '#chain';
import type { Address, Hex } from '#encoding';
import type { Log } from '#environment';
import type { JobQueue } from '#job-queue';
import { type ChannelId, type Due, isDue, isOver, releaseVoidDue, settleDue } from '#protocol';
import { type DisputeLane, type DisputeLimits, Disputes } from './disputes.js';
import { LineWatch } from './line-watch.js';
import { type OwnComputing, OwnResults, withoutMissing } from './own-results.js';

export interface SettlementOptions {
  /** The participant whose channels are watched. */
  readonly account: Address;
  /** Private key that sends the settlement; anyone may, so it needs gas and nothing else. */
  readonly operatorKey: Uint8Array;
  readonly sweepIntervalMs: number;
  readonly disputeLimits?: DisputeLimits;
}

/** About what all accusations, questions and answers of a block can take that several lie about. */
export const defaultDisputeLimits: DisputeLimits = { bondsMaxWei: 10n ** 18n, gasMax: 500_000_000n };

export interface SettlementPorts {
  readonly chain: Chain;
  readonly jobQueue: JobQueue;
  readonly log: Log;
  /** Without it nothing is said against what others revealed. */
  readonly ownComputing?: OwnComputing;
}

const lane = { kind: 'settle', concurrency: 8, lockMs: 180_000 } as const;
/** As long as reducing the largest block may take. */
const ownLane = { kind: 'own-result', concurrency: 2, lockMs: 3_600_000 } as const;
/** Each game of a dispute is a job of its own: one that waits for segments keeps no other from its turn. */
const answerLane = { kind: 'answer', concurrency: 64, lockMs: 3_600_000 } as const;
/** Looks at parts, for which stores may let one wait: they keep no answer from its turn. */
const disputeLane = { kind: 'dispute', concurrency: 16, lockMs: 3_600_000 } as const;

export class Settlement {
  readonly #ports: SettlementPorts;
  readonly #acts: ParticipantActs;
  readonly #watch: BlockWatch;
  readonly #sweep: BlockSweep;
  readonly #lines: LineWatch;
  readonly #own: OwnResults | undefined;
  readonly #disputes: Disputes | undefined;
  readonly #registry: RegistryReasons;
  readonly #teller: ReasonTeller;
  /** By channel: what was computed of blocks below this number is forgotten. */
  readonly #forgotten = new Map<Hex, number>();
  /** Blocks that are over and whose bonds may still lie there; found again after a restart. */
  readonly #ended = new Map<string, WatchedBlock>();
  /** Blocks whose dispute was reported. */
  readonly #reported = new Set<string>();

  constructor(options: SettlementOptions, ports: SettlementPorts) {
    this.#ports = ports;
    this.#acts = ports.chain.participantActs(options.operatorKey);
    this.#watch = new BlockWatch(options, ports);
    this.#lines = new LineWatch(options.account, this.#watch, ports, this.#acts);
    const { jobQueue, log, chain, ownComputing } = ports;
    this.#own = ownComputing && new OwnResults(options.account, ownComputing, ports, this.#acts);
    this.#disputes = this.#own && disputesOf(options, ports, this.#own);
    this.#teller = new ReasonTeller(log);
    this.#registry = new RegistryReasons(chain, this.#checks(options.account, ownComputing));
    const subscribe = chain.subscribe.bind(chain);
    this.#sweep = new BlockSweep(
      { name: `settle/${options.account}`, intervalMs: options.sweepIntervalMs },
      { jobQueue, log, subscribe },
      {
        lanes: [
          { ...lane, act: (id, number, _, about) => this.#act(id, number, about) },
          { ...ownLane, act: (id, number, signal) => this.#ownAct(id, number, signal) },
          { ...answerLane, act: (...game) => this.#disputeAct(answerLane.kind, ...game) },
          { ...disputeLane, act: (...game) => this.#disputeAct(disputeLane.kind, ...game) },
        ],
        look: () => this.#look(),
        tend: () => this.#tend(),
      },
    );
  }

  start(): void {
    const words =
      'without ENCRYPTION_SECRET and PART_STORE no block is computed, no lie accused and no dispute answered';
    if (this.#own === undefined) this.#ports.log.warn({ notice: 'disputes-not-played' }, words);
    this.#sweep.start();
  }

  stop(): Promise<void> {
    return this.#sweep.stop();
  }

  /** Settles every block that is final and frees the bonds of those that became void; returns how many. */
  sweep(): Promise<number> {
    return this.#sweep.sweep();
  }

  readiness(): Promise<ReadinessView> {
    const { chain } = this.#ports;
    return readinessOf({
      chain,
      gasOf: this.#acts.address,
      stores: [],
      due: () => this.dues(),
      more: () => this.#registry.look(),
    });
  }

  /** Anyone may settle; an own result takes the participant's keys. */
  #checks(account: Address, computing: OwnComputing | undefined): readonly RegistryCheck[] {
    if (this.#own === undefined || computing === undefined) return [];
    const own = { account, encryptionSecret: computing.encryptionSecret };
    return [
      operatorKeyCheck(account, this.#acts.address),
      channelKeysCheck(own, this.#own.keys, this.#watch),
    ];
  }

  async #look(): Promise<readonly DueJob[]> {
    this.#teller.tell(await this.#registry.look());
    return this.dues();
  }

  /** Which blocks are final or void and not yet dealt with, and until when the others can change. */
  async dues(): Promise<readonly DueJob[]> {
    const blocks = await this.#watch.blocks();
    await this.#lookAtEnded();
    for (const block of blocks) if (block.facts.results.length > 1) this.#report(block);
    const dueIn = ({ channelId, blockNumber }: WatchedBlock, due: Due): DueJob => {
      return { kind: lane.kind, channelId, blockNumber, due };
    };
    const own = this.#own;
    return [
      ...blocks.flatMap((block) => own?.duesIn(block) ?? []),
      ...blocks.map((block) => dueIn(block, settleDue(block))),
      ...[...blocks, ...this.#ended.values()].flatMap((block) => this.#disputes?.duesIn(block) ?? []),
      ...[...this.#ended.values()].map((block) => dueIn(block, releaseVoidDue(block))),
    ];
  }

  /** Those that are told, and of them all that still have bonds, as they are now. */
  async #lookAtEnded(): Promise<void> {
    // Each is told once: one that cannot be read now is kept until it can.
    for (const block of this.#watch.takeEnded()) this.#ended.set(idOf(block), block);
    if (this.#ended.size === 0) return;
    for (const block of await this.#watch.blocksOf([...this.#ended.values()])) {
      // An older height than it was told at says nothing.
      if (!isOver(block.stage)) continue;
      const games = this.#disputes?.duesIn(block) ?? [];
      const isOwed = isDue(releaseVoidDue(block)) || games.some(({ due }) => isDue(due));
      if (isOwed) this.#ended.set(idOf(block), block);
      else this.#ended.delete(idOf(block));
    }
  }

  async #disputeAct(
    lane: DisputeLane,
    channelId: ChannelId,
    blockNumber: number,
    signal: AbortSignal,
    game?: string,
  ): Promise<BlockAct> {
    const block = await this.#watch.block(channelId, blockNumber);
    if (block === undefined || game === undefined) return 0;
    return this.#disputes?.act(block, lane, game, signal) ?? 0;
  }

  async #ownAct(channelId: ChannelId, blockNumber: number, signal: AbortSignal): Promise<BlockAct> {
    const block = await this.#watch.block(channelId, blockNumber);
    return block === undefined || this.#own === undefined ? 0 : this.#own.act(block, signal);
  }

  async #tend(): Promise<void> {
    await this.#lines.follow();
    for (const channelId of this.#own === undefined ? [] : this.#watch.channelIds()) {
      const lowest = this.#watch.lowestUnfinished(channelId);
      if (lowest === (this.#forgotten.get(channelId) ?? 0)) continue;
      await this.#own?.forget(channelId, lowest);
      this.#disputes?.forget(channelId, lowest);
      this.#forgotten.set(channelId, lowest);
    }
  }

  async #act(channelId: ChannelId, blockNumber: number, about: string | undefined): Promise<BlockAct> {
    const block = await this.#watch.block(channelId, blockNumber);
    if (block === undefined) return 0;
    if (about === withoutMissing) return this.#own?.revealLate(block) ?? 0;
    if (isDue(settleDue(block))) return this.#settle(block);
    return isDue(releaseVoidDue(block)) ? this.#releaseVoid(block) : 0;
  }

  async #releaseVoid(block: WatchedBlock): Promise<BlockAct> {
    const { channelId, blockNumber } = block;
    const outcome = await this.#acts.releaseVoid(channelId, blockNumber);
    const did = toldAct(outcome, {
      log: this.#ports.log,
      fields: { channelId, blockNumber },
      done: 'released the bonds of a void block',
      refused: 'the chain did not release bonds',
      expected: ['already-ended'],
    });
    // While bonds still lie there the block stays on the list.
    if (did !== 'again' && block.dispute === undefined) this.#ended.delete(idOf(block));
    return did;
  }

  async #settle(block: WatchedBlock): Promise<BlockAct> {
    const { channelId, blockNumber, facts, stage } = block;
    const standing = stage.stage === 'final' ? stage.standing : [];
    const results = facts.results.filter((one) => standing.includes(one.outputHash));
    return toldAct(await this.#acts.settle(channelId, blockNumber, results), {
      log: this.#ports.log,
      fields: { channelId, blockNumber, standing },
      done: 'settled the block',
      refused: 'the chain did not settle the block',
      // Anyone may settle: that a counterparty was faster is as good as having done it.
      expected: ['already-ended'],
    });
  }

  #report({ channelId, blockNumber, facts, stage, participant }: WatchedBlock): void {
    const isContested = stage.stage === 'final' && stage.standing.length > 1;
    const id = `${channelId}/${blockNumber}/${isContested ? 'contested' : facts.results.length}`;
    if (this.#reported.has(id)) return;
    this.#reported.add(id);
    const results = facts.results.map(({ outputHash, validParts }) => ({
      outputHash,
      validParts,
      validators: facts.seats.filter((seat) => seat.outputHash === outputHash).map((seat) => seat.validator),
      own: facts.ownResults.filter((own) => own.outputHash === outputHash).map((own) => own.participant),
    }));
    const fields = { channelId, blockNumber, participant, stage: stage.stage, results };
    if (isContested) {
      const words = 'SEVERAL RESULTS stand in the end: the least is paid, the rest is contested';
      this.#ports.log.error({ ...fields, notice: 'contested' }, words);
    } else this.#ports.log.error(fields, 'DIFFERENT RESULTS stand for this block: its payment is disputed');
  }
}

function disputesOf(
  options: SettlementOptions,
  ports: SettlementPorts,
  own: OwnResults,
): Disputes | undefined {
  const { account, operatorKey, disputeLimits = defaultDisputeLimits } = options;
  const { ownComputing, chain, log } = ports;
  if (ownComputing === undefined) return undefined;
  const { reduceBlock, partStores } = ownComputing;
  const playing = { chain, log, reduceBlock, partStores };
  return new Disputes(account, disputeLimits, own, playing, chain.disputeActs(operatorKey));
}

const idOf = ({ channelId, blockNumber }: WatchedBlock): string => `${channelId}/${blockNumber}`;
