/** An app that cannot start says why in one line that an operator can act on, and ends with exit code 1. */
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import { appEnvironments } from './app-environments.js';
import { type AppName, AppProcess, appNames, type Environment } from './app-process.js';

const secret = `0x${'5ec2e7'.repeat(10)}5e`;

const partsFolder = mkdtempSync(join(tmpdir(), 'papyrus-start-up-'));
afterAll(() => rmSync(partsFolder, { recursive: true, force: true }));

/** Ends by itself: what it said, and how it ended. */
async function startInVain(name: AppName, environment: Environment) {
  const app = AppProcess.spawn(name, environment);
  const end = await app.ended;
  return { ...end, stdout: app.stdout, stderr: app.stderr };
}

/** Well-formed values for every required variable, at a chain and ports as given. */
function wholeEnvironment(name: AppName, chain: string): Environment {
  const known: Environment = {
    CHAIN: chain,
    RECORD_LOG: `file:${partsFolder}/log`,
    KEY_VALUE: `file:${partsFolder}/state`,
    PART_STORE: `file:${partsFolder}`,
  };
  const values = appEnvironments[name].required.map((variable): [string, string] => {
    const isSecret = /KEY$|SECRET$/.test(variable);
    return [variable, known[variable] ?? (isSecret ? `0x${'11'.repeat(32)}` : `0x${'22'.repeat(20)}`)];
  });
  return Object.fromEntries(values);
}

describe('an app with a bad environment', () => {
  it.each(appNames)('names every variable at fault in one line, and not what was in it: %s', async (name) => {
    const { required } = appEnvironments[name];
    const secrets = required.filter((variable) => /KEY$|SECRET$/.test(variable));
    const missing = required.filter((variable) => !secrets.includes(variable) && variable !== 'CHAIN');
    const wrong = ['CHAIN', ...secrets, 'LOG_LEVEL'];
    const given = Object.fromEntries(wrong.map((variable) => [variable, secret]));
    const { code, stdout, stderr } = await startInVain(name, { ...given, [missing[0]]: '' });
    expect([code, stdout, stderr.length]).toEqual([1, [], 1]);
    expect(stderr[0]).toMatch(new RegExp(`^${name}: the environment is not as expected: `));
    expect(missing.length).toBeGreaterThan(1);
    for (const variable of missing) expect(stderr[0]).toContain(` ${variable}: is not set`);
    for (const variable of wrong) expect(stderr[0]).toMatch(new RegExp(` ${variable}: (?!is not set)`));
    expect(stderr[0].match(/ [A-Z_]{4,}: /g)?.length).toBe(missing.length + wrong.length);
    expect(stderr[0]).not.toContain(secret.slice(2, 8));
  });
});

describe('an app with a good environment', () => {
  it('says that the chain does not answer, and ends, so that its supervisor starts it again', async () => {
    const closed = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => closed.once('listening', resolve));
    const { port } = closed.address() as AddressInfo;
    await new Promise((resolve) => closed.close(resolve));
    const chain = `http://127.0.0.1:${port}`;
    const ends = await Promise.all(appNames.map((name) => startInVain(name, wholeEnvironment(name, chain))));
    for (const [at, { code, stderr }] of ends.entries()) {
      expect([appNames[at], code]).toEqual([appNames[at], 1]);
      expect(stderr.at(-1)).toMatch(new RegExp(`^${appNames[at]}: .*does not answer`));
      expect(stderr.join('\n')).not.toMatch(/^\s+at /m);
    }
  });
});
