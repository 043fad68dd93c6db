/** A chain that is brought back from an older copy, with its note, is refused beside the stores that went on. */
import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { runCli } from './run-cli.js';

const demo = ['demo', '--blocks', '2', '--sellers', '1', '--impressions', '300', '--json', '--data'];
let root = '';
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'papyrus-older-'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

it('a chain older than what a participant knows is refused by name, and nothing of it is changed', async () => {
  const data = join(root, 'data');
  const parts = ['chain', 'chain-note'];
  const keep = (copy: string): void => {
    for (const name of parts) cpSync(join(data, name), join(root, copy, name), { recursive: true });
  };
  const bringBack = (copy: string): void => {
    for (const name of parts) {
      rmSync(join(data, name), { recursive: true });
      cpSync(join(root, copy, name), join(data, name), { recursive: true });
    }
  };
  // Killed when it had begun: the copy has the channel, and no block that is over.
  await runCli([...demo, data], (lines) => lines === 2);
  keep('older');
  expect((await runCli([...demo, data])).code).toBe(0);
  keep('newest');
  bringBack('older');
  const journal = () => readFileSync(join(data, 'chain', 'heights'), 'latin1');
  const before = journal();
  const refused = await runCli([...demo, data]);
  expect([refused.code, refused.lines.at(-1)]).toEqual([
    5,
    expect.objectContaining({ errors: [expect.objectContaining({ code: 'chain-journal-older' })] }),
  ]);
  expect(refused.stderr).toContain(join('participants', 'dsp', 'state'));
  expect(journal()).toBe(before);
  bringBack('newest');
  expect((await runCli([...demo, data])).code).toBe(0);
}, 60_000);
