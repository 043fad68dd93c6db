import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import type { z } from 'zod';
import { heldBySignal } from '#environment/testing/held-by-signal';
import { type Endpoint, endpoints, jsonMediaType } from './endpoints.js';
import { type ExchangeOptions, exchange } from './exchange.js';
import { problemOf } from './problem.js';
import { refuse } from './refusals.js';

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

async function ask(
  answer: RequestListener,
  options: Partial<ExchangeOptions> = {},
  endpoint: Endpoint<z.ZodType> = endpoints.requestValidation,
) {
  const server = createServer(answer);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}//`;
  return exchange(url, endpoint, {
    timeoutMs: 5_000,
    sent: { contentType: jsonMediaType, body: '{"a":1}' },
    ...options,
  });
}

describe('an exchange with another service', () => {
  it('sends the body to the endpoint and tells a yes with its JSON', async () => {
    let seen: unknown;
    const answer = await ask((request, response) => {
      let body = '';
      request.on('data', (some) => {
        body += some;
      });
      request.on('end', () => {
        seen = [request.method, request.url, request.headers['content-type'], body];
        response.writeHead(202).end('{"accepted":true,"nonce":"1"}');
      });
    });
    expect(answer).toEqual({ kind: 'taken', body: { accepted: true, nonce: '1' } });
    expect(seen).toEqual(['POST', '/v1/validation-requests', 'application/json', '{"a":1}']);
  });

  it('tells a no of ours with its problem, and takes any other status for nobody who answers', async () => {
    const where = { instance: '/v1/validation-requests', requestId: 'r' };
    const problem = problemOf(refuse('seat-taken', 'taken'), where);
    const refused = await ask((_, response) => response.writeHead(409).end(JSON.stringify(problem)));
    expect(refused).toEqual({ kind: 'refused', problem, isFinal: true });
    for (const [status, body] of [
      [200, '{}'],
      [404, '<html>'],
      [500, '{"code":"seat-taken"}'],
      [409, JSON.stringify({ ...problem, code: 'of-no-version-we-know' })],
      // Under another status than ours, or what another endpoint says.
      [500, JSON.stringify(problem)],
      [409, JSON.stringify({ ...problem, status: 400 })],
      [409, JSON.stringify(problemOf(refuse('block-closed', 'over'), where))],
    ] as const) {
      const answer = await ask((_, response) => response.writeHead(status).end(body));
      expect(answer).toMatchObject({
        kind: 'unreached',
        reason: `status-${status}`,
        detail: expect.stringContaining(`status ${status}`),
      });
    }
  });

  it('tells an answer under the other status of the endpoint, and a problem under it as a no', async () => {
    const found = { reasons: [{ code: 'operator-key-low-on-gas', detail: '0xab has 1 wei' }] };
    const problem = problemOf(refuse('chain-unavailable', 'away'), { instance: '/', requestId: 'r' });
    const bodies = [found, problem].map((one) => JSON.stringify(one));
    const answers = bodies.map((body) =>
      ask((_, response) => response.writeHead(503).end(body), { sent: undefined }, endpoints.showReadiness),
    );
    expect(await Promise.all(answers)).toEqual([
      { kind: 'taken', body: found },
      { kind: 'refused', problem, isFinal: false },
    ]);
    const other = await ask((_, response) => response.writeHead(503).end(bodies[0]));
    expect(other).toMatchObject({ kind: 'unreached', detail: expect.stringContaining('status 503') });
  });

  it('takes a yes only in the shape that the endpoint promises', async () => {
    for (const body of ['<html>captive portal</html>', '', '{}', '{"accepted":false,"nonce":"1"}']) {
      const answer = await ask((_, response) => response.writeHead(202).end(body));
      expect(answer).toMatchObject({ kind: 'unreached', reason: 'answer-misshapen' });
    }
  });

  it('knows by its own table what is final, and takes no word of what was said before the endpoint', async () => {
    const where = { instance: '/', requestId: 'r' };
    for (const [code, isFinal] of [
      ['seat-taken', true],
      ['too-many-requests', false],
      ['not-found', false],
      ['not-http', false],
      ['internal-error', false],
    ] as const) {
      const problem = problemOf(refuse(code, 'said so'), where);
      const lying = JSON.stringify({ ...problem, retryable: !problem.retryable });
      const answer = await ask((_, response) => response.writeHead(problem.status).end(lying));
      expect(answer).toEqual({ kind: 'refused', problem, isFinal });
    }
  });

  it('leaves nothing on a signal that lives on', async () => {
    const { signal } = new AbortController();
    const before = heldBySignal(signal);
    for (let turn = 0; turn < 3; turn++) {
      await ask((_, response) => response.writeHead(202).end('{}'), { signal });
    }
    expect(heldBySignal(signal)).toBe(before);
  });

  it('sends nothing once the signal of whoever asks has ended', async () => {
    let asked = 0;
    const signal = AbortSignal.abort(new Error('stopped before'));
    const answer = await ask(() => asked++, { signal });
    expect(answer).toMatchObject({ kind: 'unreached', detail: expect.stringContaining('stopped before') });
    expect(asked).toBe(0);
  });

  it('follows nobody elsewhere', async () => {
    const answer = await ask((_, response) =>
      response.writeHead(307, { location: 'http://127.0.0.1:9/' }).end(),
    );
    expect(answer.kind).toBe('unreached');
  });

  it('gives up whoever never answers, or sends a byte now and then, when the time is over', async () => {
    const never = await ask(() => {}, { timeoutMs: 100 });
    expect(never).toMatchObject({ kind: 'unreached', detail: expect.stringContaining('not within 100 ms') });
    const timers: NodeJS.Timeout[] = [];
    const drip = await ask(
      (_, response) => {
        response.writeHead(202);
        timers.push(setInterval(() => response.write(' '), 10));
      },
      { timeoutMs: 200 },
    );
    for (const timer of timers) clearInterval(timer);
    expect(drip).toMatchObject({ kind: 'unreached', detail: expect.stringContaining('not within 200 ms') });
  });

  it('ends with the signal of whoever asked', async () => {
    const caller = new AbortController();
    const answer = ask(() => caller.abort(new Error('the lock is lost')), { signal: caller.signal });
    expect(await answer).toMatchObject({
      kind: 'unreached',
      detail: expect.stringContaining('the lock is lost'),
    });
  });

  it('reads no more than a mebibyte of whatever comes', async () => {
    let sent = 0;
    const answer = await ask((_, response) => {
      response.writeHead(202);
      const more = (): void => {
        while (sent < 64 * 1_048_576 && response.write(Buffer.alloc(65_536))) sent += 65_536;
        if (sent < 64 * 1_048_576) response.once('drain', more);
      };
      more();
    });
    expect(answer).toMatchObject({
      kind: 'unreached',
      detail: expect.stringContaining('beyond 1048576 bytes'),
    });
    expect(sent).toBeLessThan(32 * 1_048_576);
  });

  it('tells a closed port with what the socket said', async () => {
    const answer = await exchange('http://127.0.0.1:9', endpoints.showLiveness, { timeoutMs: 2_000 });
    expect(answer).toMatchObject({ kind: 'unreached', detail: expect.stringContaining('did not answer') });
  });
});
