/**
 * The coordinator: names its participant's own validator for each block and sends it the signed validation
 * request.
 */
import {
  BlockWatch,
  ChannelKeys,
  SweepLoop,
  sweepEach,
  type ValidationRequest,
  type WatchedBlock,
} from '#block-watch';
import type { Chain, ValidatorFacts } from '#chain';
import { addressOf, signDigest } from '#crypto';
import { decodeDagCbor, encodeDagCbor, fromHex, type Hex, toHex } from '#encoding';
import type { Entropy, Log } from '#environment';
import type { JobQueue } from '#job-queue';
import type { KeyValue } from '#key-value';
import { delegationDigest, domainSeparator, sealBlockKey } from '#protocol';
import { type Answer, postRequest } from './post-request.js';

export interface CoordinatorOptions {
  /** The participant's account. */
  readonly account: Hex;
  /** Private operator key: signs delegations. */
  readonly operatorKey: Uint8Array;
  /** X25519 secret that opens the boxed channel secret. */
  readonly encryptionSecret: Uint8Array;
  /** Account of the validator that the participant trusts: its delegations are binding. */
  readonly validator: Hex;
  /**
   * After so long without a commit a validator that accepted is asked again; chain time, default a quarter of
   * processing.
   */
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

export class Coordinator {
  readonly #options: CoordinatorOptions;
  readonly #ports: CoordinatorPorts;
  readonly #watch: BlockWatch;
  readonly #keys: ChannelKeys;
  readonly #loop: SweepLoop;
  /** By channel: requests of blocks below this number are erased. */
  readonly #forgotten = new Map<Hex, number>();

  constructor(options: CoordinatorOptions, ports: CoordinatorPorts) {
    this.#options = options;
    this.#ports = ports;
    this.#watch = new BlockWatch(options, ports);
    this.#keys = new ChannelKeys(options, ports);
    const { jobQueue, log, chain } = ports;
    const loop = { kind: `delegate/${options.account}`, intervalMs: options.sweepIntervalMs };
    const subscribe = chain.subscribe.bind(chain);
    this.#loop = new SweepLoop(loop, { jobQueue, log, subscribe }, () => this.sweep());
  }

  start(): void {
    this.#loop.start();
  }

  stop(): Promise<void> {
    return this.#loop.stop();
  }

