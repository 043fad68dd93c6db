/** The one filter: refusals become problems, faults 503 with Retry-After, bugs a logged 500. */
import {
  type ArgumentsHost,
  Catch,
  type ExceptionFilter,
  HttpException,
  NotFoundException,
} from '@nestjs/common';
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
};

interface AskedRequest {
  readonly id: string;
  readonly url: string;
  readonly headers: { readonly 'content-type'?: string };
}

/** The methods that the service has for a path, none for a path of nobody. */
type MethodsOf = (path: string) => readonly string[];

@Catch()
export class ProblemFilter implements ExceptionFilter {
  readonly #log: Log;
  readonly #methodsOf: MethodsOf;

  constructor(log: Log, methodsOf: MethodsOf = () => []) {
    this.#log = log;
    this.#methodsOf = methodsOf;
  }

  catch(thrown: unknown, host: ArgumentsHost): void {
    const request = host.switchToHttp().getRequest<AskedRequest>();
    const reply = host.switchToHttp().getResponse<ProblemReply>();
    const isNowhere = thrown instanceof NotFoundException;
    const methods = isNowhere ? this.#methodsOf(request.url.split('?', 1)[0]) : [];
    if (methods.length > 0) {
      reply.header('allow', methods.join(', '));
      sendProblem(reply, refuse('method-not-allowed', `the path has ${methods.join(', ')}`), request);
      return;
    }
    sendProblem(reply, this.#refusalOf(thrown, request), request);
  }

  #refusalOf(thrown: unknown, request: AskedRequest): Refusal {
    if (thrown instanceof RefusalException) return thrown.refusal;
    if (thrown instanceof Fault) {
      this.#log.error({ requestId: request.id, code: thrown.code, cause: messageOf(thrown) }, 'a fault');
      return refuse(faultCode(thrown), 'an outside system did not answer as it should');
    }
    const status = statusOf(thrown);
    if (status === 415) {
      const type = request.headers['content-type'] ?? '';
      return refuse('unsupported-media-type', `Content-Type ${type} is none that is read here`);
    }
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
