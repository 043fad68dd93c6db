/**
 * P1 of performance.md: signed batches over HTTP → checked → durable → receipt, against servers that do
 * nothing.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { batchMediaType, jsonMediaType, jsonOfBatch } from '#api';
import { TestChain } from '#apps/channel-node/src/testing/test-channel';
import { utf8 } from '#encoding';
import { builtFile } from '#environment/built-file';
import { benchTerms, type ServerKind } from './ingest-server.js';
import { median, printTable } from './measure.js';

export interface IngestBenchOptions {
  readonly batches: number;
  readonly batchRecords: number;
  /** Single JSON records. */
  readonly singles: number;
  readonly connections: number;
  readonly repeats: number;
}

/** Medians over the repeats; the first quarter of each round warms the server up. */
export interface IngestRate {
  readonly perCpuSecond: number;
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

export interface IngestBenchResult {
  readonly name: 'ingest';
  readonly options: IngestBenchOptions;
  /** Records of binary batches: the channel node, and a Fastify that drops the bytes. */
  readonly batches: IngestRate;
  readonly sink: IngestRate;
  readonly batchRatio: number;
  /** Single records as JSON: the channel node, and a bare route of NestJS on Fastify. */
  readonly singles: IngestRate;
  readonly route: IngestRate;
  readonly singleRatio: number;
}

interface Load {
  readonly type: string;
  readonly bodies: readonly Uint8Array[];
  readonly recordsPerBody: number;
}

export async function run(options: IngestBenchOptions): Promise<IngestBenchResult> {
  const chain = new TestChain(benchTerms);
  const path = `/v1/channels/${chain.channelId}/records`;
  const rounds = {
    node: [] as IngestRate[],
    sink: [] as IngestRate[],
    one: [] as IngestRate[],
    route: [] as IngestRate[],
  };
  const loads = makeLoads(chain, options);
  for (let repeat = 0; repeat < options.repeats; repeat++) {
    const found = {
      sink: await oneRound('sink', path, loads.batches, options),
      node: await oneRound('node', path, loads.batches, options),
      route: await oneRound('route', path, loads.singles, options),
      one: await oneRound('node', path, loads.singles, options),
    };
    for (const name of ['node', 'sink', 'one', 'route'] as const) rounds[name].push(found[name]);
  }
  const [batches, sink] = [medianRate(rounds.node), medianRate(rounds.sink)];
  const [singles, route] = [medianRate(rounds.one), medianRate(rounds.route)];
  return {
    name: 'ingest',
    options,
    batches,
    sink,
    batchRatio: batches.perCpuSecond / sink.perCpuSecond,
    singles,
    route,
    singleRatio: singles.perCpuSecond / route.perCpuSecond,
  };
}

export async function main(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      batches: { type: 'string', default: '1000' },
      records: { type: 'string', default: '1000' },
      singles: { type: 'string', default: '4000' },
      connections: { type: 'string', default: '16' },
      repeats: { type: 'string', default: '5' },
    },
  });
  const result = await run({
    batches: Number(values.batches),
    batchRecords: Number(values.records),
    singles: Number(values.singles),
    connections: Number(values.connections),
    repeats: Number(values.repeats),
  });
  const line = (name: string, { perCpuSecond, perSecond, p50Ms, p99Ms }: IngestRate): string[] => [
    name,
    Math.round(perCpuSecond).toLocaleString('en'),
    Math.round(perSecond).toLocaleString('en'),
    p50Ms.toFixed(1),
    p99Ms.toFixed(1),
  ];
  printTable([
    ['', 'records per CPU-second', 'records/s, wall', 'p50 ms', 'p99 ms'],
    line(`channel node, batches of ${result.options.batchRecords}`, result.batches),
    line('Fastify sink, the same bytes', result.sink),
    ['ratio, goal P1 0.5', result.batchRatio.toFixed(3)],
    line('channel node, single JSON records', result.singles),
    line('bare Nest-on-Fastify route', result.route),
    ['ratio, goal P1 0.8', result.singleRatio.toFixed(3)],
  ]);
  process.stdout.write(`${JSON.stringify(result)}\n`);
}