  /** Sends every request that is due; returns how many were accepted. */
  async sweep(): Promise<number> {
    const blocks = await this.#watch.blocks();
    const done = await sweepEach(blocks, (block) => this.#delegate(block));
    for (const channelId of new Set(blocks.map((block) => block.channelId))) await this.#forget(channelId);
    return done;
  }

  /** Erases the keys and requests of blocks that are over. */
  async #forget(channelId: Hex): Promise<void> {
    const lowest = this.#watch.lowestUnfinished(channelId);
    if (lowest === (this.#forgotten.get(channelId) ?? 0)) return;
    const opened = await this.#keys.of(channelId);
    if (opened.ok) await opened.keys.eraseBefore(lowest);
    const prefix = this.#sentPrefix(channelId);
    const over: string[] = [];
    for await (const [key] of this.#ports.keyValue.list(prefix)) {
      if (Number(key.slice(prefix.length)) < lowest) over.push(key);
    }
    await this.#ports.keyValue.write(over.map((key) => ({ key, value: undefined })));
    this.#forgotten.set(channelId, lowest);
  }

  async #delegate(block: WatchedBlock): Promise<number> {
    const { stage, facts, nowSeconds, participant } = block;
    if (stage.stage !== 'processing' || nowSeconds >= stage.commitEndsAtSeconds) return 0;
    if (facts.seats.some((seat) => seat.participant === participant)) return 0;
    const last = await this.#lastSent(block);
    const due = last === undefined || this.#isSilent(block, last);
    if (!due && last.answer !== undefined) return 0;
    const sent = due ? await this.#compose(block, last, stage.endsAtSeconds) : last;
    return sent === undefined ? 0 : this.#send(block, sent);
  }

  /**
   * Whether a new delegation is called for: the last one is of no use any more, or nothing came of it for
   * long.
   */
  #isSilent(block: WatchedBlock, last: Sent): boolean {
    const notAfter = last.request.delegation.notAfter;
    if (notAfter < BigInt(block.nowSeconds)) return true;
    if (last.request.delegation.validator !== this.#options.validator) return true;
    const quarter = Math.max(1, Math.floor(block.terms.processingPeriod / 4));
    const silence = this.#options.silenceSeconds ?? quarter;
    return last.answer !== undefined && block.nowSeconds - last.sentAtSeconds >= silence;
  }

  async #compose(
    block: WatchedBlock,
    last: Sent | undefined,
    notAfterSeconds: number,
  ): Promise<Sent | undefined> {
    const { channelId, blockNumber, participant, nowSeconds } = block;
    const { validator, operatorKey } = this.#options;
    const said = { channelId, blockNumber, validator };
    const opened = await this.#keys.of(channelId);
    const blockKey = opened.ok ? opened.keys.blockKey(blockNumber) : undefined;
    if (!opened.ok || blockKey === undefined) {
      const why = opened.ok ? 'its secret was erased' : opened.message;
      this.#ports.log.error({ ...said, why }, 'there is no block key to delegate');
      return undefined;
    }
    const facts = await this.#validator(validator);
    if (facts === undefined) {
      this.#ports.log.error(said, 'the trusted validator is not registered on the base chain');
      return undefined;
    }
    const fields = {
      channelId,
      blockNumber,
      participant: participant as number,
      validator,
      binding: true,
      keyCommitment: opened.keys.keyCommitment(blockNumber),
      nonce: (last?.request.delegation.nonce ?? 0n) + 1n,
      notAfter: BigInt(notAfterSeconds),
    };
    const digest = delegationDigest(domainSeparator(await this.#ports.chain.domain()), fields);
    const randomness = this.#ports.entropy.bytes(56);
    const box = sealBlockKey(blockKey, digest, fromHex(facts.encryptionKey), randomness);
    const request: ValidationRequest = {
      delegation: { ...fields, signature: toHex(signDigest(digest, operatorKey)) },
      sealedBlockKey: toHex(box),
      keyPath: opened.keys.keyPath(blockNumber),
    };
    const sent: Sent = { request, sentAtSeconds: nowSeconds, answer: undefined };
    await this.#remember(sent);
    return sent;
  }

  async #send(block: WatchedBlock, sent: Sent): Promise<number> {
    const { delegation } = sent.request;
    const { channelId, blockNumber, validator, nonce } = delegation;
    const said = { channelId, blockNumber, validator, nonce: String(nonce) };
    const facts = await this.#validator(validator);
    if (facts === undefined) return 0;
    const answer = await postRequest(facts.endpoint, sent.request, {
      timeoutMs: this.#options.requestTimeoutMs,
      fetch: this.#ports.fetch ?? globalThis.fetch,
    });
    await this.#note(sent, answer, block.nowSeconds);
    if (answer.kind === 'accepted') {
      this.#ports.log.info(said, 'the validator accepted the block');
      return 1;
    }
    if (answer.kind === 'refused') {
      this.#ports.log.error(
        { ...said, code: answer.code, why: answer.detail },
        'the validator refused the block',
      );
    } else
      this.#ports.log.warn(
        { ...said, why: answer.detail },
        'the validator was not reached, it is asked again',
      );
    return 0;
  }

  /** Keeps a final answer; one that may change leaves the request to be sent again. */
  async #note(sent: Sent, answer: Answer, nowSeconds: number): Promise<void> {
    if (answer.kind === 'unreached') return;
    await this.#remember({ ...sent, answer: answer.kind, sentAtSeconds: nowSeconds });
  }

  async #validator(account: Hex): Promise<ValidatorFacts | undefined> {
    const latest = await this.#ports.chain.snapshot({ finality: 'latest' });
    return latest.validator(account);
  }

  async #lastSent(block: WatchedBlock): Promise<Sent | undefined> {
    const kept = await this.#ports.keyValue.get(this.#sentKey(block.channelId, block.blockNumber));
    return kept && decodeSent(kept);
  }

  async #remember(sent: Sent): Promise<void> {
    const { channelId, blockNumber } = sent.request.delegation;
    await this.#ports.keyValue.write([
      { key: this.#sentKey(channelId, blockNumber), value: encodeSent(sent) },
    ]);
  }

  #sentPrefix(channelId: Hex): string {
    return `coordinator/${addressOf(this.#options.operatorKey)}/${channelId}/`;
  }

  #sentKey(channelId: Hex, blockNumber: number): string {
    return `${this.#sentPrefix(channelId)}${blockNumber}`;
  }
}

function encodeSent(sent: Sent): Uint8Array {
  const { answer = null, request } = sent;
  return encodeDagCbor({ ...sent, answer, request });
}

function decodeSent(bytes: Uint8Array): Sent {
  const { answer, request, sentAtSeconds } = decodeDagCbor(bytes) as Sent & { answer: Sent['answer'] | null };
  const { nonce, notAfter } = request.delegation;
  // Small integers come back as numbers.
  const delegation = { ...request.delegation, nonce: BigInt(nonce), notAfter: BigInt(notAfter) };
  return { sentAtSeconds, answer: answer ?? undefined, request: { ...request, delegation } };
}
