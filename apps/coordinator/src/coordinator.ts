/**
 * The coordinator: names a validator for each block, by its participant's policy, and sends it the signed
 * validation request; one that refuses or is silent is replaced by the next.
 */
import { endpoints, exchange, jsonMediaType, jsonOfValidationRequest, type ReadinessView } from '#api';
import {
  type BlockAct,
  BlockSweep,
  BlockWatch,
  ChannelKeys,
  channelKeysCheck,
  type DueJob,
  operatorKeyCheck,
  ReasonTeller,
  RegistryReasons,
  readinessOf,
  validatorsCheck,
  type WatchedBlock,
} from '#block-watch';
import type { Chain, ValidatorFacts } from '#chain';
import { addressOf, signDigest } from '#crypto';
import { type Address, decodeDagCbor, encodeDagCbor, fromHex, type Hex, toHex } from '#encoding';
import type { Entropy, Log } from '#environment';
import type { JobQueue } from '#job-queue';
import { type KeyValue, type Revision, writeOperationsMax } from '#key-value';
import {
  askedNext,
  type ChannelId,
  type DelegationRules,
  decodeValidationRequest,
  defaultSilenceSeconds,
  delegateDue,
  delegationDigest,
  domainSeparator,
  encodeValidationRequest,
  isDue,
  isSentAgain,
  type SentDelegation,
  sealBlockKey,
  type ValidationRequest,
} from '#protocol';
import { type FeePolicy, ValidatorOrder, type ValidatorPolicy } from './validator-order.js';

export interface CoordinatorOptions {
  /** The participant's account. */
  readonly account: Address;
  /** Private operator key: signs delegations. */
  readonly operatorKey: Uint8Array;
  /** X25519 secret that opens the boxed channel secret. */
  readonly encryptionSecret: Uint8Array;
  /** Results of own validators bind once the account has named them, those of drawn ones never. */
  readonly validators: ValidatorPolicy;
  readonly fee: FeePolicy;
  /** After so long without a commit the next validator is asked; chain time, see `defaultSilenceSeconds`. */
  readonly silenceSeconds?: number;
  readonly requestTimeoutMs: number;
  readonly sweepIntervalMs: number;
}

export interface CoordinatorPorts {
  readonly chain: Chain;
  readonly keyValue: KeyValue;
  readonly jobQueue: JobQueue;
  readonly entropy: Entropy;
  readonly log: Log;
  readonly fetch?: typeof globalThis.fetch;
}

/**
 * What was sent last for a block, kept before it is sent, so that a crash repeats it instead of making
 * another.
 */
interface Sent {
  readonly request: ValidationRequest;
  /** Chain time, seconds. */
  readonly sentAtSeconds: number;
  /** The validator's last word, undefined while it gave none. */
  readonly answer: 'accepted' | 'refused' | undefined;
}

/** A request as the store has it; the revision tells whether it is still the one that was looked at. */
interface StoredSent extends Sent {
  readonly revision: Revision;
}

const lane = { kind: 'delegate', concurrency: 16 } as const;
/** What one delegation may take beside the answer of the validator. */
const lockMarginMs = 30_000;

export class Coordinator {
  readonly #options: CoordinatorOptions;
  readonly #ports: CoordinatorPorts;
  readonly #watch: BlockWatch;
  readonly #keys: ChannelKeys;
  readonly #sweep: BlockSweep;
  readonly #order: ValidatorOrder;
  readonly #registry: RegistryReasons;
  readonly #teller: ReasonTeller;
  /** By channel: requests of blocks below this number are erased. */
  readonly #forgotten = new Map<Hex, number>();

