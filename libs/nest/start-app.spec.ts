/** The HTTP edge against clients that are slow, silent, deaf or late. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import { Body, Controller, Get, Module, Post } from '@nestjs/common';
import { endpoints, problemSchema } from '#api';
import { silentLog } from '#environment';
import { deferred } from '#environment/testing/deferred';
import { HealthController, healthOf } from './health.controller.js';
import type { HttpLimits } from './http-limits.js';
import { type RunningHttpApp, startHttpApp } from './start-app.js';

/** What routes wait for, and what they are waited for with. */
let held = deferred<string>();
let reached = deferred();

@Controller()
class TrialController {
  @Get('/held')
  held(): Promise<string> {
    reached.resolve();
    return held.promise;
  }

  @Get('/large')
  large(): string {
    return 'x'.repeat(32 * 1_048_576);
  }

  @Post('/length')
  length(@Body() body: Uint8Array): string {
    return String(body.length);
  }
}

@Module({})
class TrialModule {}

let app: RunningHttpApp;
const clients: Socket[] = [];
afterEach(async () => {
  held.resolve('');
  for (const client of clients.splice(0)) client.destroy();
  await app.close();
});

const quick: Partial<HttpLimits> = { headersMs: 150, requestMs: 300, checkMs: 20, unreadMs: 150 };

async function start(limits: Partial<HttpLimits> = quick, shutdownMs?: number): Promise<void> {
  held = deferred();
  reached = deferred();
  const shell = Symbol('shell');
  const module = {
    module: TrialModule,
    controllers: [TrialController, HealthController],
    providers: [{ provide: shell, useValue: { readiness: async () => ({ reasons: [] }) } }, healthOf(shell)],
  };
  app = await startHttpApp(module, { host: '127.0.0.1', port: 0, log: silentLog, limits, shutdownMs });
}

/** A connection over which `text` was sent. */
async function client(text = ''): Promise<Socket> {
  const socket = connect(Number(new URL(app.url).port), '127.0.0.1');
  clients.push(socket);
  socket.on('error', () => {});
  await once(socket, 'connect');
  if (text !== '') socket.write(text);
  return socket;
}

/** All that comes until the other side closes. */
async function heard(socket: Socket): Promise<string> {
  let text = '';
  socket.on('data', (some) => {
    text += some;
  });
  await once(socket, 'close');
  return text;
}

const get = (path: string): string => `GET ${path} HTTP/1.1\r\nhost: here\r\n\r\n`;
const post = (bytes: number): string =>
  `POST /length HTTP/1.1\r\nhost: here\r\ncontent-type: application/json\r\ncontent-length: ${bytes}\r\n\r\n`;

function answerOf(text: string): { status: number; headers: string; problem: unknown } {
  const [headers, body] = text.split('\r\n\r\n');
  return { status: Number(headers.split(' ')[1]), headers: headers.toLowerCase(), problem: JSON.parse(body) };
}

describe('a slow client', () => {
  it('that does not finish its body is told 408 as a problem, under the id of its request, and closed', async () => {
    await start();
    const slow = await client(`${post(9).trimEnd()}\r\nx-request-id: mine\r\n\r\n12`);
    const { status, headers, problem } = answerOf(await heard(slow));
    expect(status).toBe(408);
    expect(headers).toMatch(/content-type: application\/problem\+json/);
    expect(headers).toMatch(/connection: close/);
    const { code, instance, requestId, retryable } = problemSchema.parse(problem);
    expect({ code, instance, requestId, retryable }).toEqual({
      ...{ code: 'request-timeout', instance: '/length', requestId: 'mine', retryable: true },
    });
  });

  it('that does not finish its headers, or says nothing at all, is told 408 too', async () => {
    await start();
    for (const text of ['GET / HTTP/1.1\r\nhost: h', '']) {
      const { status, problem } = answerOf(await heard(await client(text)));
      expect([status, problem]).toEqual([408, expect.objectContaining({ code: 'request-timeout' })]);
    }
  });

  it('that is done in time is answered, however slow it is', async () => {
    await start({ ...quick, requestMs: 60_000 });
    const slow = await client(post(2));
    slow.write('1');
    // A request of another has gone through meanwhile.
    await fetch(`${app.url}/health/live`);
    slow.write('2');
    const [text] = await once(slow, 'data');
    expect(String(text)).toMatch(/^HTTP\/1.1 201.*\r\n2$/s);
  });

  it('that does not read its answer is cut off, though it goes on asking', async () => {
    await start();
    const deaf = await client();
    deaf.pause();
    const closed = new Promise<void>((resolve) => deaf.once('close', () => resolve()));
    const ask = setInterval(() => deaf.write(get('/large')), 10);
    deaf.write(get('/large'));
    await closed;
    clearInterval(ask);
  });

  it('that speaks something else than HTTP is told so', async () => {
    await start();
    for (const text of ['\x16\x03\x01\x02\x00\x01', `GET / HTTP/1.1\r\nx: ${'y'.repeat(20_000)}\r\n\r\n`]) {
      const { status, problem } = answerOf(await heard(await client(text)));
      expect([status, problem]).toEqual([400, expect.objectContaining({ code: 'not-http' })]);
    }
  });
});

