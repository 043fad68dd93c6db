/** Starts a module as a running app over HTTP, on Fastify. */
import 'reflect-metadata';
import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { LoggerService } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import {
  batchMediaType,
  endpoints,
  isPathOf,
  jsonBodyBytesMax,
  jsonMediaType,
  ndjsonMediaType,
  problemPage,
  problemsPath,
} from '#api';
import { assertNativePrimitives } from '#crypto';
import type { Log } from '#environment';
import { endOnSignals } from './end-on-signals.js';
import { HttpGate } from './http-gate.js';
import { type HttpLimits, httpLimits, shutdownMs } from './http-limits.js';
import { ProblemFilter } from './problem-filter.js';

/** A module class or a dynamic module. */
export type AppModule = Parameters<typeof NestFactory.create>[0];

export interface HttpAppOptions {
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  readonly log: Log;
  /** Whether SIGTERM and SIGINT end the process; for the one app of a process. */
  readonly listensToSignals?: boolean;
  /** Those that differ from `httpLimits`. */
  readonly limits?: Partial<HttpLimits>;
  /** How long the app may take to close before clients are cut off (half of it) and the process ends. */
  readonly shutdownMs?: number;
}

export interface RunningHttpApp {
  /** Base URL without a slash at its end. */
  readonly url: string;
  /**
   * Lets no request in any more, answers those that are under way, then stops the shells. Clients that hang
   * are cut off after half of `shutdownMs`.
   */
  close(): Promise<void>;
}

/** One byte above the largest batch is read, so that the rules and not the transport name the refusal. */
const batchBodyBytesMax = 65_537;

export async function startHttpApp(module: AppModule, options: HttpAppOptions): Promise<RunningHttpApp> {
  assertNativePrimitives();
  const limits = { ...httpLimits, ...options.limits };
  const gate = new HttpGate(limits);
  const adapter = new FastifyAdapter({
    logger: false,
    // The gate has let requests be answered before the server closes.
    forceCloseConnections: true,
    genReqId: (request: IncomingMessage) => requestIdOf(request.headers['x-request-id']),
    bodyLimit: jsonBodyBytesMax,
    http: { headersTimeout: limits.headersMs, connectionsCheckingInterval: limits.checkMs },
    requestTimeout: limits.requestMs,
    keepAliveTimeout: limits.keepAliveMs,
    clientErrorHandler: (cause, socket) => gate.broken(cause, socket),
  });
  const app = await NestFactory.create<NestFastifyApplication>(module, adapter, {
    bodyParser: false,
    abortOnError: false,
    logger: nestLogger(options.log),
  });
  takeBodiesAsBytes(adapter);
  gate.guard(adapter);
  serveProblems(adapter);
  app.useGlobalFilters(new ProblemFilter(options.log, (path) => methodsOf(adapter, path)));
  const ownShutdownMs = options.shutdownMs ?? shutdownMs;
  let closing: Promise<void> | undefined;
  const close = (): Promise<void> => {
    closing ??= gate.close(ownShutdownMs / 2).then(() => app.close());
    return closing;
  };
  if (options.listensToSignals) endOnSignals(close, ownShutdownMs, options.log);
  await app.listen({ port: options.port, host: options.host });
  const { port } = app.getHttpServer().address() as AddressInfo;
  const host = options.host.includes(':') ? `[${options.host}]` : options.host;
  return { url: `http://${host}:${port}`, close };
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

/** Where `type` of a problem leads. */
function serveProblems(adapter: FastifyAdapter): void {
  const page = problemPage();
  adapter.getInstance().get(problemsPath, (_request, reply) => {
    const headers = {
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'",
      'cache-control': 'public, max-age=3600',
    };
    return reply.headers(headers).send(page);
  });
}

/** Of the endpoints that this service has. */
function methodsOf(adapter: FastifyAdapter, path: string): string[] {
  const fastify = adapter.getInstance();
  const here = Object.values(endpoints).filter(
    (one) => isPathOf(one, path) && fastify.hasRoute({ url: one.path, method: one.method }),
  );
  return here.flatMap(({ method }) => (method === 'GET' ? ['GET', 'HEAD'] : [method]));
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