  constructor(options: CoordinatorOptions, ports: CoordinatorPorts) {
    this.#options = options;
    this.#ports = ports;
    this.#watch = new BlockWatch(options, ports);
    this.#keys = new ChannelKeys(options, ports);
    this.#order = new ValidatorOrder(options, this.#prefix('draws'), ports);
    const { jobQueue, log, chain } = ports;
    const { account, operatorKey, validators } = options;
    this.#teller = new ReasonTeller(log);
    this.#registry = new RegistryReasons(chain, [
      operatorKeyCheck(account, addressOf(operatorKey)),
      channelKeysCheck(options, this.#keys, this.#watch),
      validatorsCheck(validators.kind === 'own' ? validators.validators : []),
    ]);
    const lockMs = options.requestTimeoutMs + lockMarginMs;
    const subscribe = chain.subscribe.bind(chain);
    this.#sweep = new BlockSweep(
      { name: `delegate/${options.account}`, intervalMs: options.sweepIntervalMs },
      { jobQueue, log, subscribe },
      {
        lanes: [{ ...lane, lockMs, act: (id, number, signal) => this.#act(id, number, signal) }],
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

  /** Sends every request that is due; returns how many were accepted. */
  sweep(): Promise<number> {
    return this.#sweep.sweep();
  }

  readiness(): Promise<ReadinessView> {
    const { chain, keyValue } = this.#ports;
    // A delegation is a signature: the operator key pays no gas for it.
    return readinessOf({
      chain,
      stores: [() => keyValue.get('readiness')],
      due: () => this.dues(),
      more: () => this.#registry.look(),
    });
  }

  async #look(): Promise<readonly DueJob[]> {
    this.#teller.tell(await this.#registry.look());
    return this.dues();
  }

  /** Which blocks are without a delegation that their validator accepted, and what the others wait for. */
  async dues(): Promise<readonly DueJob[]> {
    const found: DueJob[] = [];
    for (const block of await this.#watch.blocks()) {
      const due = delegateDue(block, await this.#rulesFor(block), seenAs(await this.#lastSent(block)));
      found.push({ kind: lane.kind, channelId: block.channelId, blockNumber: block.blockNumber, due });
    }
    return found;
  }

  async #act(channelId: ChannelId, blockNumber: number, signal: AbortSignal): Promise<BlockAct> {
    const block = await this.#watch.block(channelId, blockNumber);
    if (block === undefined) return 0;
    const rules = await this.#rulesFor(block);
    const last = await this.#lastSent(block);
    const seen = seenAs(last);
    const { stage } = block;
    if (stage.stage !== 'processing' || !isDue(delegateDue(block, rules, seen))) return 0;
    const isSame = seen !== undefined && isSentAgain(block, rules, seen);
    const sent = isSame ? last : await this.#compose(block, rules, last, stage.endsAtSeconds);
    signal.throwIfAborted();
    return sent === undefined ? 'again' : this.#send(block, rules, sent, signal);
  }

  async #rulesFor(block: WatchedBlock): Promise<DelegationRules> {
    const { participant, terms } = block;
    if (participant === undefined) throw new Error('the watch shows blocks of others');
    const order = await this.#order.of(block);
    const silenceSeconds = this.#options.silenceSeconds ?? defaultSilenceSeconds(terms, order.length);
    return { participant, order, silenceSeconds };
  }

  async #tend(): Promise<void> {
    for (const channelId of this.#watch.channelIds()) await this.#forget(channelId);
  }

  /** Erases the keys and requests of blocks that are over. */
  async #forget(channelId: ChannelId): Promise<void> {
    const lowest = this.#watch.lowestUnfinished(channelId);
    if (lowest === (this.#forgotten.get(channelId) ?? 0)) return;
    const opened = await this.#keys.of(channelId);
    if (opened.ok) await opened.keys.eraseBefore(lowest);
    const over: string[] = [];
    for (const kind of ['coordinator', 'draws'] as const) {
      const prefix = `${this.#prefix(kind)}${channelId}/`;
      for await (const page of this.#ports.keyValue.list(prefix)) {
        over.push(...page.map(({ key }) => key).filter((key) => Number(key.slice(prefix.length)) < lowest));
      }
    }
    // Each is forgotten for itself: those that a crash leaves are found again.
    for (let at = 0; at < over.length; at += writeOperationsMax) {
      const some = over.slice(at, at + writeOperationsMax);
      // The box opens for whoever comes by the validator's key later: it must not stay on disk.
      await this.#ports.keyValue.write(some.map((key) => ({ key, value: undefined, erases: true })));
    }
    this.#forgotten.set(channelId, lowest);
  }

  async #compose(
    block: WatchedBlock,
    rules: DelegationRules,
    last: StoredSent | undefined,
    notAfterSeconds: number,
  ): Promise<StoredSent | undefined> {
    const { channelId, blockNumber, nowSeconds } = block;
    const { participant } = rules;
    const said = { channelId, blockNumber };
    const opened = await this.#keys.of(channelId);
    const blockKey = opened.ok ? opened.keys.blockKey(blockNumber) : undefined;
    const proof = opened.ok ? opened.keys.proof(blockNumber) : undefined;
    if (!opened.ok || blockKey === undefined || proof === undefined) {
      const why = opened.ok ? 'its secret was erased' : opened.message;
      this.#ports.log.error({ ...said, why }, 'there is no block key to delegate');
      return undefined;
    }
    const asked = askedNext(block, rules, seenAs(last)) as readonly Address[];
    const chosen = await this.#order.choose(asked, said);
    if (chosen === undefined) return undefined;
    const { validator, feeWei, encryptionKey } = chosen;
    const fields = {
      channelId,
      blockNumber,
      participant,
      validator,
      binding: await this.#order.binds(block, validator),
      keyCommitment: proof.commitment,
      feeWei,
      nonce: (last?.request.delegation.nonce ?? 0n) + 1n,
      notAfter: BigInt(notAfterSeconds),
    };
    const digest = delegationDigest(domainSeparator(await this.#ports.chain.domain()), fields);
    const randomness = this.#ports.entropy.bytes(56);
    const box = sealBlockKey(blockKey, digest, fromHex(encryptionKey), randomness);
    const request: ValidationRequest = {
      delegation: { ...fields, signature: toHex(signDigest(digest, this.#options.operatorKey)) },
      sealedBlockKey: toHex(box),
      keyPath: proof.path,
    };
    return this.#remember({ request, sentAtSeconds: nowSeconds, answer: undefined }, last);
  }

  async #send(
    block: WatchedBlock,
    rules: DelegationRules,
    sent: StoredSent,
    signal: AbortSignal,
  ): Promise<BlockAct> {
    const { delegation } = sent.request;
    const { channelId, blockNumber, validator, nonce } = delegation;
    const said = { channelId, blockNumber, validator, nonce: String(nonce) };
    const facts = await this.#validator(validator);
    if (facts === undefined) return 'again';
    const answer = await exchange(facts.endpoint, endpoints.requestValidation, {
      timeoutMs: this.#options.requestTimeoutMs,
      signal,
      fetch: this.#ports.fetch,
      sent: { contentType: jsonMediaType, body: jsonOfValidationRequest(sent.request) },
    });
    if (answer.kind === 'taken') {
      await this.#remember({ ...sent, answer: 'accepted', sentAtSeconds: block.nowSeconds }, sent);
      this.#ports.log.info(said, 'the validator accepted the block');
      return 1;
    }
    if (answer.kind === 'refused' && (answer.isFinal || isFull(answer.problem, rules))) {
      await this.#remember({ ...sent, answer: 'refused', sentAtSeconds: block.nowSeconds }, sent);
      const { code, detail } = answer.problem;
      this.#ports.log.error({ ...said, code, why: detail }, 'the validator refused the block');
      return 0;
    }
    const why = answer.kind === 'refused' ? answer.problem.detail : answer.detail;
    this.#ports.log.warn({ ...said, why }, 'the validator was not reached, it is asked again');
    return 'again';
  }

  async #validator(account: Address): Promise<ValidatorFacts | undefined> {
    const latest = await this.#ports.chain.snapshot({ finality: 'latest' });
    return latest.validator(account);
  }

  async #lastSent(of: { channelId: ChannelId; blockNumber: number }): Promise<StoredSent | undefined> {
    const kept = await this.#ports.keyValue.get(this.#sentKey(of.channelId, of.blockNumber));
    return kept && { ...decodeSent(kept.value), revision: kept.revision };
  }

  /** Undefined if another process has written since `last` was looked at: what it sent is not sent again. */
  async #remember(sent: Sent, last: StoredSent | undefined): Promise<StoredSent | undefined> {
    const { delegation } = sent.request;
    const key = this.#sentKey(delegation.channelId, delegation.blockNumber);
    const ifRevision = last?.revision ?? 'absent';
    const outcome = await this.#ports.keyValue.write([{ key, value: encodeSent(sent), ifRevision }]);
    return outcome === 'written' ? this.#lastSent(delegation) : undefined;
  }

  /** Requests lie under `coordinator`. */
  #prefix(kind: 'coordinator' | 'draws'): string {
    return `${kind}/${addressOf(this.#options.operatorKey)}/`;
  }

  #sentKey(channelId: ChannelId, blockNumber: number): string {
    return `${this.#prefix('coordinator')}${channelId}/${blockNumber}`;
  }
}

/** It may take the request later; where another may take it now, that one is asked. */
function isFull({ status }: { readonly status: number }, { order }: DelegationRules): boolean {
  return status === 429 && order.length > 1;
}

function seenAs(sent: Sent | undefined): SentDelegation | undefined {
  if (sent === undefined) return undefined;
  const { validator, notAfter } = sent.request.delegation;
  return { validator, notAfter, sentAtSeconds: sent.sentAtSeconds, answer: sent.answer };
}

interface KeptSent {
  readonly request: Uint8Array;
  readonly sentAtSeconds: number;
  readonly answer: NonNullable<Sent['answer']> | null;
}

function encodeSent({ request, sentAtSeconds, answer }: Sent): Uint8Array {
  const kept: KeptSent = { request: encodeValidationRequest(request), sentAtSeconds, answer: answer ?? null };
  return encodeDagCbor(kept);
}

function decodeSent(bytes: Uint8Array): Sent {
  const { request, sentAtSeconds, answer } = decodeDagCbor(bytes) as KeptSent;
  return { request: decodeValidationRequest(request), sentAtSeconds, answer: answer ?? undefined };
}
