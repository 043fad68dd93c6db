/** Anvil never outlives the process that started it, whatever was killed. */
import { readFileSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { builtFile } from '#environment/built-file';
import { runAndKill } from '#environment/killed-process';
import { startAnvil } from './anvil-process.js';
import { JsonRpc } from './json-rpc.js';

const options = { chainId: 7, genesisTimestampSeconds: 1_000 };
let folder: string;
let pidFile: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'papyrus.anvil-'));
  pidFile = join(folder, 'anvil.pid');
});
afterEach(() => rm(folder, { recursive: true }));

/** Starts anvil, prints its process id and waits to be killed; with `killsGuard` it kills anvil's guard
 *  before. */
const starting = (killsGuard: boolean) => `
  import { readFileSync } from 'node:fs';
  import { startAnvil } from '${builtFile('libs/chain/anvil-process.js')}';
  const anvil = await startAnvil({ ...${JSON.stringify(options)}, pidFile: '${pidFile}' });
  const guard = readFileSync('/proc/' + anvil.pid + '/stat', 'utf8').split(' ')[3];
  if (${killsGuard}) process.kill(Number(guard), 'SIGKILL');
  console.log(anvil.pid);
  setInterval(() => {}, 1000);
`;

it('listens on a port of its own with the chain id it was given', async () => {
  const two = await Promise.all([1, 2].map(() => startAnvil({ ...options, pidFile: undefined })));
  expect(two[0].url).not.toBe(two[1].url);
  for (const anvil of two) {
    const rpc = new JsonRpc(anvil.url, 5_000);
    expect(await rpc.call('eth_chainId')).toBe('0x7');
    rpc.close();
    await anvil.close();
    expect(isAlive(anvil.pid)).toBe(false);
  }
});

it.each([false, true])('ends with its killed parent; the guard killed as well: %s', async (killsGuard) => {
  const [line] = await runAndKill({ source: starting(killsGuard), lines: 1 });
  const left = Number(line);
  if (killsGuard) expect(isAlive(left)).toBe(true);
  const anvil = await startAnvil({ ...options, pidFile });
  expect(isAlive(left)).toBe(false);
  expect(Number(await readFile(pidFile, 'utf8'))).toBe(anvil.pid);
  await anvil.close();
});

it('says that it ended when it is killed by somebody else', async () => {
  const anvil = await startAnvil({ ...options, pidFile });
  process.kill(anvil.pid, 'SIGKILL');
  await anvil.ended;
  await anvil.close();
});

it('closes although its guard was killed, and takes the orphan along', async () => {
  const anvil = await startAnvil({ ...options, pidFile });
  process.kill(guardOf(anvil.pid), 'SIGKILL');
  await anvil.close();
  // Its output closes a moment before it is gone.
  while (isAlive(anvil.pid)) await nextTurn();
  await expect(readFile(pidFile)).rejects.toMatchObject({ code: 'ENOENT' });
});

it('is a fault when anvil does not start', async () => {
  const impossible = startAnvil({ ...options, chainId: -1, pidFile });
  await expect(impossible).rejects.toMatchObject({ code: 'chain-unavailable', retriable: false });
});

/** Its parent, which waits for our end. */
function guardOf(pid: number): number {
  return Number(readFileSync(`/proc/${pid}/stat`, 'utf8').split(' ')[3]);
}

/** A killed process may wait for long until its new parent takes notice: as a zombie it is not alive. */
function isAlive(pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/^.*\) /s, '')[0] !== 'Z';
  } catch {
    return false;
  }
}
