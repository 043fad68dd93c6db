/**
 * The validator: takes validation requests, reduces each block once, commits and reveals a seat for each
 * request.
 */
import { type ReadinessReason, type ReadinessView, type Refusal, refuse } from '#api';
import { type KeptResult, type ReduceBlock, reduceWatchedBlock } from '#block-reduction';
import {
  type BlockAct,
  BlockSweep,
  BlockWatch,
  type DueJob,
  PartRetention,
  ReasonTeller,
  RegistryReasons,
  readinessOf,
  sumOf,
  toldAct,
  validatorCheck,
  type WatchedBlock,
} from '#block-watch';
import type { Chain, ChainTime, ValidatorActs } from '#chain';
import { addressOf } from '#crypto';
import { type Address, fromHex, type Hex, toHex } from '#encoding';
import type { Log } from '#environment';
import type { JobQueue } from '#job-queue';
import type { KeyValue } from '#key-value';
import type { PartStore } from '#part-store';
import {
  acceptDue,
  areCountable,
  blockStart,
  type ChannelId,
  commitDue,
  commitmentOf,
  countableParts,
  type Due,
  delegationDigest,
  domainSeparator,
  haveAllCommitted,
  isDue,
  isOver,
  openBlockKey,
  partsWaitEnd,
  revealDue,
  unrevealedSeats,
  type ValidationRequest,
} from '#protocol';
import { PanelSeats } from './panel-seats.js';
import { checkRequest, type DelegationFacts, participantFactsOf } from './request-rules.js';
import { saltOf } from './salt.js';
import { ValidatorState } from './validator-state.js';

export interface ValidatorOptions {
  /** Private account key: commits, reveals, holds the bond. */
  readonly privateKey: Uint8Array;
  /** X25519 secret that opens boxed block keys. */
  readonly encryptionSecret: Uint8Array;
  /** Accounts for which it works for no fee. */
  readonly feeFreeAccounts: readonly Address[];
  /** Requests of blocks that are not over; further ones are refused until some are. */
  readonly requestsMax: number;
  /** Chain time after the start of processing during which parts that the store lacks are waited for. */
  readonly availabilityWaitSeconds: number;
  readonly sweepIntervalMs: number;
}

export interface ValidatorPorts {
  readonly chain: Chain;
  readonly partStore: PartStore;
  /** Stores of others, in which a panel looks too. */
  readonly otherStores?: readonly PartStore[];
  readonly keyValue: KeyValue;
  readonly jobQueue: JobQueue;
  readonly reduceBlock: ReduceBlock;
  readonly log: Log;
}

/** A reveal is one transaction, and silence costs bond: it waits for no reduction. */
const revealLane = { kind: 'reveal', concurrency: 16, lockMs: 180_000 } as const;
/** As long as reducing the largest block may take. */
const validateLane = { kind: 'validate', concurrency: 4, lockMs: 3_600_000 } as const;
const acceptLane = { kind: 'accept', concurrency: 4, lockMs: 3_600_000 } as const;
/** As long as fetching the largest part may take. */
const panelLane = { kind: 'panel', concurrency: 4, lockMs: 3_600_000 } as const;

export type Accepted = { readonly ok: true; readonly nonce: bigint };

export class Validator {
  /** The validator's account. */
  readonly address: Address;
  readonly #options: ValidatorOptions;
  readonly #ports: ValidatorPorts;
  readonly #acts: ValidatorActs;
  readonly #watch: BlockWatch;
  readonly #state: ValidatorState;
  readonly #retention: PartRetention;
  readonly #panels: PanelSeats;
  readonly #registry: RegistryReasons;
  readonly #teller: ReasonTeller;
  readonly #sweep: BlockSweep;
  /** By block, so that a further attempt waits for the reduction that an earlier one began. */
  readonly #reducing = new Map<string, Promise<KeptResult | undefined>>();
  /** What blocks in dispute give of the parts that count in the end; computed again after a restart. */
  readonly #recounted = new Map<string, KeptResult>();
  /** Requests of blocks that are over, until they are forgotten. */
  readonly #over = new Map<string, readonly ValidationRequest[]>();
  /** What was said of blocks of whose parts nothing was found, until they are reduced or over. */
  readonly #blind = new Map<string, string>();
  /** Requests are compared with those kept one after the other. */
  #accepting: Promise<unknown> = Promise.resolve();

