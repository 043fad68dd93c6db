/** Answers a request that never came to be one: too slow, or no HTTP. */
import { randomUUID } from 'node:crypto';
import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { problemMediaType, problemOf, type Refusal, refusals, refuse } from '#api';
import { codeOf } from '#environment';
import type { Asked } from './http-connections.js';
import type { HttpLimits } from './http-limits.js';

/** `asked`: the request that is being served, undefined between requests. */
export function answerBrokenRequest(
  cause: unknown,
  socket: Socket,
  asked: Asked | undefined,
  limits: HttpLimits,
): void {
  // Whoever is gone hears nothing, and an answer that is under way leaves no place for another.
  const isAnswered = asked !== undefined && (asked.isWhole() || asked.isAnswering());
  if (codeOf(cause) === 'ECONNRESET' || !socket.writable || isAnswered) {
    socket.destroy();
    return;
  }
  const refusal = refusalOf(codeOf(cause), asked, limits);
  const where = { instance: asked?.url ?? '/', requestId: asked?.id ?? randomUUID() };
  const body = JSON.stringify(problemOf(refusal, where));
  const { status } = refusals[refusal.code];
  socket.write(
    [
      `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
      `content-type: ${problemMediaType}`,
      `content-length: ${Buffer.byteLength(body)}`,
      `x-request-id: ${where.requestId}`,
      'connection: close',
      '',
      body,
    ].join('\r\n'),
  );
  socket.destroySoon();
}

function refusalOf(code: string | undefined, asked: Asked | undefined, limits: HttpLimits): Refusal {
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') {
    const what = asked === undefined ? 'headers' : 'body';
    const limitMs = asked === undefined ? limits.headersMs : limits.requestMs;
    return refuse('request-timeout', `the ${what} had not come whole after ${limitMs / 1_000} seconds`);
  }
  if (code === 'HPE_HEADER_OVERFLOW') return refuse('not-http', 'the headers are too long');
  return refuse('not-http', 'what came is no HTTP request');
}
