/** A refusal as the answer to a request. */
import { problemMediaType, problemOf, type Refusal, refusals } from '#api';

const retryAfterSeconds = 2;

export interface ProblemReply {
  status(status: number): ProblemReply;
  header(name: string, value: string): ProblemReply;
  send(body: unknown): unknown;
}

export function sendProblem(
  reply: ProblemReply,
  refusal: Refusal,
  request: { readonly id: string; readonly url: string },
): void {
  const problem = problemOf(refusal, { instance: request.url, requestId: request.id });
  const { status, retryable } = refusals[refusal.code];
  if (retryable && (status === 503 || status === 429)) {
    reply.header('retry-after', String(retryAfterSeconds));
  }
  reply.status(status).header('content-type', problemMediaType).send(JSON.stringify(problem));
}
