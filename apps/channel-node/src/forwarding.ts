/**
 * Forwards what the own participant submitted to the counterparties' channel nodes, in order, each at its
 * own pace and in passes of bounded length.
 */
import { batchMediaType, endpoints, exchange, type ForwardingView, type Problem, receiptFactsOf } from '#api';
import { currentKeysOf } from '#block-watch';
import type { Chain, ParticipantKeys } from '#chain';
import type { Address } from '#encoding';
import { type Clock, type Log, messageOf } from '#environment';
import type { KeyValue } from '#key-value';
import { type ChannelId, collectionEnd, domainSeparator, parseHeader, receiptFault } from '#protocol';
import { isDamaged, type LogItem, positionAfter, type RecordLog } from '#record-log';
import type { ChannelIntake } from './channel-intake.js';
import { ForwardingProgress } from './forwarding-progress.js';

export interface ForwardingOptions {
  readonly requestTimeoutMs: number;
  /** Called when a pass that nobody waits for left something to send: begin another. */
  readonly onMore?: () => void;
}

export interface ForwardingPorts {
  readonly recordLog: RecordLog;
  readonly keyValue: KeyValue;
  readonly chain: Chain;
  readonly clock: Clock;
  readonly log: Log;
  readonly fetch: typeof globalThis.fetch;
}

export interface ForwardingTime {
  /** Chain time. */
  readonly nowSeconds: number;
  /** Differs when the chain may say something new. */
  readonly asOf: number;
}

/** Who is sent to, and what came of it. */
interface Counterparty {
  readonly endpoint: string;
  /** The address that signs its receipts. */
  readonly operatorKey: Address;
  /** Of the chain's domain, under which they are signed. */
  readonly separator: Uint8Array;
  readonly progress: ForwardingProgress;
}

interface Passed {
  readonly done: number;
  readonly hasMore: boolean;
}

const nothing: Passed = { done: 0, hasMore: false };
/** Batches on their way to one counterparty at a time. */
const windowBatches = 16;
/**
 * After so much a pass ends, and the next one begins with fresh facts: time, endpoint, blocks that closed.
 * The request under way may take its own timeout longer.
 */
const passMax = { batches: 1_024, bytes: 16_777_216, elapsedMs: 2_000 };

export class Forwarding {
  readonly #options: ForwardingOptions;
  readonly #ports: ForwardingPorts;
  readonly #progress = new Map<string, ForwardingProgress>();
  readonly #registered = new Map<
    Address,
    { readonly asOf: number; readonly keys: ParticipantKeys | undefined }
  >();
  /** The pass under way to each counterparty of each channel. */
  readonly #passes = new Map<string, Promise<Passed>>();
  #stopping = new AbortController();
  #separator: Uint8Array | undefined;

  constructor(options: ForwardingOptions, ports: ForwardingPorts) {
    this.#options = options;
    this.#ports = ports;
  }

