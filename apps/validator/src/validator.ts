/**
 * The validator: takes validation requests, reduces each block once, commits and reveals a seat for each
 * request.
 */
import { type Refusal, refuse } from '#api';
import {
  BlockWatch,
  PartRetention,
  SweepLoop,
  sweepEach,
  type ValidationRequest,
  type WatchedBlock,
} from '#block-watch';
import type { Chain, ChainTime, ValidatorActs } from '#chain';
import { addressOf } from '#crypto';
import { fromHex, type Hex, toHex } from '#encoding';
import type { Log } from '#environment';
import type { JobQueue } from '#job-queue';
import type { KeyValue } from '#key-value';
import type { PartStore } from '#part-store';
import {
  commitmentOf,
  delegationDigest,
  domainSeparator,
  isOver,
  openBlockKey,
  processingStartOf,
} from '#protocol';
import { reduceDelegated } from './reduce-delegated.js';
import type { ReduceBlock } from './reduce-port.js';
import { checkRequest } from './request-rules.js';
import { saltOf } from './salt.js';
import { type KeptResult, ValidatorState } from './validator-state.js';

export interface ValidatorOptions {
  /** Private account key: commits, reveals, holds the bond. */
  readonly privateKey: Uint8Array;
  /** X25519 secret that opens boxed block keys. */
  readonly encryptionSecret: Uint8Array;
  /** Requests of blocks that are not over; further ones are refused until some are. */
  readonly requestsMax: number;
  /** Chain time after the start of processing during which parts that the store lacks are waited for. */
  readonly availabilityWaitSeconds: number;
  readonly sweepIntervalMs: number;
}

export interface ValidatorPorts {
  readonly chain: Chain;
  readonly partStore: PartStore;
  readonly keyValue: KeyValue;
  readonly jobQueue: JobQueue;
  readonly reduceBlock: ReduceBlock;
  readonly log: Log;
}

export type Accepted = { readonly ok: true; readonly nonce: bigint };

export class Validator {
  /** The validator's account. */
  readonly address: Hex;
  readonly #options: ValidatorOptions;
  readonly #ports: ValidatorPorts;
  readonly #acts: ValidatorActs;
  readonly #watch: BlockWatch;
  readonly #state: ValidatorState;
  readonly #retention: PartRetention;
  readonly #loop: SweepLoop;
  /** Requests are compared with those kept one after the other. */
  #accepting: Promise<unknown> = Promise.resolve();
  #wake: () => void = () => {};

  constructor(options: ValidatorOptions, ports: ValidatorPorts) {
    this.address = addressOf(options.privateKey);
    this.#options = options;
    this.#ports = ports;
    this.#acts = ports.chain.validatorActs(options.privateKey);
    this.#watch = new BlockWatch({}, ports);
    this.#state = new ValidatorState(ports.keyValue, this.address);
    this.#retention = new PartRetention(this.address, ports);
    const { jobQueue, log, chain } = ports;
    const subscribe = (wake: () => void): (() => void) => {
      this.#wake = wake;
      return chain.subscribe(wake);
    };
    const loop = { kind: `validate/${this.address}`, intervalMs: options.sweepIntervalMs };
    this.#loop = new SweepLoop(loop, { jobQueue, log, subscribe }, () => this.sweep());
  }

  start(): void {
    this.#loop.start();
  }

  stop(): Promise<void> {
    this.#wake = () => {};
    return this.#loop.stop();
  }

  /** What the base chain says, so that others see whether it can be reached. */
  chainTime(): Promise<ChainTime> {
    return this.#ports.chain.time();
  }