describe('connections', () => {
  it('beyond the limit close those that wait longest for their client', async () => {
    await start({ ...quick, headersMs: 60_000, requestMs: 60_000, connectionsMax: 8 });
    const idle = await Promise.all(Array.from({ length: 8 }, () => client()));
    const ends = idle.map((one) => once(one, 'close'));
    expect(await (await fetch(`${app.url}/health/live`)).json()).toEqual({ live: true });
    await Promise.race(ends);
    expect(idle.filter((one) => one.closed).length).toBe(1);
  });

  it('that have ended take no room', async () => {
    await start({ headersMs: 60_000, requestMs: 60_000, connectionsMax: 2 });
    const idle = await client();
    for (let round = 0; round < 3; round++) {
      await heard(await client(`${get('/health/live').trimEnd()}\r\nconnection: close\r\n\r\n`));
    }
    idle.write(get('/health/live'));
    const [text] = await once(idle, 'data');
    expect(String(text)).toMatch(/^HTTP\/1.1 200/);
  });

  it('are closed with the last request that they may carry, and when nothing more is asked', async () => {
    await start({ ...quick, requestsPerConnectionMax: 2, keepAliveMs: 100 });
    const twice = await client(get('/health/live'));
    await once(twice, 'data');
    twice.write(get('/health/live'));
    expect(await heard(twice)).toMatch(/^HTTP\/1.1 200.*connection: close/is);
    const pipelining = await heard(await client(get('/health/live').repeat(5)));
    expect(pipelining.match(/HTTP\/1.1 /g)?.length).toBe(2);
    expect(await heard(await client(get('/health/live')))).toMatch(/connection: keep-alive/i);
  });

  it('are served one request at a time, and end when too much waits on one', async () => {
    await start({ ...quick, requestsWaitingMax: 2 });
    const pipelining = await client(`${get('/held')}${get('/health/live')}`);
    await reached.promise;
    held.resolve('first');
    let text = '';
    while (!text.includes('"live"')) text += (await once(pipelining, 'data'))[0];
    expect(text).toMatch(/first.*"live"/s);
    held = deferred();
    expect(await heard(await client(get('/held').repeat(4)))).toBe('');
  });

  it('share the room for bodies: a request for which there is none is told to come again', async () => {
    await start({ ...quick, requestMs: 60_000, bodyBytesMax: 100 });
    const announced = await client(post(101));
    const { status, headers, problem } = answerOf(await heard(announced));
    expect([status, problem]).toEqual([503, expect.objectContaining({ code: 'too-busy', retryable: true })]);
    expect(headers).toMatch(/retry-after: \d/);
    // Who does not say how much comes may send as much as anybody may.
    const chunked = post(1).replace('content-length: 1', 'transfer-encoding: chunked');
    expect(answerOf(await heard(await client(chunked))).status).toBe(503);
    expect(await heard(await client(`${post(1).replace('host', 'connection: close\r\nhost')}1`))).toMatch(
      /^HTTP\/1.1 201/,
    );
  });
});

describe('an app that shuts down', () => {
  it('answers what it took, and tells whoever asks meanwhile that it is shutting down', async () => {
    await start(quick, 60_000);
    const taken = heard(await client(get('/held')));
    const kept = await client(get('/health/live'));
    await once(kept, 'data');
    await reached.promise;
    const closed = app.close();
    kept.write(get('/held'));
    const refused = answerOf(await heard(kept));
    expect([refused.status, refused.problem]).toEqual([
      503,
      expect.objectContaining({ code: 'shutting-down', retryable: true }),
    ]);
    expect(refused.headers).toMatch(/connection: close/);
    const { path } = endpoints.showReadiness;
    const ready = answerOf(await heard(await client(get(path))));
    expect([ready.status, ready.problem]).toEqual([
      503,
      { reasons: [{ code: 'shutting-down', detail: expect.any(String) }] },
    ]);
    const live = await heard(await client(get(endpoints.showLiveness.path)));
    expect(live).toMatch(/^HTTP\/1.1 200.*connection: close/is);
    held.resolve('finished');
    expect(await taken).toMatch(/^HTTP\/1.1 200.*connection: close.*finished$/is);
    await closed;
    await expect(fetch(app.url)).rejects.toThrow();
  });

  it('ends at once when nothing is under way, though connections are open', async () => {
    await start(quick, 600_000);
    const idle = await client();
    const kept = await client(get('/health/live'));
    await once(kept, 'data');
    await Promise.all([app.close(), once(idle, 'close'), once(kept, 'close')]);
  });

  it('waits for no client: who sends no body, reads no answer or hangs is cut off after half of the time', async () => {
    await start({}, 2_000);
    const slow = await client(post(9));
    const deaf = await client(get('/large'));
    deaf.pause();
    const hanging = await client(get('/held'));
    await reached.promise;
    const startedAt = performance.now();
    const ends = [slow, deaf, hanging].map((one) => new Promise((resolve) => one.once('close', resolve)));
    await app.close();
    const spentMs = performance.now() - startedAt;
    expect(spentMs).toBeGreaterThan(900);
    expect(spentMs).toBeLessThan(1_900);
    deaf.destroy();
    await Promise.all(ends);
  });

  it('closes once, however often it is told to', async () => {
    await start();
    await Promise.all([app.close(), app.close()]);
    await app.close();
  });
});
