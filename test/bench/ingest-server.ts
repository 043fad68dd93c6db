/**
 * The servers of the ingest bench, each in a process of its own: the channel node, and what it is held
 * against.
 */
import 'reflect-metadata';
import { join } from 'node:path';
import { Body, Controller, HttpCode, Module, Post } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { batchMediaType } from '#api';
import { startChannelNodeApp } from '#apps/channel-node/src/channel-node.app';
import { accounts, operatorKeys, TestChain, testTerms } from '#apps/channel-node/src/testing/test-channel';
import { silentLog, systemClock } from '#environment';
import { openFileKeyValue } from '#key-value/file-key-value';
import { openFileRecordLog } from '#record-log/file-record-log';

export type ServerKind = 'node' | 'sink' | 'route';

/** As large as terms allow with these prices, so that the bench does not end at the budget. */
export const benchTerms = testTerms({ authorBytesMax: 2 ** 33, priceNanoMax: 1_000_000_000n });

const path = '/v1/channels/:channelId/records';

@Controller()
class BareController {
  @Post(path)
  @HttpCode(202)
  take(@Body() body: { records: unknown[] }): { taken: number } {
    return { taken: body.records.length };
  }
}

@Module({ controllers: [BareController] })
class BareModule {}

/** Fastify as it comes, with an empty handler that was given the body's bytes. */
async function startSink(): Promise<string> {
  const fastify = new FastifyAdapter().getInstance();
  fastify.addContentTypeParser(batchMediaType, { parseAs: 'buffer' }, (_request, body, done) =>
    done(null, body),
  );
  fastify.post(path, async (_request, reply) => reply.status(202).send());
  return fastify.listen({ port: 0, host: '127.0.0.1' });
}

/** NestJS on Fastify as it comes, with a route that answers a JSON body. */
async function startRoute(): Promise<string> {
  const app = await NestFactory.create<NestFastifyApplication>(BareModule, new FastifyAdapter(), {
    logger: false,
  });
  await app.listen({ port: 0, host: '127.0.0.1' });
  return (await app.getUrl()).replace('[::1]', '127.0.0.1');
}

async function startNode(folder: string): Promise<string> {
  const ports = {
    recordLog: await openFileRecordLog(join(folder, 'log')),
    keyValue: await openFileKeyValue(join(folder, 'state')),
    chain: new TestChain(benchTerms).port(),
    clock: systemClock,
    log: silentLog,
  };
  const options = { account: accounts[1], operatorKey: operatorKeys[1], requestTimeoutMs: 1_000 };
  return (await startChannelNodeApp(options, ports, { runs: false })).url;
}

/** A child of the bench: says its URL, and its CPU time in seconds whenever asked. */
if (process.send !== undefined) {
  const [kind, folder] = process.argv.slice(2) as [ServerKind, string];
  process.on('message', () => {
    const { user, system } = process.cpuUsage();
    process.send?.({ cpuSeconds: (user + system) / 1_000_000 });
  });
  process.on('disconnect', () => process.exit(0));
  const url =
    kind === 'node' ? await startNode(folder) : kind === 'sink' ? await startSink() : await startRoute();
  process.send({ url });
}
