/**
 * Forwards what the own participant submitted to the counterparties' channel nodes, in order, each at its
 * own pace.
 */
import { batchMediaType, endpoints, exchange, type Problem } from '#api';
import { currentKeysOf } from '#block-watch';
import type { Chain } from '#chain';
import { type Hex, u64BigEndian, viewOf } from '#encoding';
import { type Clock, type Log, messageOf } from '#environment';
import type { KeyValue } from '#key-value';
import { collectionEnd, parseHeader } from '#protocol';
import {
  isDamaged,
  type LogItem,
  type LogPosition,
  logBegin,
  logPosition,
  positionAfter,
  type RecordLog,
} from '#record-log';
import type { ChannelIntake } from './channel-intake.js';

export interface ForwardingOptions {
  readonly requestTimeoutMs: number;
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

interface Progress {
  /** Entries below it were delivered. */
  next: LogPosition;
  failures: number;
  retryAtMs: number;
}

/** Batches on their way to one counterparty at a time. */
const windowBatches = 16;
const backOffMs = { first: 250, most: 30_000 };

export class Forwarding {
  readonly #options: ForwardingOptions;
  readonly #ports: ForwardingPorts;
  readonly #progress = new Map<string, Progress>();
  readonly #endpoints = new Map<Hex, { readonly asOf: number; readonly endpoint: string }>();
  /** The pass under way to each counterparty of each channel. */
  readonly #passes = new Map<string, Promise<number>>();
  #stopping = new AbortController();

  constructor(options: ForwardingOptions, ports: ForwardingPorts) {
    this.#options = options;
    this.#ports = ports;
  }

  /** Sends what is due of one channel; returns how many batches were delivered or finally refused. */
  async sweep(intake: ChannelIntake, now: ForwardingTime): Promise<number> {
    const sent = await Promise.all(this.#passesOf(intake, now));
    return sent.reduce((sum, one) => sum + one, 0);
  }

  /**
   * Begins a pass to each counterparty that has none under way, and waits for none: a slow one delays neither
   * the others nor the node. Returns 0, as nothing is known to be done.
   */
  start(intake: ChannelIntake, now: ForwardingTime): number {
    for (const pass of this.#passesOf(intake, now)) {
      pass.catch((cause) => {
        const { channelId } = intake;
        this.#ports.log.error({ channelId, cause: messageOf(cause) }, 'a pass of forwarding failed');
      });
    }
    return 0;
  }

  /** Ends the requests under way; their batches are sent again by the next process. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await Promise.allSettled(this.#passes.values());
    this.#stopping = new AbortController();
  }

  #passesOf(intake: ChannelIntake, now: ForwardingTime): Promise<number>[] {
    return intake.facts.terms.participants.flatMap((account, index) => {
      if (index === intake.participant) return [];
      const key = `${intake.channelId}/${index}`;
      const pass =
        this.#passes.get(key) ??
        this.#sweepOne(intake, { account, index }, now).finally(() => this.#passes.delete(key));
      this.#passes.set(key, pass);
      return [pass];
    });
  }

  async #sweepOne(
    intake: ChannelIntake,
    to: { readonly account: Hex; readonly index: number },
    now: ForwardingTime,
  ): Promise<number> {
    const { recordLog, clock } = this.#ports;
    const key = `forward/${intake.channelId}/${to.index}`;
    const progress = await this.#progressOf(key);
    const partition = { channelId: intake.channelId, stream: intake.participant };
    let end = await recordLog.end(partition);
    if (progress.next >= end || clock.nowMs() < progress.retryAtMs) return 0;
    const endpoint = await this.#endpointOf(to.account, now);
    if (!endpoint) return 0;
    const isStopped = (): boolean => this.#stopping.signal.aborted;
    let delivered = 0;
    while (progress.next < end && !isStopped()) {
      for await (const page of recordLog.read(partition, { from: progress.next, to: end })) {
        for (let at = 0; at < page.length && !isStopped(); at += windowBatches) {
          const window = page.slice(at, at + windowBatches);
          const taken = await this.#sendWindow(intake, endpoint, window, now);
          if (taken > 0) await this.#advance(key, progress, positionAfter(window[taken - 1].position));
          delivered += taken;
          if (taken < window.length) {
            this.#backOff(progress, { channelId: intake.channelId, counterparty: to.index, endpoint });
            return delivered;
          }
          progress.failures = 0;
        }
        if (isStopped()) return delivered;
      }
      // Up to here nothing more stands, whatever gap the engine left.
      progress.next = end;
      // What was accepted meanwhile goes with this pass: its wake found the pass under way.
      end = await recordLog.end(partition);
    }
    return delivered;
  }

  /** How many of the window, from its first, are done with. */
  async #sendWindow(
    intake: ChannelIntake,
    endpoint: string,
    window: readonly LogItem[],
    now: ForwardingTime,
  ): Promise<number> {
    const done = await Promise.all(window.map((one) => this.#deliver(intake, endpoint, one, now.nowSeconds)));
    return done.includes(false) ? done.indexOf(false) : window.length;
  }

  async #advance(key: string, progress: Progress, next: LogPosition): Promise<void> {
    progress.next = next;
    await this.#ports.keyValue.write([{ key, value: u64BigEndian(BigInt(next)) }]);
  }

  async #endpointOf(account: Hex, { asOf }: ForwardingTime): Promise<string> {
    const known = this.#endpoints.get(account);
    if (known?.asOf === asOf) return known.endpoint;
    const latest = await this.#ports.chain.snapshot({ finality: 'latest' });
    const endpoint = (await currentKeysOf(latest, account))?.endpoint ?? '';
    this.#endpoints.set(account, { asOf, endpoint });
    return endpoint;
  }

