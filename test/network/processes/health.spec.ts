/** What each of the five apps says of itself as a process, with its chain there, hanging, and away. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { fundAccounts, registerMembers } from '#apps/cli/src/network/open-channel';
import { participantSecrets } from '#apps/cli/src/network/participant-keys';
import type { DrivenChain } from '#chain';
import { openAnvilChain } from '#chain/anvil-chain';
import { developmentContracts } from '#chain/deployment';
import { silentLog } from '#environment';
import { roleOf } from '#protocol';
import { appNames } from './app-process.js';
import { ChainProxy, type Trouble } from './chain-proxy.js';
import { OrganisationProcesses } from './organisation-processes.js';

describe('the five apps', () => {
  const folder = mkdtempSync(join(tmpdir(), 'papyrus-health-'));
  let chain: DrivenChain;
  let proxy: ChainProxy;
  let apps: OrganisationProcesses;
  beforeAll(async () => {
    const genesisTimestampSeconds = Math.floor(Date.now() / 1_000) - 60;
    const mode = { intervalSeconds: 1 };
    chain = await openAnvilChain({
      ...{ dataFolder: undefined, chainId: 31_337, genesisTimestampSeconds, mode, log: silentLog },
    });
    proxy = await ChainProxy.open(chain.url);
    const secrets = participantSecrets('health', 'dsp');
    await fundAccounts(chain, [secrets]);
    // A channel node is ready only when the registry names its operator key.
    const place = { nodeUrl: 'http://127.0.0.1', validatorUrl: '' };
    await registerMembers(chain, [{ index: 0, name: 'dsp', role: roleOf.dsp, secrets, ...place }]);
    apps = new OrganisationProcesses({
      secrets,
      chainUrl: proxy.url,
      lens: developmentContracts().Lens,
      folder: join(folder, 'dsp'),
      partsFolder: join(folder, 'parts'),
    });
    await apps.startAll();
  });
  afterAll(async () => {
    await apps?.drainAll();
    await proxy?.close();
    await chain?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  /** What each answers to a question of health. */
  const ask = (path: 'live' | 'ready') =>
    Promise.all(
      appNames.map(async (name) => {
        const response = await fetch(`${apps.url(name)}/health/${path}`);
        const body = (await response.json()) as { reasons?: readonly { code: string }[] };
        return [name, response.status, body] as const;
      }),
    );
  const everyone = (status: number, body: unknown) => appNames.map((name) => [name, status, body]);

  it('are alive and ready', async () => {
    expect(await ask('live')).toEqual(everyone(200, { live: true }));
    expect(await ask('ready')).toEqual(everyone(200, { reasons: [] }));
  });

  it.each<[Trouble, string]>([
    ['hangs', 'no-answer'],
    ['down', 'chain-unavailable'],
  ])(
    'say within seconds that the chain %s, live on, and are ready when it is back',
    async (trouble, code) => {
      await proxy.fail(trouble);
      const startedAt = performance.now();
      const answers = await ask('ready');
      expect(performance.now() - startedAt).toBeLessThan(8_000);
      for (const [name, status, { reasons }] of answers) {
        expect([name, status, [...new Set(reasons?.map((one) => one.code))]]).toEqual([name, 503, [code]]);
      }
      expect(await ask('live')).toEqual(everyone(200, { live: true }));
      await proxy.heal();
      expect(await ask('ready')).toEqual(everyone(200, { reasons: [] }));
    },
  );
});
