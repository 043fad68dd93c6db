/**
 * What the containers start, outside of containers: their chain by its own command, the registries on it, an
 * app's health.
 */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { connectNode } from '#chain/ethereum-node';
import { openChain } from '#chain/open-chain';
import { addressOf, encryptionPublicKey } from '#crypto';
import { fromHex, type Hex, toHex } from '#encoding';
import { silentLog } from '#environment';
import { AppProcess } from './app-process.js';

const VALIDATOR_KEY: Hex = `0x${'11'.repeat(32)}`;
const ENCRYPTION_SECRET: Hex = `0x${'22'.repeat(32)}`;
const timing = { pollIntervalMs: 250, requestTimeoutMs: 10_000, inclusionTimeoutMs: 60_000 };
const root = join(import.meta.dirname, '../../..');
const yaml = createRequire(import.meta.url)('js-yaml') as { load(text: string): unknown };

/**
 * The command of the chain's container, but on a free port of this machine alone and with its state in
 * `folder`.
 */
function chainCommand(folder: string): readonly string[] {
  const text = readFileSync(join(root, 'docker/compose.yaml'), 'utf8');
  const { services } = yaml.load(text) as { services: { chain: { command: readonly string[] } } };
  const [program, ...values] = services.chain.command.map((word) =>
    word.replace('/data/', `${folder}/`).replace('0.0.0.0', '127.0.0.1'),
  );
  return [join(root, program), ...values, '--port=0'];
}

async function run(file: string, environment: Readonly<Record<string, string>>): Promise<string> {
  const command = [join(root, file)];
  const { stdout } = await promisify(execFile)(process.execPath, command, { env: environment });
  return stdout.trim();
}

describe('the development chain of the containers', () => {
  const folder = mkdtempSync(join(tmpdir(), 'papyrus-containers-'));
  let anvil: ChildProcess;
  let url = '';
  beforeAll(async () => {
    const [program, ...values] = chainCommand(folder);
    anvil = spawn(program, values, { stdio: ['ignore', 'pipe', 'ignore'] });
    for await (const line of createInterface({ input: anvil.stdout as NodeJS.ReadableStream })) {
      const place = /^Listening on (\S+)/.exec(line)?.[1];
      if (place === undefined) continue;
      url = `http://${place}`;
      break;
    }
    anvil.stdout?.resume();
  });
  afterAll(async () => {
    const ended = once(anvil, 'close');
    anvil.kill('SIGTERM');
    await ended;
    rmSync(folder, { recursive: true, force: true });
  });

  it('gets the contracts once, where the example file says, and apps on it say that they are well', async () => {
    const example = readFileSync(join(root, 'docker/organisation.env.example'), 'utf8');
    const lens = /^LENS=(\S+)/m.exec(example)?.[1] ?? '';
    expect(await run('docker/deploy-contracts.mjs', { CHAIN: url })).toBe(lens);
    expect(await run('docker/deploy-contracts.mjs', { CHAIN: url })).toBe(lens);

    const app = await AppProcess.start('validator', {
      CHAIN: url,
      LENS: lens,
      VALIDATOR_KEY,
      ENCRYPTION_SECRET,
      PART_STORE: `file:${folder}/parts`,
      KEY_VALUE: `file:${folder}/validator`,
      SPILL_FOLDER: join(folder, 'spill'),
      HOST: '127.0.0.1',
      PORT: '0',
    });
    const PORT = new URL(app.url).port;
    const health = () => run('docker/healthcheck.mjs', { PORT });
    await expect(health()).rejects.toMatchObject({
      ...{
        code: 1,
        stdout: expect.stringMatching(/^\{"reasons":\[\{"code":"operator-key-without-gas","detail":"0x/),
      },
    });
    const node = await connectNode(url, { ...timing, log: silentLog });
    await node.rpc.call(
      'anvil_setBalance',
      addressOf(fromHex(VALIDATOR_KEY)),
      `0x${(10n ** 18n).toString(16)}`,
    );
    await node.close();
    await expect(health()).rejects.toMatchObject({
      ...{ code: 1, stdout: expect.stringMatching(/^\{"reasons":\[\{"code":"validator-not-registered"/) },
    });
    const chain = await openChain(url, { ...timing, lens: lens as Hex, log: silentLog });
    const entry = {
      encryptionKey: toHex(encryptionPublicKey(fromHex(ENCRYPTION_SECRET))),
      endpoint: app.url,
    };
    const registered = await chain
      .validatorActs(fromHex(VALIDATOR_KEY))
      .registerValidator({ ...entry, leastFeeWei: 0n, stakeWei: 10n ** 17n });
    expect(registered).toMatchObject({ ok: true });
    await chain.close();
    await expect(health()).resolves.toBe('{"reasons":[]}');
    await app.drain();
    await expect(health()).rejects.toMatchObject({
      ...{ code: 1, stdout: expect.stringContaining('does not answer') },
    });
  });
});
