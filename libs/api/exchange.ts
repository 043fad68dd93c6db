/**
 * One request to another service, bounded in time and in bytes, and what came of it: the HTTP client of the
 * house.
 */
import type { z } from 'zod';
import { commonRefusals, type Endpoint, pathOf } from './endpoints.js';
import { type Problem, problemSchema } from './problem.js';
import { isRefusalCode, type RefusalCode, refusals } from './refusals.js';

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

/** Why an answer is none of the endpoint's, as a name to count by. */
export type UnreachedReason = 'no-answer' | 'answer-too-long' | 'answer-misshapen' | `status-${number}`;

export type Exchange<Body = unknown> =
  /** The endpoint's yes, in the shape that it promises. */
  | { readonly kind: 'taken'; readonly body: Body }
  /**
   * One of the endpoint's noes, with what our table says of it, whatever the answer says. Final: the endpoint
   * itself looked at the request and will never take it. What is said before a request reaches its endpoint,
   * of a wrong path for one, is never final.
   */
  | {
      readonly kind: 'refused';
      readonly problem: Problem & { readonly code: RefusalCode };
      readonly isFinal: boolean;
    }
  /** No answer in time, or one that this endpoint does not give. */
  | {
      readonly kind: 'unreached';
      readonly reason: UnreachedReason;
      readonly detail: string;
      readonly cause?: unknown;
    };

/** No answer of an endpoint comes near it; what is larger was not sent by one of ours. */
const answerBytesMax = 1_048_576;

/** `baseUrl` with or without a slash at its end. Throws nothing: that somebody else is away is expected. */
export async function exchange<Answer extends z.ZodType>(
  baseUrl: string,
  endpoint: Endpoint<Answer>,
  options: ExchangeOptions,
): Promise<Exchange<z.output<Answer>>> {
  const { sent, timeoutMs, signal } = options;
  const url = `${baseUrl.replace(/\/+$/, '')}${pathOf(endpoint, options.parameters ?? {})}`;
  const bound = boundOf(timeoutMs, signal);
  try {
    const response = await (options.fetch ?? globalThis.fetch)(url, {
      method: endpoint.method,
      headers: sent && { 'content-type': sent.contentType },
      body: sent?.body as Uint8Array<ArrayBuffer> | string | undefined,
      // Who sends us elsewhere is not who is registered.
      redirect: 'error',
      signal: bound.signal,
    });
    const text = await readBody(response);
    if (text === undefined) {
      const detail = `${url} answered beyond ${answerBytesMax} bytes`;
      return { kind: 'unreached', reason: 'answer-too-long', detail };
    }
    return read(url, endpoint, response.status, text);
  } catch (cause) {
    const why = bound.isOver() ? `not within ${timeoutMs} ms` : reasonOf(cause);
    return { kind: 'unreached', reason: 'no-answer', detail: `${url} did not answer: ${why}`, cause };
  } finally {
    bound.release();
  }
}

/**
 * Aborted when the time is over or `outer` is. Of its own, as AbortSignal.any leaves something on a signal
 * that lives on for every request that it ever was to end.
 */
function boundOf(timeoutMs: number, outer: AbortSignal | undefined) {
  const own = new AbortController();
  let isOver = false;
  const end = (): void => own.abort(outer?.reason);
  const timer = setTimeout(() => {
    isOver = true;
    own.abort(new Error(`not within ${timeoutMs} ms`));
  }, timeoutMs);
  outer?.addEventListener('abort', end, { once: true });
  if (outer?.aborted) end();
  return {
    signal: own.signal,
    isOver: () => isOver,
    release: (): void => {
      clearTimeout(timer);
      outer?.removeEventListener('abort', end);
    },
  };
}

function read<Answer extends z.ZodType>(
  url: string,
  endpoint: Endpoint<Answer>,
  status: number,
  text: string,
): Exchange<z.output<Answer>> {
  const json = parseJson(text);
  const isYes = status === endpoint.status || status === endpoint.otherStatus;
  const answer = isYes ? endpoint.answer.safeParse(json) : undefined;
  if (answer?.success) return { kind: 'taken', body: answer.data };
  const refused = refusalOf(endpoint, status, json);
  if (refused !== undefined) return refused;
  if (isYes) {
    const detail = `${url} answered ${status} with what is no answer of this endpoint`;
    return { kind: 'unreached', reason: 'answer-misshapen', detail };
  }
  return { kind: 'unreached', reason: `status-${status}`, detail: `${url} answered with status ${status}` };
}

/** Undefined for what this endpoint does not say, or not with this status. */
function refusalOf(
  endpoint: Endpoint<z.ZodType>,
  status: number,
  json: unknown,
): Extract<Exchange, { kind: 'refused' }> | undefined {
  const problem = problemSchema.safeParse(json);
  if (!problem.success || !isRefusalCode(problem.data.code)) return undefined;
  const { code } = problem.data;
  const isOwn = endpoint.refusals.includes(code);
  if (!isOwn && !commonRefusals.includes(code)) return undefined;
  const { retryable, ...meaning } = refusals[code];
  if (status !== meaning.status || problem.data.status !== meaning.status) return undefined;
  return { kind: 'refused', problem: { ...problem.data, code, retryable }, isFinal: isOwn && !retryable };
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