  /** Sends what is due of one channel; returns how many batches were delivered or finally refused. */
  async sweep(intake: ChannelIntake, now: ForwardingTime): Promise<number> {
    const passed = await Promise.all(this.#passesOf(intake, now));
    return passed.reduce((sum, { done }) => sum + done, 0);
  }

  /**
   * Begins a pass to each counterparty that has none under way, and waits for none: a slow one delays neither
   * the others nor the node. Returns 0, as nothing is known to be done.
   */
  start(intake: ChannelIntake, now: ForwardingTime): number {
    for (const pass of this.#passesOf(intake, now)) {
      pass.then(
        ({ hasMore }) => hasMore && this.#options.onMore?.(),
        (cause) => {
          const { channelId } = intake;
          this.#ports.log.error({ channelId, cause: messageOf(cause) }, 'a pass of forwarding failed');
        },
      );
    }
    return 0;
  }

  /** What came of forwarding to each counterparty of a channel since this process began. */
  view(intake: ChannelIntake): ForwardingView[] {
    return counterpartiesOf(intake).map(({ index }) => this.#progressOf(intake, index).view);
  }

  /** Ends the requests under way; their batches are sent again by the next process. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await Promise.allSettled(this.#passes.values());
    this.#stopping = new AbortController();
  }

  #passesOf(intake: ChannelIntake, now: ForwardingTime): Promise<Passed>[] {
    return counterpartiesOf(intake).map((to) => {
      const key = `${intake.channelId}/${to.index}`;
      const pass =
        this.#passes.get(key) ?? this.#pass(intake, to, now).finally(() => this.#passes.delete(key));
      this.#passes.set(key, pass);
      return pass;
    });
  }

  async #pass(
    intake: ChannelIntake,
    { account, index }: { readonly account: Address; readonly index: number },
    now: ForwardingTime,
  ): Promise<Passed> {
    const { recordLog, clock } = this.#ports;
    const progress = this.#progressOf(intake, index);
    const partition = { channelId: intake.channelId, stream: intake.participant };
    const end = await recordLog.end(partition);
    const next = await progress.next((await recordLog.identity()).logId, end);
    if (next >= end || progress.isBackingOff) return nothing;
    const { endpoint = '', operatorKey } = (await this.#keysOf(account, now)) ?? {};
    if (endpoint === '' || operatorKey === undefined) return nothing;
    this.#separator ??= domainSeparator(await this.#ports.chain.domain());
    const to = { endpoint, operatorKey, separator: this.#separator, progress };
    const endsAtMs = clock.monotonicMs() + passMax.elapsedMs;
    let done = 0;
    let bytes = 0;
    for await (const page of recordLog.read(partition, { from: next, to: end })) {
      for (let at = 0; at < page.length; at += windowBatches) {
        if (this.#stopping.signal.aborted) return { done, hasMore: false };
        const isOver = done >= passMax.batches || bytes >= passMax.bytes || clock.monotonicMs() >= endsAtMs;
        if (isOver) return { done, hasMore: true };
        const window = page.slice(at, at + windowBatches);
        const taken = await this.#sendWindow(intake, to, window, now);
        if (taken > 0) await progress.advance(positionAfter(window[taken - 1].position));
        done += taken;
        bytes += window.reduce((sum, one) => sum + (isDamaged(one) ? 0 : one.bytes.length), 0);
        if (taken < window.length) {
          const about = { channelId: intake.channelId, counterparty: index, endpoint };
          const waitMs = progress.backOff();
          const { unreached } = progress.view;
          this.#ports.log.warn({ ...about, waitMs, unreached }, 'a counterparty’s channel node is away');
          return { done, hasMore: false };
        }
        progress.answered();
      }
    }
    // Up to here nothing more stands, whatever gap the engine left.
    progress.skipTo(end);
    // What was accepted meanwhile found the pass under way.
    return { done, hasMore: (await recordLog.end(partition)) > end };
  }

  /** How many of the window, from its first, are done with. */
  async #sendWindow(
    intake: ChannelIntake,
    to: Counterparty,
    window: readonly LogItem[],
    now: ForwardingTime,
  ): Promise<number> {
    const done = await Promise.all(window.map((one) => this.#deliver(intake, to, one, now.nowSeconds)));
    return done.includes(false) ? done.indexOf(false) : window.length;
  }

  async #keysOf(account: Address, { asOf }: ForwardingTime): Promise<ParticipantKeys | undefined> {
    const known = this.#registered.get(account);
    if (known?.asOf === asOf) return known.keys;
    const latest = await this.#ports.chain.snapshot({ finality: 'latest' });
    const keys = await currentKeysOf(latest, account);
    this.#registered.set(account, { asOf, keys });
    return keys;
  }

  /** True once there is nothing more to do for the entry: it was taken, or never will be. */
  async #deliver(
    intake: ChannelIntake,
    to: Counterparty,
    item: LogItem,
    nowSeconds: number,
  ): Promise<boolean> {
    const { log } = this.#ports;
    const { channelId } = intake;
    const { endpoint, progress } = to;
    if (isDamaged(item)) {
      progress.count('damaged');
      log.error({ channelId, ...item }, 'a damaged entry of the log cannot be forwarded');
      return true;
    }
    const { bytes, position } = item;
    const { blockNumber, sequence } = parseHeader(bytes);
    const about = {
      channelId,
      blockNumber: String(blockNumber),
      sequence: String(sequence),
      position,
      endpoint,
    };
    if (collectionEnd(intake.facts.terms, Number(blockNumber)) <= nowSeconds) {
      progress.count('late');
      log.warn(about, 'a batch was not forwarded in time: its block is closed');
      return true;
    }
    const answer = await this.#post(to, channelId, bytes);
    if (answer === 'unreached') return false;
    if (answer === 'taken') {
      progress.count('delivered');
      return true;
    }
    progress.countRefused(answer.code);
    log.warn({ ...about, code: answer.code, detail: answer.detail }, 'a counterparty refused a batch');
    return true;
  }

  /** Taken only by a receipt of this batch under the counterparty's key: who else answers took nothing. */
  async #post(
    { endpoint, operatorKey, separator, progress }: Counterparty,
    channelId: ChannelId,
    body: Uint8Array,
  ): Promise<'taken' | 'unreached' | Problem> {
    const answer = await exchange(endpoint, endpoints.submitRecords, {
      parameters: { channelId },
      sent: { contentType: batchMediaType, body },
      timeoutMs: this.#options.requestTimeoutMs,
      signal: this.#stopping.signal,
      fetch: this.#ports.fetch,
    });
    if (answer.kind === 'refused' && answer.isFinal) return answer.problem;
    const unreached = (reason: string, why: string): 'unreached' => {
      progress.countUnreached(reason);
      this.#ports.log.debug({ endpoint, reason, why }, 'a counterparty was not reached');
      return 'unreached';
    };
    if (answer.kind === 'unreached') return unreached(answer.reason, answer.detail);
    if (answer.kind === 'refused') return unreached(answer.problem.code, answer.problem.detail);
    const fault = receiptFault(separator, receiptFactsOf(answer.body), { operatorKey, batch: body });
    if (fault === undefined) return 'taken';
    return unreached(`receipt-${fault}`, `the ${fault} of its receipt is not what was expected`);
  }

  #progressOf({ channelId }: ChannelIntake, participant: number): ForwardingProgress {
    const key = `${channelId}/${participant}`;
    const known = this.#progress.get(key);
    const progress = known ?? new ForwardingProgress({ channelId, participant }, this.#ports);
    this.#progress.set(key, progress);
    return progress;
  }
}

function counterpartiesOf(intake: ChannelIntake): { readonly account: Address; readonly index: number }[] {
  return intake.facts.terms.participants.flatMap((account, index) =>
    index === intake.participant ? [] : [{ account, index }],
  );
}
