/** A typed client of a channel node; connections are kept open between requests, as Node's fetch does. */

import type { z } from 'zod';
import {
  type BlockView,
  batchMediaType,
  type ChannelView,
  type Endpoint,
  type ExposureView,
  endpoints,
  exchange,
  type JsonBatch,
  jsonMediaType,
  type ReadinessView,
  type SentBody,
  type SignedReceipt,
} from '#api';
import type {} from '#encoding';
import type { ChannelId } from '#protocol';
import { PapyrusRefused, PapyrusUnreachable } from './papyrus-refused.js';

export interface ChannelNodeClientOptions {
  /** Base URL of the node. */
  readonly url: string;
  readonly requestTimeoutMs?: number;
  readonly fetch?: typeof globalThis.fetch;
}

const requestTimeoutMs = 10_000;

/**
 * Every call throws `PapyrusRefused` for a no and `PapyrusUnreachable` when no node answers. Nothing is
 * retried.
 */
export class ChannelNodeClient {
  readonly #url: string;
  readonly #timeoutMs: number;
  readonly #fetch: typeof globalThis.fetch;

  constructor(options: ChannelNodeClientOptions) {
    this.#url = options.url.replace(/\/+$/, '');
    this.#timeoutMs = options.requestTimeoutMs ?? requestTimeoutMs;
    this.#fetch = options.fetch ?? globalThis.fetch;
  }

  /**
   * `batch`: canonical bytes, as a `BatchSigner` makes them. Repeating it after a lost answer is harmless.
   */
  submit(channelId: ChannelId, batch: Uint8Array): Promise<SignedReceipt> {
    return this.#ask(endpoints.submitRecords, { channelId }, { contentType: batchMediaType, body: batch });
  }

  submitJson(channelId: ChannelId, batch: JsonBatch): Promise<SignedReceipt> {
    const body = JSON.stringify(batch);
    return this.#ask(endpoints.submitRecords, { channelId }, { contentType: jsonMediaType, body });
  }

  channel(channelId: ChannelId): Promise<ChannelView> {
    return this.#ask(endpoints.showChannel, { channelId });
  }

  block(channelId: ChannelId, blockNumber: number): Promise<BlockView> {
    return this.#ask(endpoints.showBlock, { channelId, blockNumber });
  }

  /** What the node's participant delivered and is not yet sure to be paid for. */
  exposure(channelId: ChannelId): Promise<ExposureView> {
    return this.#ask(endpoints.showExposure, { channelId });
  }

  /** Whether the node can do its work: it can if there is no reason why not. */
  readiness(): Promise<ReadinessView> {
    return this.#ask(endpoints.showReadiness, {});
  }

  async #ask<Answer extends z.ZodType>(
    endpoint: Endpoint<Answer>,
    parameters: Readonly<Record<string, string | number>>,
    sent?: SentBody,
  ): Promise<z.output<Answer>> {
    const answer = await exchange(this.#url, endpoint, {
      parameters,
      sent,
      timeoutMs: this.#timeoutMs,
      fetch: this.#fetch,
    });
    if (answer.kind === 'refused') throw new PapyrusRefused(answer.problem);
    if (answer.kind === 'unreached') throw new PapyrusUnreachable(answer.detail, { cause: answer.cause });
    return answer.body;
  }
}
