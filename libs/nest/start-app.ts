/** Starts a module as a running app over HTTP, on Fastify. */
import 'reflect-metadata';
import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { INestApplicationContext, LoggerService } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { batchMediaType, jsonBodyBytesMax, jsonMediaType, ndjsonMediaType } from '#api';
import type { Log } from '#environment';
import { ProblemFilter } from './problem-filter.js';

/** A module class or a dynamic module. */
export type AppModule = Parameters<typeof NestFactory.create>[0];

export interface HttpAppOptions {
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  readonly log: Log;
  /** Whether SIGTERM and SIGINT close the app; for the one app of a process. */
  readonly listensToSignals?: boolean;
}

export interface RunningHttpApp {
  /** Base URL without a slash at its end. */
  readonly url: string;
  /** Drains: answers what was asked, then stops the shells. */
  close(): Promise<void>;
}

/** One byte above the largest batch is read, so that the rules and not the transport name the refusal. */
const batchBodyBytesMax = 65_537;
/** A process that drained ends with exit code 0, not by the signal that asked for it. */
const shutdown: Parameters<INestApplicationContext['enableShutdownHooks']> = [
  ['SIGTERM', 'SIGINT'],
  { useProcessExit: true },
];

export async function startHttpApp(module: AppModule, options: HttpAppOptions): Promise<RunningHttpApp> {
  const adapter = new FastifyAdapter({
    logger: false,
    forceCloseConnections: 'idle',
    genReqId: (request: IncomingMessage) => requestIdOf(request.headers['x-request-id']),
    bodyLimit: jsonBodyBytesMax,
  });
  const app = await NestFactory.create<NestFastifyApplication>(module, adapter, {
    bodyParser: false,
    abortOnError: false,
    logger: nestLogger(options.log),
  });
  takeBodiesAsBytes(adapter);
  adapter.getInstance().addHook('onRequest', (request, reply, done) => {
    reply.header('x-request-id', request.id);
    done();
  });
  adapter.getInstance().addHook('preClose', (done) => {
    // Connections that are idle are closed now; one that is still being answered must not be kept for its
    // next request.
    app.getHttpServer().keepAliveTimeout = 1;
    done();
  });
  app.useGlobalFilters(new ProblemFilter(options.log));
  if (options.listensToSignals) app.enableShutdownHooks(...shutdown);
  await app.listen({ port: options.port, host: options.host });
  const { port } = app.getHttpServer().address() as AddressInfo;
  const host = options.host.includes(':') ? `[${options.host}]` : options.host;
  return { url: `http://${host}:${port}`, close: () => app.close() };
}

/** Bodies reach controllers as the bytes that came: whoever knows the schema parses, once. */
function takeBodiesAsBytes(adapter: FastifyAdapter): void {
  const fastify = adapter.getInstance();
  for (const type of [batchMediaType, jsonMediaType, ndjsonMediaType]) {
    const bodyLimit = type === batchMediaType ? batchBodyBytesMax : jsonBodyBytesMax;
    const options = { parseAs: 'buffer', bodyLimit } as const;
    fastify.addContentTypeParser(type, options, (_request, body, done) => done(null, body));
  }
}

/** The asker's id if it is a plain one, so that it can be found in both logs; else a new one. */
function requestIdOf(header: string | string[] | undefined): string {
  return typeof header === 'string' && /^[\w.:-]{1,128}$/.test(header) ? header : randomUUID();
}

function nestLogger(log: Log): LoggerService {
  const say =
    (level: 'debug' | 'warn' | 'error') =>
    (message: unknown, ...more: unknown[]) =>
      log[level]({ more: more.map(String) }, String(message));
  return { log: say('debug'), error: say('error'), warn: say('warn'), debug: say('debug') };
}
