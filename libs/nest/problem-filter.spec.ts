/** What an asker is told when an outside system broke: come again only if that can help. */
import type { ArgumentsHost } from '@nestjs/common';
import { expect, it } from '@jest/globals';
import { problemSchema } from '#api';
import { Fault, silentLog } from '#environment';
import { ProblemFilter } from './problem-filter.js';

/** The answer of the filter to what was thrown: status, Retry-After and the code of the problem. */
function answerTo(thrown: unknown): { status?: number; retryAfter?: string; code?: string } {
  const answer: { status?: number; retryAfter?: string; code?: string } = {};
  const reply = {
    status(status: number) {
      answer.status = status;
      return reply;
    },
    header(name: string, value: string) {
      if (name === 'retry-after') answer.retryAfter = value;
      return reply;
    },
    send(body: string) {
      answer.code = problemSchema.parse(JSON.parse(body)).code;
    },
  };
  const http = { getRequest: () => ({ id: 'asked', url: '/v1/here' }), getResponse: () => reply };
  new ProblemFilter(silentLog).catch(thrown, { switchToHttp: () => http } as unknown as ArgumentsHost);
  return answer;
}

it('bids an asker come again for a fault that passes', () => {
  const fault = new Fault('record-log-unavailable', 'the disk is full', { retriable: true });
  expect(answerTo(fault)).toEqual({ status: 503, retryAfter: '2', code: 'record-log-unavailable' });
});

it('bids nobody come again for a fault that does not pass, whatever its code', () => {
  const fault = new Fault('record-log-unavailable', 'the log is damaged', { retriable: false });
  expect(answerTo(fault)).toEqual({ status: 500, code: 'internal-error' });
});

it('calls a passing fault whose code no endpoint has temporarily unavailable', () => {
  const fault = new Fault('something-else', 'it does not answer', { retriable: true });
  expect(answerTo(fault)).toEqual({ status: 503, retryAfter: '2', code: 'temporarily-unavailable' });
});
