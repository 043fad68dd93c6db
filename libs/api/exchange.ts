/**
 * One request to another service, bounded in time and in bytes, and what came of it: the HTTP client of the
 * house.
 */
import { type Endpoint, pathOf } from './endpoints.js';
import { type Problem, problemSchema } from './problem.js';
import { isRefusalCode, type RefusalCode } from './refusals.js';
import type { z } from 'zod';

export interface SentBody {
  readonly contentType: string;
  readonly body: string | Uint8Array;
}

export interface ExchangeOptions {
  /** From the first byte sent to the last one read. */
  readonly timeoutMs: number;
  /** Ends the request earlier. */
  readonly signal?: AbortSignal;
  readonly fetch?: typeof globalThis.fetch;
  /** By the names of the endpoint's path. */
  readonly parameters?: Readonly<Record<string, string | number>>;
  readonly sent?: SentBody;
}

export type Exchange =
  /** The endpoint's answer; the body as JSON, undefined if it is none. */
  | { readonly kind: 'taken'; readonly body: unknown }
  /** One of our noes; `retryable` in it says whether the same request may be taken later. */
  | { readonly kind: 'refused'; readonly problem: Problem & { readonly code: RefusalCode } }
  /** No answer in time, or one that no service of this version gives. */
  | { readonly kind: 'unreached'; readonly detail: string; readonly cause?: unknown };

/** No answer of an endpoint comes near it; what is larger was not sent by one of ours. */
const answerBytesMax = 1_048_576;

/** `baseUrl` with or without a slash at its end. Throws nothing: that somebody else is away is expected. */
export async function exchange(
  baseUrl: string,
  endpoint: Endpoint<z.ZodType>,
  options: ExchangeOptions,
): Promise<Exchange> {
  const { sent, timeoutMs, signal } = options;
  const url = `${baseUrl.replace(/\/+$/, '')}${pathOf(endpoint, options.parameters ?? {})}`;
  const timeout = AbortSignal.timeout(timeoutMs);
  try {
    const response = await (options.fetch ?? globalThis.fetch)(url, {
      method: endpoint.method,
      headers: sent && { 'content-type': sent.contentType },
      body: sent?.body as Uint8Array<ArrayBuffer> | string | undefined,
      // Who sends us elsewhere is not who is registered.
      redirect: 'error',
      signal: signal === undefined ? timeout : AbortSignal.any([timeout, signal]),
    });
    const text = await readBody(response);
    if (text === undefined)
      return { kind: 'unreached', detail: `${url} answered beyond ${answerBytesMax} bytes` };
    return read(url, endpoint, response.status, text);
  } catch (cause) {
    const why = timeout.aborted ? `not within ${timeoutMs} ms` : reasonOf(cause);
    return { kind: 'unreached', detail: `${url} did not answer: ${why}`, cause };
  }
}

function read(url: string, endpoint: Endpoint<z.ZodType>, status: number, text: string): Exchange {
  const body = parseJson(text);
  if (status === endpoint.status) return { kind: 'taken', body };
  if (status === endpoint.otherStatus && endpoint.answer.safeParse(body).success) {
    return { kind: 'taken', body };
  }
  const problem = problemSchema.safeParse(body);
  if (problem.success && isRefusalCode(problem.data.code)) {
    return { kind: 'refused', problem: { ...problem.data, code: problem.data.code } };
  }
  return { kind: 'unreached', detail: `${url} answered with status ${status}` };
}

/** Undefined when there are more bytes than any answer has; the rest is not read. */
async function readBody(response: Response): Promise<string | undefined> {
  if (response.body === null) return '';
  const reader = response.body.getReader();
  const decoder = new TextDecoder();
  let text = '';
  let bytes = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return text + decoder.decode();
    bytes += value.length;
    if (bytes > answerBytesMax) {
      await reader.cancel();
      return undefined;
    }
    text += decoder.decode(value, { stream: true });
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** `fetch` hides behind "fetch failed" what the socket said. */
function reasonOf(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause);
  return cause.cause instanceof Error ? `${cause.message}: ${cause.cause.message}` : cause.message;
}
