/** The page's own example of an SSP: it may run as often as its reader likes, and says plainly what is wrong. */
import { type ChildProcess, execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, expect, it } from '@jest/globals';
import { startCli } from './run-cli.js';

const root = join(import.meta.dirname, '../..');
const someChannel = `0x${'5a'.repeat(32)}`;

let network: ChildProcess | undefined;
let folder: string | undefined;
afterEach(() => {
  network?.kill('SIGKILL');
  if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
});

interface Run {
  readonly code: number;
  readonly said: string;
}

function submitWins(...args: string[]): Promise<Run> {
  return new Promise((resolve) => {
    const script = 'docs/how-to/submit-wins.mjs';
    const child = execFile('node', [script, ...args], { cwd: root }, (_, stdout, stderr) =>
      resolve({ code: child.exitCode ?? -1, said: stdout + stderr }),
    );
  });
}

it.each([[[]], [['http://127.0.0.1:1']], [['nowhere', someChannel]]])(
  'says how it is called after %j',
  async (args) => {
    const { code, said } = await submitWins(...args);
    expect([code, said.split('\n')[0]]).toEqual([
      2,
      'usage: node docs/how-to/submit-wins.mjs NODE_URL CHANNEL',
    ]);
  },
);

it('says that nobody answers, without a stack', async () => {
  const { code, said } = await submitWins('http://127.0.0.1:1', someChannel);
  expect(code).toBe(6);
  expect(said).toMatch(/^unreachable: http:/);
  expect(said).not.toMatch(/\.\.|\n {4}at /);
});

it('gets receipts in one block after another', async () => {
  folder = mkdtempSync(join(tmpdir(), 'papyrus-wins-'));
  network = startCli(['up', '--json', '--data', folder, '--block-seconds', '4']);
  const lines = createInterface({ input: network.stdout! });
  const blocks = new Set<string>();
  let up: { channelId: string; members: { name: string; nodeUrl: string }[] } | undefined;
  for await (const text of lines) {
    const line = JSON.parse(text);
    if (line.type === 'up') up = line;
    if (line.stage !== 'collection' || up === undefined) continue;
    const url = up.members.find((one) => one.name === 'ssp-1')!.nodeUrl;
    const { code, said } = await submitWins(url, up.channelId);
    // On a busy machine the block may have closed on the way.
    if (code === 5 && said.startsWith('refused, block-closed')) continue;
    expect([code, said]).toEqual([0, expect.stringMatching(/^block \d+, sequence \d+: receipt verified\n$/)]);
    blocks.add(said.split(',')[0]);
    if (blocks.size === 2) break;
  }
  expect(blocks.size).toBe(2);
  const ended = once(network, 'close');
  network.kill('SIGINT');
  await ended;
}, 90_000);