/** Every body is another batch, so that nothing is answered as a repeat. */
function makeLoads(chain: TestChain, options: IngestBenchOptions): { batches: Load; singles: Load } {
  const { batches, batchRecords, singles } = options;
  const impressions = (sequence: number, count: number): string[] =>
    Array.from({ length: count }, (_, index) => `${sequence}/${index}`);
  const batch = (sequence: number, count: number): Uint8Array =>
    chain.batch({ sequence: BigInt(sequence), impressions: impressions(sequence, count) });
  return {
    batches: {
      type: batchMediaType,
      bodies: Array.from({ length: batches }, (_, sequence) => batch(sequence, batchRecords)),
      recordsPerBody: batchRecords,
    },
    singles: {
      type: jsonMediaType,
      bodies: Array.from({ length: singles }, (_, sequence) =>
        utf8(JSON.stringify(jsonOfBatch(batch(sequence, 1)))),
      ),
      recordsPerBody: 1,
    },
  };
}

async function oneRound(
  kind: ServerKind,
  path: string,
  load: Load,
  { connections }: IngestBenchOptions,
): Promise<IngestRate> {
  const folder = mkdtempSync(join(tmpdir(), 'papyrus-bench-ingest-'));
  const child = fork(builtFile('test/bench/ingest-server.js'), [kind, folder]);
  const { url } = await messageOf<{ url: string }>(child);
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  const { hostname, port } = new URL(url);
  const target = { agent, hostname, port, path, method: 'POST' };
  const waits: number[] = [];
  let next = 0;
  const sendUntil = async (end: number): Promise<void> => {
    while (next < end) {
      const body = load.bodies[next++];
      const sent = performance.now();
      const status = await post(target, load.type, body);
      if (status !== 202) throw new Error(`${kind} answered ${status}`);
      waits.push(performance.now() - sent);
    }
  };
  const send = (end: number) => Promise.all(Array.from({ length: connections }, () => sendUntil(end)));
  const warmUp = Math.floor(load.bodies.length / 4);
  await send(warmUp);
  waits.length = 0;
  const before = await cpuSecondsOf(child);
  const start = performance.now();
  await send(load.bodies.length);
  const wallSeconds = (performance.now() - start) / 1_000;
  const cpuSeconds = (await cpuSecondsOf(child)) - before;
  agent.destroy();
  const gone = new Promise((resolve) => child.once('exit', resolve));
  child.disconnect();
  await gone;
  rmSync(folder, { recursive: true, force: true });
  waits.sort((a, b) => a - b);
  const records = (load.bodies.length - warmUp) * load.recordsPerBody;
  return {
    perCpuSecond: records / cpuSeconds,
    perSecond: records / wallSeconds,
    p50Ms: waits[Math.floor(waits.length * 0.5)],
    p99Ms: waits[Math.floor(waits.length * 0.99)],
  };
}

function post(target: object, type: string, body: Uint8Array): Promise<number> {
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': type, 'content-length': body.length };
    const asked = request({ ...target, headers }, (response) => {
      response.resume().on('end', () => resolve(response.statusCode ?? 0));
    });
    asked.on('error', reject);
    asked.end(body);
  });
}

async function cpuSecondsOf(child: ChildProcess): Promise<number> {
  const answer = messageOf<{ cpuSeconds: number }>(child);
  child.send('cpu');
  return (await answer).cpuSeconds;
}

function messageOf<Message>(child: ChildProcess): Promise<Message> {
  return new Promise((resolve, reject) => {
    child.once('message', (message) => resolve(message as Message));
    child.once('exit', (code) => reject(new Error(`a server of the bench ended with ${code}`)));
  });
}

function medianRate(rates: readonly IngestRate[]): IngestRate {
  const of = (name: keyof IngestRate): number => median(rates.map((one) => one[name]));
  return {
    perCpuSecond: of('perCpuSecond'),
    perSecond: of('perSecond'),
    p50Ms: of('p50Ms'),
    p99Ms: of('p99Ms'),
  };
}

if (process.argv[1] === import.meta.filename) await main(process.argv.slice(2));