  /** True once there is nothing more to do for the entry: it was taken, or never will be. */
  async #deliver(
    intake: ChannelIntake,
    endpoint: string,
    item: LogItem,
    nowSeconds: number,
  ): Promise<boolean> {
    const { log } = this.#ports;
    const { channelId } = intake;
    if (isDamaged(item)) {
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
      log.warn(about, 'a batch was not forwarded in time: its block is closed');
      return true;
    }
    const answer = await this.#post(endpoint, channelId, bytes);
    if (answer === 'taken') return true;
    if (answer === 'unreached') return false;
    log.warn({ ...about, code: answer.code, detail: answer.detail }, 'a counterparty refused a batch');
    return true;
  }

  async #post(endpoint: string, channelId: Hex, body: Uint8Array): Promise<'taken' | 'unreached' | Problem> {
    const answer = await exchange(endpoint, endpoints.submitRecords, {
      parameters: { channelId },
      sent: { contentType: batchMediaType, body },
      timeoutMs: this.#options.requestTimeoutMs,
      signal: this.#stopping.signal,
      fetch: this.#ports.fetch,
    });
    if (answer.kind === 'taken') return 'taken';
    // The same batch will be refused again; anything else may change.
    if (answer.kind === 'refused' && !answer.problem.retryable) return answer.problem;
    const why = answer.kind === 'refused' ? answer.problem.detail : answer.detail;
    this.#ports.log.debug({ endpoint, why }, 'a counterparty was not reached');
    return 'unreached';
  }

  async #progressOf(key: string): Promise<Progress> {
    const known = this.#progress.get(key);
    if (known !== undefined) return known;
    const stored = await this.#ports.keyValue.get(key);
    const next =
      stored === undefined ? logBegin : logPosition(Number(viewOf(stored.value).getBigUint64(0, false)));
    const progress = { next, failures: 0, retryAtMs: 0 };
    this.#progress.set(key, progress);
    return progress;
  }

  #backOff(progress: Progress, about: object): void {
    const waitMs = Math.min(backOffMs.most, backOffMs.first * 2 ** progress.failures);
    progress.failures++;
    progress.retryAtMs = this.#ports.clock.nowMs() + waitMs;
    this.#ports.log.warn({ ...about, waitMs }, 'a counterparty’s channel node is away');
  }
}
