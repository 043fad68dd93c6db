/** A typed client of a channel node; connections are kept open between requests, as Node's fetch does. */
import type { z } from 'zod';
import {
  type BlockView,
  batchMediaType,
  type ChannelView,
  type Endpoint,
  endpoints,
  type HealthView,
  isRefusalCode,
  type JsonBatch,
  jsonMediaType,
  pathOf,
  problemSchema,
  type SignedReceipt,
} from '#api';
import type { Hex } from '#encoding';
import { PapyrusRefused, PapyrusUnreachable } from './papyrus-refused.js';

export interface ChannelNodeClientOptions {
  /** Base URL of the node. */
  readonly url: string;
  readonly requestTimeoutMs?: number;
  readonly fetch?: typeof globalThis.fetch;
}

interface Sent {
  readonly contentType: string;
  readonly body: string | Uint8Array;
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
  submit(channelId: Hex, batch: Uint8Array): Promise<SignedReceipt> {
    return this.#ask(endpoints.submitRecords, { channelId }, { contentType: batchMediaType, body: batch });
  }

  submitJson(channelId: Hex, batch: JsonBatch): Promise<SignedReceipt> {
    const body = JSON.stringify(batch);
    return this.#ask(endpoints.submitRecords, { channelId }, { contentType: jsonMediaType, body });
  }

  channel(channelId: Hex): Promise<ChannelView> {
    return this.#ask(endpoints.showChannel, { channelId });
  }

  block(channelId: Hex, blockNumber: number): Promise<BlockView> {
    return this.#ask(endpoints.showBlock, { channelId, blockNumber });
  }

  health(): Promise<HealthView> {
    return this.#ask(endpoints.showHealth, {});
  }

  async #ask<Answer extends z.ZodType>(
    endpoint: Endpoint<Answer>,
    parameters: Readonly<Record<string, string | number>>,
    sent?: Sent,
  ): Promise<z.output<Answer>> {
    const url = `${this.#url}${pathOf(endpoint, parameters)}`;
    const { status, body } = await this.#exchange(url, endpoint.method, sent);
    if (status === endpoint.status) {
      const parsed = endpoint.answer.safeParse(body);
      if (parsed.success) return parsed.data;
      throw new PapyrusUnreachable(`${url} answered what is no answer of this endpoint`);
    }
    const problem = problemSchema.safeParse(body);
    if (problem.success && isRefusalCode(problem.data.code)) {
      throw new PapyrusRefused({ ...problem.data, code: problem.data.code });
    }
    throw new PapyrusUnreachable(`${url} answered with status ${status}`);
  }

  async #exchange(url: string, method: string, sent?: Sent): Promise<{ status: number; body: unknown }> {
    try {
      const response = await this.#fetch(url, {
        method,
        headers: sent && { 'content-type': sent.contentType },
        body: sent?.body as Uint8Array<ArrayBuffer> | string | undefined,
        signal: AbortSignal.timeout(this.#timeoutMs),
      });
      const text = await response.text();
      return { status: response.status, body: parseJson(text) };
    } catch (cause) {
      throw new PapyrusUnreachable(`${url} did not answer`, { cause });
    }
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