  /** Keeps the request durably, or says why not; the same request again is accepted again. */
  async accept(request: ValidationRequest): Promise<Accepted | Refusal> {
    const { channelId, blockNumber, participant } = request.delegation;
    const block = await this.#watch.block(channelId, blockNumber);
    const account = block?.terms.participants[participant];
    const checked = checkRequest(request, {
      validator: this.address,
      encryptionSecret: this.#options.encryptionSecret,
      domain: await this.#ports.chain.domain(),
      block,
      operatorKey: account && block && (await this.#operatorKey(account, block.nowSeconds)),
    });
    if (!checked.ok) return checked;
    const kept = this.#accepting.then(() => this.#keep(request));
    this.#accepting = kept.catch(() => {});
    const answer = await kept;
    if (answer.ok) this.#wake();
    return answer;
  }

  /**
   * Does what is due for every accepted request; returns how many results were made, committed or revealed.
   */
  async sweep(): Promise<number> {
    const byBlock = new Map<string, ValidationRequest[]>();
    for (const request of await this.#state.requests()) {
      const { channelId, blockNumber } = request.delegation;
      const id = `${channelId}/${blockNumber}`;
      byBlock.set(id, [...(byBlock.get(id) ?? []), request]);
    }
    // What was committed is revealed first: reducing may take long, and silence costs bond.
    const revealed = await sweepEach(byBlock.values(), (requests) => this.#revealOrForget(requests));
    const done = revealed + (await sweepEach(byBlock.values(), (requests) => this.#commitDue(requests)));
    await this.#retention.sweep();
    return done;
  }

  async #operatorKey(account: Hex, nowSeconds: number): Promise<Hex | undefined> {
    // Keys count strictly before a time: those registered in this very second are current too.
    const latest = await this.#ports.chain.snapshot({ finality: 'latest' });
    return (await latest.keysAt(account, nowSeconds + 1))?.operatorKey;
  }

  async #keep(request: ValidationRequest): Promise<Accepted | Refusal> {
    const { channelId, blockNumber, participant, nonce } = request.delegation;
    const kept = await this.#state.request(channelId, blockNumber, participant);
    if (kept !== undefined && kept.delegation.nonce > nonce) {
      return refuse(
        'delegation-replaced',
        `a delegation with nonce ${kept.delegation.nonce} replaced this one`,
      );
    }
    if (kept !== undefined && kept.delegation.nonce === nonce) {
      const isSame = kept.delegation.signature === request.delegation.signature;
      if (!isSame) return refuse('nonce-used', `another delegation with nonce ${nonce} was accepted`);
      return { ok: true, nonce };
    }
    if (kept === undefined && (await this.#state.requestCount()) >= this.#options.requestsMax) {
      return refuse('too-many-requests', `${this.#options.requestsMax} requests wait already`);
    }
    await this.#state.keepRequest(request);
    this.#ports.log.info({ channelId, blockNumber, participant, nonce: String(nonce) }, 'accepted a block');
    return { ok: true, nonce };
  }

  async #revealOrForget(requests: readonly ValidationRequest[]): Promise<number> {
    const { channelId, blockNumber } = requests[0].delegation;
    const block = await this.#watch.block(channelId, blockNumber);
    if (block === undefined) return 0;
    if (!isOver(block.stage)) return this.#revealDue(block);
    // What is forgotten cannot be revealed any more, should a rollback bring the block back.
    const final = await this.#watch.block(channelId, blockNumber, 'finalized');
    if (final === undefined || !isOver(final.stage)) return 0;
    const participants = requests.map((one) => one.delegation.participant);
    await this.#state.forget(channelId, blockNumber, participants);
    return 0;
  }

  async #commitDue(requests: readonly ValidationRequest[]): Promise<number> {
    const { channelId, blockNumber } = requests[0].delegation;
    const block = await this.#watch.block(channelId, blockNumber);
    if (block === undefined) return 0;
    const { stage } = block;
    if (stage.stage !== 'processing' || block.nowSeconds >= stage.commitEndsAtSeconds) return 0;
    const taken = new Set(block.facts.seats.map((seat) => seat.participant));
    const due = requests.filter(
      ({ delegation }) =>
        !taken.has(delegation.participant) && delegation.notAfter >= BigInt(block.nowSeconds),
    );
    if (due.length === 0) return 0;
    const kept = await this.#state.result(block.channelId, block.blockNumber);
    const result = kept ?? (await this.#reduce(block, due[0]));
    if (result === undefined) return 0;
    return (kept === undefined ? 1 : 0) + (await sweepEach(due, (request) => this.#commit(request, result)));
  }

  async #reduce(block: WatchedBlock, request: ValidationRequest): Promise<KeptResult | undefined> {
    const { channelId, blockNumber } = block;
    const separator = domainSeparator(await this.#ports.chain.domain());
    const digest = delegationDigest(separator, request.delegation);
    const { encryptionSecret, availabilityWaitSeconds } = this.#options;
    const blockKey = openBlockKey(fromHex(request.sealedBlockKey), digest, encryptionSecret);
    if (blockKey === undefined) throw new Error(`the block key of ${channelId}/${blockNumber} opened before`);
    const reduced = await reduceDelegated(block, blockKey, this.address, this.#ports);
    const waitEnds = processingStartOf(block.terms, blockNumber, block.facts) + availabilityWaitSeconds;
    const unavailable = reduced.report.invalidParts.filter(([, reason]) => reason === 'unavailable');
    const { unsureBlocks } = reduced;
    if ((unavailable.length > 0 || unsureBlocks > 0) && block.nowSeconds < waitEnds) {
      const said = { channelId, blockNumber, unavailable, unsureBlocks, waitEnds };
      this.#ports.log.warn(said, 'parts are not in the store yet, waiting');
      return undefined;
    }
    const owner = this.#retention.ownerOf(channelId, blockNumber);
    await this.#ports.partStore.hold(owner, [fromHex(reduced.kept.reportHash)]);
    await this.#ports.partStore.put(reduced.reportBytes);
    await this.#state.keepResult(channelId, blockNumber, reduced.kept);
    const { outputHash, validParts, impressionCount } = reduced.kept.result;
    const said = { channelId, blockNumber, outputHash, validParts, impressions: String(impressionCount) };
    this.#ports.log.info({ ...said, invalidParts: reduced.report.invalidParts }, 'reduced the block');
    return reduced.kept;
  }

  async #commit(request: ValidationRequest, kept: KeptResult): Promise<number> {
    const { channelId, blockNumber, participant } = request.delegation;
    const commitment = this.#commitment(channelId, blockNumber, participant, kept);
    const outcome = await this.#acts.commitResult(request.delegation, request.keyPath, commitment);
    const said = { channelId, blockNumber, participant };
    if (!outcome.ok)
      this.#ports.log.warn({ ...said, code: outcome.code }, 'the chain did not take the commit');
    else this.#ports.log.info(said, 'committed to a result');
    return outcome.ok ? 1 : 0;
  }

  /** Own seats that are not revealed, as soon as it may be: facts of the chain, so also after a restart. */
  async #revealDue(block: WatchedBlock): Promise<number> {
    const { channelId, blockNumber, facts } = block;
    const own = facts.seats.filter(
      (seat) => seat.validator.toLowerCase() === this.address && seat.outputHash === undefined,
    );
    if (own.length === 0 || !isRevealTime(block)) return 0;
    const kept = await this.#state.result(channelId, blockNumber);
    if (kept === undefined) {
      this.#ports.log.error({ channelId, blockNumber }, 'committed to a result that is not kept any more');
      return 0;
    }
    return sweepEach(own, ({ participant }) => this.#reveal(block, participant, kept));
  }

  async #reveal(block: WatchedBlock, participant: number, kept: KeptResult): Promise<number> {
    const { channelId, blockNumber } = block;
    const { result, opening, workDigest } = kept;
    const salt = toHex(saltOf(this.#options.privateKey, channelId, blockNumber, participant));
    const outcome = await this.#acts.revealResult(
      channelId,
      blockNumber,
      participant,
      result,
      opening,
      workDigest,
      salt,
    );
    const said = { channelId, blockNumber, participant, outputHash: result.outputHash };
    if (!outcome.ok)
      this.#ports.log.warn({ ...said, code: outcome.code }, 'the chain did not take the reveal');
    else this.#ports.log.info(said, 'revealed a result');
    return outcome.ok ? 1 : 0;
  }

  #commitment(channelId: Hex, blockNumber: number, participant: number, kept: KeptResult): Hex {
    const salt = saltOf(this.#options.privateKey, channelId, blockNumber, participant);
    return commitmentOf(kept.result.outputHash, this.address, fromHex(kept.workDigest), salt);
  }
}

/**
 * In processing, and while a dispute runs until processing would have ended: the second half, or all have
 * committed.
 */
function isRevealTime(block: WatchedBlock): boolean {
  const { stage, terms, blockNumber, facts, nowSeconds } = block;
  if (stage.stage !== 'processing' && stage.stage !== 'dispute') return false;
  const start = processingStartOf(terms, blockNumber, facts);
  const isExtension = nowSeconds >= start + terms.processingPeriod;
  const from = isExtension ? start + terms.processingPeriod : start;
  if (nowSeconds >= from + terms.processingPeriod) return false;
  return stage.haveAllCommitted || nowSeconds >= from + Math.floor(terms.processingPeriod / 2);
}
