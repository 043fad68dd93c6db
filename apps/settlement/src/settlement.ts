/**
 * The settlement service: watches results, says loudly where they differ, and settles blocks that are final.
 */
import { BlockWatch, SweepLoop, sweepEach, type WatchedBlock } from '#block-watch';
import type { Chain, ParticipantActs } from '#chain';
import type { Hex } from '#encoding';
import type { Log } from '#environment';
import type { JobQueue } from '#job-queue';

export interface SettlementOptions {
  /** The participant whose channels are watched. */
  readonly account: Hex;
  /** Private key that sends the settlement; anyone may, so it needs gas and nothing else. */
  readonly operatorKey: Uint8Array;
  readonly sweepIntervalMs: number;
}

export interface SettlementPorts {
  readonly chain: Chain;
  readonly jobQueue: JobQueue;
  readonly log: Log;
}

export class Settlement {
  readonly #ports: SettlementPorts;
  readonly #acts: ParticipantActs;
  readonly #watch: BlockWatch;
  readonly #loop: SweepLoop;
  readonly #voided = new Set<WatchedBlock>();
  /** Blocks whose dispute was reported. */
  readonly #reported = new Set<string>();

  constructor(options: SettlementOptions, ports: SettlementPorts) {
    this.#ports = ports;
    this.#acts = ports.chain.participantActs(options.operatorKey);
    this.#watch = new BlockWatch(options, ports);
    const { jobQueue, log, chain } = ports;
    const loop = { kind: `settle/${options.account}`, intervalMs: options.sweepIntervalMs };
    this.#loop = new SweepLoop(loop, { jobQueue, log, subscribe: chain.subscribe.bind(chain) }, () =>
      this.sweep(),
    );
  }

  start(): void {
    this.#loop.start();
  }

  stop(): Promise<void> {
    return this.#loop.stop();
  }

  /** Settles every block that is final and frees the bonds of those that became void; returns how many. */
  async sweep(): Promise<number> {
    const settled = await sweepEach(await this.#watch.blocks(), (block) => this.#settle(block));
    for (const block of this.#watch.takeVoided()) this.#voided.add(block);
    return settled + (await sweepEach([...this.#voided], (block) => this.#releaseBonds(block)));
  }

  /** `settle` frees the bonds of a settled block; those of a void one lie until somebody asks. */
  async #releaseBonds(block: WatchedBlock): Promise<number> {
    const { channelId, blockNumber } = block;
    const outcome = await this.#acts.releaseBonds(channelId, blockNumber);
    this.#voided.delete(block);
    if (outcome.ok) this.#ports.log.info({ channelId, blockNumber }, 'released the bonds of a void block');
    else if (outcome.code !== 'bonds-already-released') {
      this.#ports.log.warn({ channelId, blockNumber, code: outcome.code }, 'the chain did not release bonds');
    }
    return outcome.ok ? 1 : 0;
  }

  async #settle(block: WatchedBlock): Promise<number> {
    const { channelId, blockNumber, facts, stage } = block;
    if (facts.results.length > 1) this.#report(block);
    if (stage.stage !== 'final') return 0;
    const result = facts.results.find((one) => one.outputHash === stage.finalOutputHash);
    if (result === undefined)
      throw new Error(`block ${blockNumber} of ${channelId} is final without a result`);
    const said = { channelId, blockNumber, outputHash: result.outputHash };
    const outcome = await this.#acts.settle(channelId, blockNumber, result);
    if (outcome.ok) {
      this.#ports.log.info({ ...said, gasUsed: String(outcome.gasUsed) }, 'settled the block');
      return 1;
    }
    // Anyone may settle: that a counterparty was faster is as good as having done it.
    if (outcome.code === 'already-settled') this.#ports.log.debug(said, 'the block was settled by another');
    else this.#ports.log.warn({ ...said, code: outcome.code }, 'the chain did not settle the block');
    return 0;
  }

  #report({ channelId, blockNumber, facts, stage, participant }: WatchedBlock): void {
    const id = `${channelId}/${blockNumber}/${facts.results.length}`;
    if (this.#reported.has(id)) return;
    this.#reported.add(id);
    const results = facts.results.map(({ outputHash, validParts }) => ({
      outputHash,
      validParts,
      validators: facts.seats.filter((seat) => seat.outputHash === outputHash).map((seat) => seat.validator),
      own: facts.ownResults.filter((own) => own.outputHash === outputHash).map((own) => own.participant),
    }));
    const fields = { channelId, blockNumber, participant, stage: stage.stage, results };
    this.#ports.log.error(fields, 'DIFFERENT RESULTS stand for this block: its payment is disputed');
  }
}
