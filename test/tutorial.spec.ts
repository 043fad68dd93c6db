/** Walks through the tutorial: its own commands, in its order, in a folder of their own. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { hasPython, runPython } from './interop/python.js';

const root = join(import.meta.dirname, '..');
const page = readFileSync(join(root, 'docs/tutorial/first-settlement.md'), 'utf8');
const commands = [...page.matchAll(/```sh\n([\s\S]*?)```/g)].flatMap((block) => block[1].trim().split('\n'));
/** Lines that the reader's machine must allow, and that tests must not do to it. */
const untried = /^(npm ci|python3 -m venv|\.data\/python\/bin\/pip)/;

describe('the tutorial', () => {
  let folder = '';
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'papyrus-tutorial-'));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('does what it says, line by line', () => {
    const isChecked = hasPython();
    let channel = 'CHANNEL';
    const codes: string[] = [];
    for (const command of commands.filter((line) => !untried.test(line))) {
      if (command.includes('check_block.py')) {
        if (isChecked) codes.push(`check ${runPython('check_block.py', join(folder, 'block-0')).code}`);
        continue;
      }
      const line = command.replaceAll('.data/', `${folder}/`).replace('CHANNEL', channel);
      const { status, signal, stdout } = spawnSync('sh', ['-c', line], { cwd: root, encoding: 'utf8' });
      channel = /^Channel (0x[0-9a-f]{64})$/m.exec(stdout)?.[1] ?? channel;
      codes.push(`${/demo|export|head|dd|KILL/.exec(command)?.[0]} ${signal ?? status}`);
      if (command.includes('--seed 7') && status === 0) expect(stdout).toContain('Balances on chain');
    }
    const [first, exported, shown, ...rest] = codes;
    expect([first, exported, shown]).toEqual(['demo 0', 'export 0', 'head 0']);
    expect(rest.filter((one) => one.startsWith('check'))).toEqual(isChecked ? ['check 0', 'check 1'] : []);
    // On a fast machine the run may end before it is killed, and not every system has the program that
    // kills it.
    expect(rest.at(-2)).toMatch(/^KILL (SIGKILL|137|127|0)$/);
    expect(rest.at(-1)).toBe('demo 0');
  });
});
