/**
 * SIGTERM ends each of the five apps in the time that it states and with exit code 0, whatever its
 * clients and its chain do.
 */
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { participantSecrets } from '#apps/cli/src/network/participant-keys';
import type { DrivenChain } from '#chain';
import { openAnvilChain } from '#chain/anvil-chain';
import { developmentContracts } from '#chain/deployment';
import { silentLog } from '#environment';
import { type AppName, appNames } from './app-process.js';
import { ChainProxy } from './chain-proxy.js';
import { OrganisationProcesses } from './organisation-processes.js';

const shutdownSeconds = 4;

describe('SIGTERM', () => {
  let folder: string;
  let chain: DrivenChain;
  let proxy: ChainProxy;
  let apps: OrganisationProcesses;
  const clients: Socket[] = [];
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'papyrus-shutdown-'));
    const genesisTimestampSeconds = Math.floor(Date.now() / 1_000) - 60;
    const mode = { intervalSeconds: 1 };
    chain = await openAnvilChain({
      ...{ dataFolder: undefined, chainId: 31_337, genesisTimestampSeconds, mode, log: silentLog },
    });
    proxy = await ChainProxy.open(chain.url);
    apps = new OrganisationProcesses({
      secrets: participantSecrets('shutdown', 'dsp'),
      chainUrl: proxy.url,
      lens: developmentContracts().Lens,
      folder: join(folder, 'dsp'),
      partsFolder: join(folder, 'parts'),
      variables: { SHUTDOWN_SECONDS: String(shutdownSeconds) },
    });
    await apps.startAll();
  });
  afterEach(async () => {
    for (const client of clients.splice(0)) client.destroy();
    for (const app of apps.started) await app.end('SIGKILL');
    await proxy.close();
    await chain.close();
    rmSync(folder, { recursive: true, force: true });
  });

  async function client(name: AppName, text: string): Promise<Socket> {
    const socket = connect(Number(new URL(apps.url(name)).port), '127.0.0.1');
    clients.push(socket);
    socket.on('error', () => {});
    await once(socket, 'connect');
    socket.write(text);
    return socket;
  }

  /** How each app ends, and after how many milliseconds. */
  const ends = () =>
    Promise.all(
      appNames.map(async (name) => {
        const from = performance.now();
        const end = await apps.end(name, 'SIGTERM');
        return { name, code: end?.code, spentMs: performance.now() - from };
      }),
    );

  it('ends each at once when nothing is under way, with connections open', async () => {
    for (const name of appNames) await client(name, '');
    for (const { name, code, spentMs } of await ends()) {
      expect([name, code]).toEqual([name, 0]);
      expect(spentMs).toBeLessThan((shutdownSeconds / 2) * 1_000);
    }
  });

  it('ends each in time when clients never finish and the chain never answers', async () => {
    await proxy.fail('hangs');
    const post = 'POST /v1/validation-requests HTTP/1.1\r\nhost: here\r\ncontent-type: application/json\r\n';
    for (const name of appNames) {
      await client(name, `${post}content-length: 1000\r\n\r\n{`);
      await client(name, 'GET /health/re');
      const waits = await client(name, 'GET /health/ready HTTP/1.1\r\nhost: here\r\n\r\n');
      waits.pause();
    }
    for (const { name, code, spentMs } of await ends()) {
      expect([name, code]).toEqual([name, 0]);
      expect([name, spentMs < (shutdownSeconds + 1) * 1_000]).toEqual([name, true]);
    }
  });
});