  constructor(options: ValidatorOptions, ports: ValidatorPorts) {
    this.address = addressOf(options.privateKey);
    this.#options = options;
    this.#ports = ports;
    this.#acts = ports.chain.validatorActs(options.privateKey);
    this.#watch = new BlockWatch({}, ports);
    this.#state = new ValidatorState(ports.keyValue, this.address);
    this.#retention = new PartRetention(this.address, ports);
    this.#panels = new PanelSeats(options.privateKey, this.#watch, this.#retention, ports);
    const { jobQueue, log, chain } = ports;
    this.#teller = new ReasonTeller(log);
    const { encryptionSecret } = options;
    this.#registry = new RegistryReasons(chain, [validatorCheck(this.address, encryptionSecret)]);
    const subscribe = chain.subscribe.bind(chain);
    this.#sweep = new BlockSweep(
      { name: `validate/${this.address}`, intervalMs: options.sweepIntervalMs },
      { jobQueue, log, subscribe },
      {
        lanes: [
          { ...revealLane, act: (id, number, signal) => this.#revealDue(id, number, signal) },
          { ...validateLane, act: (id, number, signal) => this.#commitDue(id, number, signal) },
          { ...acceptLane, act: (id, number, signal) => this.#acceptDue(id, number, signal) },
          { ...panelLane, act: (...seat) => this.#panels.act(...seat) },
        ],
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

  /** What the base chain says, so that others see whether it can be reached. */
  chainTime(): Promise<ChainTime> {
    return this.#ports.chain.time();
  }

  /** Keeps the request durably, or says why not; the same request again is accepted again. */
  async accept(request: ValidationRequest): Promise<Accepted | Refusal> {
    const { encryptionSecret, feeFreeAccounts } = this.#options;
    const asked = { validator: this.address, encryptionSecret, feeFreeAccounts };
    const checked = checkRequest(request, asked, await this.#factsOf(request));
    if (!checked.ok) return checked;
    const kept = this.#accepting.then(() => this.#keep(request));
    this.#accepting = kept.catch(() => {});
    const answer = await kept;
    if (answer.ok) this.#sweep.wake();
    return answer;
  }

  /**
   * Does what is due for every accepted request; returns how many results were made, committed or revealed.
   */
  sweep(): Promise<number> {
    return this.#sweep.sweep();
  }

  readiness(): Promise<ReadinessView> {
    const { chain, partStore, keyValue } = this.#ports;
    return readinessOf({
      chain,
      gasOf: this.address,
      stores: [() => partStore.get(new Uint8Array(32)), () => keyValue.get('readiness')],
      due: () => this.dues(),
      more: () => this.#reasons(),
    });
  }

  async #look(): Promise<readonly DueJob[]> {
    this.#teller.tell(await this.#registry.look());
    return this.dues();
  }

  async #reasons(): Promise<readonly ReadinessReason[]> {
    const blind = [...this.#blind.values()].map((detail) => ({ code: 'no-part-found', detail }));
    const reasons = [...(await this.#registry.look()), ...blind];
    const waiting = await this.#state.requestCount();
    const { requestsMax } = this.#options;
    if (waiting < requestsMax) return reasons;
    const detail = `${waiting} of at most ${requestsMax} requests wait`;
    return [...reasons, { code: 'too-many-requests', detail }];
  }

  /** The queue of requests: whether each one's seat is to be taken, and by when own seats must reveal. */
  async dues(): Promise<readonly DueJob[]> {
    const byBlock = await this.#state.requestsByBlock();
    const found: DueJob[] = [...(await this.#panels.dues())];
    const blocks = await this.#watch.blocksOf([...byBlock.values()].map(([one]) => one.delegation));
    const finals = await this.#finallyCommitted(blocks);
    for (const block of blocks) {
      const { channelId, blockNumber } = block;
      const requests = byBlock.get(blockId(channelId, blockNumber)) ?? [];
      found.push({ kind: revealLane.kind, channelId, blockNumber, due: this.#revealDueIn(block, finals) });
      for (const { delegation } of requests) {
        found.push({ kind: validateLane.kind, channelId, blockNumber, due: commitDue(block, delegation) });
      }
      for (const due of await this.#acceptancesIn(block, requests)) {
        found.push({ kind: acceptLane.kind, channelId, blockNumber, due });
      }
      if (isOver(block.stage)) this.#over.set(blockId(channelId, blockNumber), requests);
    }
    return found;
  }

  #revealDueIn(block: WatchedBlock, finals: ReadonlySet<string>): Due<'reveal'> {
    return revealDue(block, this.address, finals.has(blockId(block.channelId, block.blockNumber)));
  }

  /** Of blocks with own seats to reveal, those in which every seat has committed in a finalized height. */
  async #finallyCommitted(blocks: readonly WatchedBlock[]): Promise<ReadonlySet<string>> {
    const isOpen = (block: WatchedBlock) =>
      haveAllCommitted(block) && unrevealedSeats(block, this.address).length > 0;
    const finals = await this.#watch.blocksOf(blocks.filter(isOpen), 'finalized');
    const committed = finals.filter(haveAllCommitted);
    return new Set(committed.map(({ channelId, blockNumber }) => blockId(channelId, blockNumber)));
  }

  async #factsOf({ delegation }: ValidationRequest): Promise<DelegationFacts> {
    const { channelId, blockNumber } = delegation;
    const block = await this.#watch.block(channelId, blockNumber);
    const account = block?.terms.participants[delegation.participant];
    const latest = await this.#ports.chain.snapshot({ finality: 'latest' });
    return {
      domain: await this.#ports.chain.domain(),
      block,
      hasChannel: block !== undefined || (await latest.channel(channelId)) !== undefined,
      participant: account && (await participantFactsOf(latest, account, this.address)),
      own: await latest.validator(this.address),
    };
  }

  async #keep(request: ValidationRequest): Promise<Accepted | Refusal> {
    const { channelId, blockNumber, participant, nonce } = request.delegation;
    for (;;) {
      const kept = await this.#state.request(channelId, blockNumber, participant);
      const answer = kept && answerOf(request, kept.request);
      if (answer !== undefined) return answer;
      if (kept === undefined && (await this.#state.requestCount()) >= this.#options.requestsMax) {
        return refuse('too-many-requests', `${this.#options.requestsMax} requests wait already`);
      }
      // On a conflict another process has accepted one meanwhile: compare again.
      if ((await this.#state.keepRequest(request, kept)) === 'written') break;
    }
    this.#ports.log.info({ channelId, blockNumber, participant, nonce: String(nonce) }, 'accepted a block');
    return { ok: true, nonce };
  }

  async #tend(): Promise<void> {
    await this.#forget();
    await this.#retention.sweep();
  }

  /**
   * Keys and results of blocks that the last look found over, once they are over in a finalized height: what
   * is forgotten cannot be revealed any more, should a rollback bring the block back.
   */
  async #forget(): Promise<void> {
    const delegations = [...this.#over.values()].map(([one]) => one.delegation);
    const watched = await this.#watch.blocksOf(delegations, 'finalized');
    const over = watched.filter((block) => isOver(block.stage));
    const idOf = (block: WatchedBlock): string => blockId(block.channelId, block.blockNumber);
    await this.#state.forget(over.flatMap((block) => this.#over.get(idOf(block)) ?? []));
    for (const block of over) {
      this.#over.delete(idOf(block));
      this.#blind.delete(idOf(block));
      for (const id of this.#recounted.keys()) {
        if (id.startsWith(`${idOf(block)}/`)) this.#recounted.delete(id);
      }
    }
  }

  /** Reduces the block if that was not done, and takes every free seat that was delegated. */
  async #commitDue(channelId: ChannelId, blockNumber: number, signal: AbortSignal): Promise<BlockAct> {
    const requests = (await this.#state.requestsByBlock()).get(blockId(channelId, blockNumber)) ?? [];
    const block = await this.#watch.block(channelId, blockNumber);
    if (block === undefined) return 0;
    const due = requests.filter((one) => isDue(commitDue(block, one.delegation)));
    if (due.length === 0) return 0;
    const kept = await this.#state.result(channelId, blockNumber);
    const result = kept ?? (await this.#reduceOnce(block, due[0]));
    if (result === undefined) return 'again';
    const acts: BlockAct[] = [kept === undefined ? 1 : 0];
    for (const request of due) {
      signal.throwIfAborted();
      acts.push(await this.#commit(request, result));
    }
    return sumOf(acts);
  }

  #reduceOnce(block: WatchedBlock, request: ValidationRequest): Promise<KeptResult | undefined> {
    const id = blockId(block.channelId, block.blockNumber);
    const known = this.#reducing.get(id);
    if (known !== undefined) return known;
    const reducing = this.#reduce(block, request).finally(() => this.#reducing.delete(id));
    this.#reducing.set(id, reducing);
    return reducing;
  }

  async #reduce(block: WatchedBlock, request: ValidationRequest): Promise<KeptResult | undefined> {
    const { channelId, blockNumber } = block;
    const separator = domainSeparator(await this.#ports.chain.domain());
    const digest = delegationDigest(separator, request.delegation);
    const { encryptionSecret, availabilityWaitSeconds } = this.#options;
    const blockKey = openBlockKey(fromHex(request.sealedBlockKey), digest, encryptionSecret);
    if (typeof blockKey === 'string')
      throw new Error(`the block key of ${channelId}/${blockNumber} opened before`);
    const reduced = await reduceWatchedBlock(block, blockKey, this.address, this.#ports);
    const waitEnds = partsWaitEnd(block, availabilityWaitSeconds);
    const unavailable = reduced.report.invalidParts.filter(([, reason]) => reason === 'unavailable');
    const { unsureBlocks } = reduced;
    if ((unavailable.length > 0 || unsureBlocks > 0) && block.nowSeconds < waitEnds) {
      const said = { channelId, blockNumber, unavailable, unsureBlocks, waitEnds };
      this.#ports.log.warn(said, 'parts are not in the store yet, waiting');
      return undefined;
    }
    if (isBlind(block, unavailable.length)) return this.#sayBlind(block);
    if ((await this.#state.result(channelId, blockNumber)) !== undefined) {
      // What was committed to stays; this is for what its participants accept.
      if (unavailable.length === 0) this.#recounted.set(recountId(block), reduced.kept);
      return reduced.kept;
    }
    const owner = this.#retention.ownerOf(channelId, blockNumber);
    await this.#ports.partStore.hold(owner, [fromHex(reduced.kept.reportHash)]);
    await this.#ports.partStore.put(reduced.reportBytes);
    this.#blind.delete(blockId(channelId, blockNumber));
    const kept = await this.#state.keepResult(channelId, blockNumber, reduced.kept);
    const { outputHash, validParts, impressionCount } = kept.result;
    const said = { channelId, blockNumber, outputHash, validParts, impressions: String(impressionCount) };
    this.#ports.log.info({ ...said, invalidParts: reduced.report.invalidParts }, 'reduced the block');
    return kept;
  }

  /** Its seats are left to replacements, unless the bytes are found in time. */
  #sayBlind({ channelId, blockNumber, facts }: WatchedBlock): undefined {
    const id = blockId(channelId, blockNumber);
    const of = `none of the ${facts.parts.length} parts of block ${blockNumber} of ${channelId}`;
    const detail = `${of} is in PART_STORE or OTHER_PART_STORES: nothing is committed to`;
    if (!this.#blind.has(id))
      this.#ports.log.error({ channelId, blockNumber, code: 'no-part-found' }, detail);
    this.#blind.set(id, detail);
  }

  async #commit(request: ValidationRequest, kept: KeptResult): Promise<BlockAct> {
    const { channelId, blockNumber, participant } = request.delegation;
    const commitment = this.#commitment(channelId, blockNumber, participant, kept);
    const outcome = await this.#acts.commitResult(request.delegation, request.keyPath, commitment);
    return toldAct(outcome, {
      log: this.#ports.log,
      fields: { channelId, blockNumber, participant },
      done: 'committed to a result',
      refused: 'the chain did not take the commit',
    });
  }

  /** Own seats that are not revealed, as soon as it may be: facts of the chain, so also after a restart. */
  async #revealDue(channelId: ChannelId, blockNumber: number, signal: AbortSignal): Promise<BlockAct> {
    const block = await this.#watch.block(channelId, blockNumber);
    if (block === undefined) return 0;
    if (!isDue(this.#revealDueIn(block, await this.#finallyCommitted([block])))) return 0;
    const kept = await this.#state.result(channelId, blockNumber);
    if (kept === undefined) {
      this.#ports.log.error({ channelId, blockNumber }, 'committed to a result that is not kept any more');
      return 'again';
    }
    const acts: BlockAct[] = [];
    for (const { participant } of unrevealedSeats(block, this.address)) {
      signal.throwIfAborted();
      acts.push(await this.#reveal(block, participant, kept));
    }
    return sumOf(acts);
  }

  async #reveal(block: WatchedBlock, participant: number, kept: KeptResult): Promise<BlockAct> {
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
    return toldAct(outcome, {
      log: this.#ports.log,
      fields: { channelId, blockNumber, participant, outputHash: result.outputHash },
      done: 'revealed a result',
      refused: 'the chain did not take the reveal',
    });
  }

  /** In a dispute, of those that named this validator as their own: what it found counts for them. */
  async #acceptancesIn(
    block: WatchedBlock,
    requests: readonly ValidationRequest[],
  ): Promise<readonly Due<'accept'>[]> {
    if (block.stage.stage !== 'dispute') return [];
    const kept = await this.#found(block);
    const dues: Due<'accept'>[] = [];
    for (const { delegation } of requests) {
      const { participant } = delegation;
      if (!(await this.#isOwnOf(block, participant))) continue;
      dues.push(acceptDue(block, participant, kept?.result));
    }
    return dues;
  }

  /** What the parts give that may count now, as far as it was computed. */
  async #found(block: WatchedBlock): Promise<KeptResult | undefined> {
    const kept = await this.#state.result(block.channelId, block.blockNumber);
    if (kept === undefined || areCountable(block.facts, kept.result.validParts)) return kept;
    return this.#recounted.get(recountId(block));
  }

  async #isOwnOf({ terms, blockNumber }: WatchedBlock, participant: number): Promise<boolean> {
    const latest = await this.#ports.chain.snapshot({ finality: 'latest' });
    const since = await latest.ownValidatorSince(terms.participants[participant], this.address);
    return since !== undefined && since < blockStart(terms, blockNumber);
  }

  async #acceptDue(channelId: ChannelId, blockNumber: number, signal: AbortSignal): Promise<BlockAct> {
    const requests = (await this.#state.requestsByBlock()).get(blockId(channelId, blockNumber)) ?? [];
    const acts: BlockAct[] = [];
    for (const request of requests) {
      const { participant } = request.delegation;
      // Each acceptance may end the dispute.
      const block = await this.#watch.block(channelId, blockNumber);
      if (block === undefined) break;
      let kept = await this.#found(block);
      if (!isDue(acceptDue(block, participant, kept?.result))) continue;
      if (!(await this.#isOwnOf(block, participant))) continue;
      kept ??= await this.#reduceOnce(block, request);
      if (kept === undefined || !isDue(acceptDue(block, participant, kept.result))) continue;
      signal.throwIfAborted();
      const { outputHash } = kept.result;
      const outcome = await this.#acts.acceptResult(channelId, blockNumber, participant, outputHash);
      acts.push(
        toldAct(outcome, {
          log: this.#ports.log,
          fields: { channelId, blockNumber, participant, outputHash },
          done: 'accepted the result that it found, for the participant whose own validator it is',
          refused: 'the chain did not take the acceptance',
          expected: ['already-bound'],
        }),
      );
    }
    return sumOf(acts);
  }

  #commitment(channelId: ChannelId, blockNumber: number, participant: number, kept: KeptResult): Hex {
    const salt = saltOf(this.#options.privateKey, channelId, blockNumber, participant);
    return commitmentOf(kept.result.outputHash, this.address, fromHex(kept.workDigest), salt);
  }
}

/**
 * Whether what is missing says something of the store and not of the parts. Where the payer posted none, a
 * payee's part that nobody finds is no such sign: silence would leave the block to whatever that one claims.
 */
function isBlind({ facts: { parts } }: WatchedBlock, unavailable: number): boolean {
  return parts.some(({ participant }) => participant === 0) && unavailable === parts.length;
}

const recountId = (block: WatchedBlock): string =>
  `${blockId(block.channelId, block.blockNumber)}/${countableParts(block.facts)}`;

const blockId = (channelId: ChannelId, blockNumber: number): string => `${channelId}/${blockNumber}`;

/**
 * The answer to a request where another is kept for the same seat; undefined if it takes the place of that.
 */
function answerOf(request: ValidationRequest, kept: ValidationRequest): Accepted | Refusal | undefined {
  const { nonce, signature } = request.delegation;
  if (kept.delegation.nonce < nonce) return undefined;
  if (kept.delegation.nonce > nonce) {
    const why = `a delegation with nonce ${kept.delegation.nonce} replaced this one`;
    return refuse('delegation-replaced', why);
  }
  if (kept.delegation.signature === signature) return { ok: true, nonce };
  return refuse('nonce-used', `another delegation with nonce ${nonce} was accepted`);
}
