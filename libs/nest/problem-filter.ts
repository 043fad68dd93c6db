/** The one filter: refusals become problems, faults 503 with Retry-After, bugs a logged 500. */
import { type ArgumentsHost, Catch, type ExceptionFilter, HttpException } from '@nestjs/common';
import { isRefusalCode, type Refusal, type RefusalCode, refuse } from '#api';
import { Fault, type Log, messageOf } from '#environment';
import { type ProblemReply, sendProblem } from './send-problem.js';

/** Carries a refusal out of a controller or pipe to the filter. */
export class RefusalException extends Error {
  readonly refusal: Refusal;

  constructor(refusal: Refusal) {
    super(refusal.detail);
    this.name = 'RefusalException';
    this.refusal = refusal;
  }
}

/** The yes of an answer; its no goes to the filter. */
export function acceptedOf<Accepted extends { readonly ok: true }>(answer: Accepted | Refusal): Accepted {
  if (!answer.ok) throw new RefusalException(answer);
  return answer;
}

/** Nos of Fastify and Nest by status; any other below 500 is a fault in the shape of the request. */
const transportRefusals: Readonly<Record<number, RefusalCode>> = {
  404: 'not-found',
  413: 'too-large',
  415: 'unsupported-media-type',
};

@Catch()
export class ProblemFilter implements ExceptionFilter {
  readonly #log: Log;

  constructor(log: Log) {
    this.#log = log;
  }

  catch(thrown: unknown, host: ArgumentsHost): void {
    const request = host.switchToHttp().getRequest<{ id: string; url: string }>();
    const reply = host.switchToHttp().getResponse<ProblemReply>();
    sendProblem(reply, this.#refusalOf(thrown, request), request);
  }

  #refusalOf(thrown: unknown, request: { id: string; url: string }): Refusal {
    if (thrown instanceof RefusalException) return thrown.refusal;
    if (thrown instanceof Fault) {
      this.#log.error({ requestId: request.id, code: thrown.code, cause: messageOf(thrown) }, 'a fault');
      return refuse(faultCode(thrown), 'an outside system did not answer as it should');
    }
    const status = statusOf(thrown);
    if (status !== undefined && status < 500) {
      return refuse(transportRefusals[status] ?? 'not-parsable', messageOf(thrown));
    }
    const stack = thrown instanceof Error ? thrown.stack : String(thrown);
    this.#log.error({ requestId: request.id, url: request.url, stack }, 'a bug');
    return refuse('internal-error', 'the service met a case that it does not know');
  }
}

function faultCode(fault: Fault): RefusalCode {
  if (!fault.retriable) return 'internal-error';
  return isRefusalCode(fault.code) ? fault.code : 'temporarily-unavailable';
}

function statusOf(thrown: unknown): number | undefined {
  if (thrown instanceof HttpException) return thrown.getStatus();
  if (typeof thrown !== 'object' || thrown === null || !('statusCode' in thrown)) return undefined;
  return Number(thrown.statusCode);
}
