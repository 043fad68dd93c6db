/**
 * What `papyrus completion` writes, run by the shells themselves: every command and option that help shows is
 * offered where it may stand. A shell that this machine lacks is skipped aloud.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { resultOf, runCli, runPlain } from './run-cli.js';

let folder = '';
const scripts: Record<string, string> = {};
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'papyrus-completion-'));
  mkdirSync(join(folder, 'a folder'));
  mkdirSync(join(folder, 'af'));
  writeFileSync(join(folder, 'a file'), '');
  for (const shell of ['bash', 'zsh', 'fish']) {
    const { code, stdout, stderr } = await runPlain(['completion', shell]);
    expect([shell, code, stderr]).toEqual([shell, 0, '']);
    scripts[shell] = join(folder, `${shell}.script`);
    writeFileSync(scripts[shell], stdout);
  }
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function isThere(shell: string): boolean {
  if (spawnSync(shell, ['-c', ':']).status === 0) return true;
  process.stderr.write(`SKIPPED: completion is not tried in ${shell}, which is not here\n`);
  return false;
}

/** What bash offers where each of the word lists ends; the last word is the one that is typed. */
function offered(lists: readonly (readonly string[])[]): string[][] {
  const asks = lists.map((words) => {
    const quoted = ['papyrus', ...words].map((word) => `'${word}'`).join(' ');
    return `COMP_WORDS=(${quoted}); COMP_CWORD=${words.length}; _papyrus; printf '%s\\n' "\${COMPREPLY[@]}" --end--`;
  });
  const script = [`source ${scripts.bash}`, ...asks].join('\n');
  // As in a shell of one's own no option is set; an error of the script would be on standard error.
  const { stdout, stderr, status } = spawnSync('bash', ['--norc', '--noprofile', '-c', script], {
    cwd: folder,
    encoding: 'utf8',
  });
  expect([status, stderr]).toEqual([0, '']);
  const answers = stdout.split('--end--\n').slice(0, -1);
  return answers.map((text) => text.split('\n').filter((line) => line !== ''));
}

/** Options and commands that the help of a command shows. */
async function shownBy(command: readonly string[]): Promise<{ options: string[]; commands: string[] }> {
  const { stdout } = await runPlain([...command, '--help']);
  const [head, commands = ''] = stdout.split('\nCommands:\n');
  return {
    options: [...head.matchAll(/^ {2}(?:-\w, )?(--[a-z-]+)/gm)].map(([, name]) => name),
    commands: [...commands.split('\n\n')[0].matchAll(/^ {2}([a-z-]+) /gm)].map(([, name]) => name),
  };
}

const inBash = isThere('bash') ? describe : describe.skip;
inBash('completion in bash', () => {
  it('offers at each place the commands and options that help shows there', async () => {
    const places: string[][] = [[]];
    for (const place of places) {
      const shown = await shownBy(place);
      const [options, commands] = offered([
        [...place, '-'],
        [...place, ''],
      ]);
      expect([place, options]).toEqual([place, shown.options]);
      if (shown.commands.length === 0) continue;
      expect([place, commands]).toEqual([place, shown.commands]);
      places.push(...commands.filter((name) => name !== 'help').map((name) => [...place, name]));
    }
    expect(places.length).toBeGreaterThan(50);
  });

  it('offers what a value may be: words, folders, files, or nothing', () => {
    expect(
      offered([
        ['demo', '--scenario', ''],
        ['demo', '--scenario', '=', 'di'],
        ['completion', ''],
        ['up', '--data', 'a'],
        ['record', 'verify', 'a'],
        ['record', 'verify', '--chain', ''],
        ['demo', '--seed', 'block', '--s'],
      ]),
    ).toEqual([
      ['day', 'dispute'],
      ['dispute'],
      ['bash', 'zsh', 'fish'],
      expect.arrayContaining(['a folder', 'af']),
      expect.arrayContaining(['a folder', 'a file', 'af']),
      [],
      ['--seed', '--sellers', '--scenario'],
    ]);
  });
});

const inFish = isThere('fish') ? it : it.skip;
inFish('completion in fish offers what bash does', () => {
  const ask = (line: string): string[] =>
    execFileSync('fish', ['-N', '-c', `source ${scripts.fish}; complete -C '${line}'`])
      .toString()
      .split('\n')
      .map((text) => text.split('\t')[0])
      .filter((text) => text !== '');
  expect(ask('papyrus blo')).toEqual(['block']);
  expect(ask('papyrus demo --scenario ')).toEqual(['day', 'dispute']);
  expect(ask('papyrus block show 0x5f3a91c2 0 --pa')).toEqual(['--parts']);
});

const inZsh = isThere('zsh') ? it : it.skip;
inZsh('completion in zsh is a script that zsh reads', () => {
  const { status, stderr } = spawnSync('zsh', ['-n', scripts.zsh], { encoding: 'utf8' });
  expect([status, stderr]).toEqual([0, '']);
});

describe('a script of completion', () => {
  it('is in the result with --json', async () => {
    const run = await runCli(['completion', 'fish', '--json']);
    const { script } = resultOf<{ script: string }>(run);
    expect(run.code).toBe(0);
    expect(script).toContain("complete -c papyrus -n '__papyrus_at \\' block show\\'' -l parts -x");
  });

  it('keeps quotes of what it shows from ending a word', () => {
    const shown = (shell: string): string => readFileSync(scripts[shell], 'utf8');
    expect(shown('zsh')).toContain("'validator:a validator'\\''s entry");
    expect(shown('fish')).toContain("-d 'a validator\\'s entry");
  });

  it('is refused for another shell', async () => {
    expect((await runCli(['completion', 'csh', '--json'])).code).toBe(2);
  });
});
