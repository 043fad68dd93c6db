/** Stands before every request of an app: holds clients to the limits, and lets nobody in while it closes. */
import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import type { FastifyAdapter } from '@nestjs/platform-fastify';
import { endpoints, jsonBodyBytesMax, type Refusal, refuse } from '#api';
import { systemClock, systemTimers } from '#environment';
import { answerBrokenRequest } from './broken-request.js';
import { type Asked, HttpConnections } from './http-connections.js';
import type { HttpLimits } from './http-limits.js';
import { type ProblemReply, sendProblem } from './send-problem.js';

const closing = 'the service is shutting down';
const noRoom = refuse('too-busy', 'other requests hold all room for bodies');
const { showLiveness, showReadiness } = endpoints;

export class HttpGate {
  readonly #limits: HttpLimits;
  readonly #connections: HttpConnections;
  #isClosing = false;

  constructor(limits: HttpLimits) {
    this.#limits = limits;
    this.#connections = new HttpConnections(limits);
  }

  /** A request that never came to be one. */
  broken(cause: unknown, socket: Socket): void {
    answerBrokenRequest(cause, socket, this.#connections.served(socket), this.#limits);
  }

  /** Before the routes are registered. */
  guard(adapter: FastifyAdapter): void {
    const fastify = adapter.getInstance();
    const server: Server = adapter.getHttpServer();
    server.on('connection', (socket: Socket) => {
      socket.on('close', () => this.#connections.closed(socket));
      this.#connections.opened(socket);
    });
    const check = (): void => {
      this.#connections.cutOffUnread(systemClock.monotonicMs());
      cancel = systemTimers.after(this.#limits.checkMs, check);
    };
    let cancel = systemTimers.after(this.#limits.checkMs, check);
    server.on('close', () => cancel());
    fastify.addHook('onRequest', (request, reply, done) => {
      reply.header('x-request-id', request.id);
      const { raw } = request;
      const { socket } = raw;
      const begin = (isLast: boolean): void => {
        if (isLast) reply.header('connection', 'close');
        const refusal = this.#refusalOf(request.url);
        if (refusal === undefined) done();
        else this.#refuse(refusal, request, reply);
      };
      const asked: Asked = {
        begin,
        id: request.id,
        url: request.url,
        bodyBytes: bodyBytesOf(raw.headers),
        isWhole: () => raw.complete,
        isAnswering: () => reply.raw.headersSent && !reply.raw.writableFinished,
      };
      reply.raw.once('close', () => this.#connections.answered(socket, asked));
      if (!this.#connections.asked(socket, asked)) this.#refuse(noRoom, request, reply);
    });
    fastify.addHook('onSend', (_request, reply, payload, done) => {
      if (this.#isClosing) reply.header('connection', 'close');
      done(null, payload);
    });
  }

  /** From now on nobody is let in; resolves when what was let in is answered, or cut off after `drainMs`. */
  async close(drainMs: number): Promise<void> {
    this.#isClosing = true;
    let cancel = (): void => {};
    const late = new Promise<void>((resolve) => {
      cancel = systemTimers.after(drainMs, resolve);
    });
    await Promise.race([this.#connections.idle(), late]);
    cancel();
  }

  #refusalOf(url: string): Refusal | undefined {
    const isLetIn = !this.#isClosing || url === showLiveness.path;
    return isLetIn ? undefined : refuse('shutting-down', closing);
  }

  #refuse(refusal: Refusal, request: { id: string; url: string }, reply: ProblemReply): void {
    reply.header('connection', 'close');
    if (refusal.code === 'shutting-down' && request.url === showReadiness.path) {
      const reasons = [{ code: refusal.code, detail: closing }];
      reply.status(503).header('content-type', 'application/json').send(JSON.stringify({ reasons }));
    } else sendProblem(reply, refusal, request);
  }
}

/** What the body may have us hold; one that is larger than it may be is refused before it is read. */
function bodyBytesOf(headers: { 'content-length'?: string; 'transfer-encoding'?: string }): number {
  if (headers['transfer-encoding'] !== undefined) return jsonBodyBytesMax;
  return Math.min(Number(headers['content-length'] ?? 0), jsonBodyBytesMax);
}
