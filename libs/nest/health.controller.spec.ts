/** Liveness and readiness over HTTP, of a service that says what the test says. */
import { Module } from '@nestjs/common';
import { afterEach, describe, expect, it } from '@jest/globals';
import type { ReadinessReason, ReadinessView } from '#api';
import { silentLog } from '#environment';
import { HealthController, healthOf } from './health.controller.js';
import { type RunningHttpApp, startHttpApp } from './start-app.js';

@Module({})
class ShellModule {}

let app: RunningHttpApp | undefined;
afterEach(() => app?.close());

async function start(readiness: () => Promise<ReadinessView>): Promise<string> {
  const shell = Symbol('shell');
  const module = {
    module: ShellModule,
    controllers: [HealthController],
    providers: [{ provide: shell, useValue: { readiness } }, healthOf(shell)],
  };
  app = await startHttpApp(module, { host: '127.0.0.1', port: 0, log: silentLog });
  return app.url;
}

async function ask(url: string) {
  const response = await fetch(url);
  const cached = response.headers.get('cache-control');
  return { status: response.status, cached, body: await response.json() };
}

describe('health over HTTP', () => {
  it('is ready with 200 and no reason, and not ready with 503 and every reason', async () => {
    let reasons: readonly ReadinessReason[] = [];
    const url = await start(async () => ({ reasons: [...reasons] }));
    expect(await ask(`${url}/health/ready`)).toEqual({
      ...{ status: 200, cached: 'no-store' },
      body: { reasons: [] },
    });
    reasons = [
      { code: 'chain-unavailable', detail: 'away' },
      { code: 'operator-key-low-on-gas', detail: '0xab has 1 wei' },
    ];
    expect(await ask(`${url}/health/ready`)).toEqual({
      ...{ status: 503, cached: 'no-store' },
      body: { reasons },
    });
  });

  it('lives whatever its ports do', async () => {
    const url = await start(() => new Promise(() => {}));
    expect(await ask(`${url}/health/live`)).toEqual({
      ...{ status: 200, cached: 'no-store' },
      body: { live: true },
    });
  });

  it('asks once at a time however many want to know, and anew for whoever comes after', async () => {
    const asked: ((view: ReadinessView) => void)[] = [];
    const url = await start(() => new Promise((resolve) => asked.push(resolve)));
    const answers = [1, 2, 3].map(() => ask(`${url}/health/ready`));
    while (asked.length === 0) await new Promise((resolve) => setImmediate(resolve));
    // All three have arrived when another route, asked after them over connections of its own, has answered.
    await ask(`${url}/health/live`);
    asked[0]({ reasons: [{ code: 'operator-key-low-on-gas', detail: '0xab has 1 wei' }] });
    expect((await Promise.all(answers)).map(({ status }) => status)).toEqual([503, 503, 503]);
    expect(asked.length).toBe(1);
    const after = ask(`${url}/health/ready`);
    while (asked.length === 1) await new Promise((resolve) => setImmediate(resolve));
    asked[1]({ reasons: [] });
    expect((await after).status).toBe(200);
  });

  it('says of a shell that throws that it has a bug', async () => {
    const url = await start(() => Promise.reject(new Error('a bug')));
    expect(await ask(`${url}/health/ready`)).toMatchObject({ status: 500, body: { code: 'internal-error' } });
  });
});
