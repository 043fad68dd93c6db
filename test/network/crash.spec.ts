/** SIGKILL at every boundary between two steps of a run, then the same command again: the same balances. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { logHeader, usableRows, writeLog } from './log-file.js';
import { resultOf, runCli } from './run-cli.js';

interface RunData {
  readonly channels: readonly { participants: object[]; blocks: { stage: string; outputHash: string }[] }[];
  readonly injected: object;
  readonly found: object;
}

const folders: string[] = [];
const dataFolder = (): string => {
  folders.push(mkdtempSync(join(tmpdir(), 'papyrus-crash-')));
  return folders[folders.length - 1];
};
const logFolder = mkdtempSync(join(tmpdir(), 'papyrus-crash-log-'));
const log = writeLog(join(logFolder, 'small.tsv.gz'), [
  logHeader,
  ...usableRows(['20130606', '20130607'], 90),
]);

/** Each command's arguments but for its data folder. */
const commands = {
  demo: ['demo', '--blocks', '2', '--sellers', '2', '--impressions', '6000'],
  replay: ['replay', log, '--disagree', '0.2'],
};

afterAll(() => {
  for (const folder of [...folders, logFolder]) rmSync(folder, { recursive: true, force: true });
});

describe.each(Object.entries(commands))('a %s that is killed', (_, command) => {
  const run = (data: string): string[] => [...command, '--json', '--data', data];
  let whole: RunData;
  let boundaries = 0;
  beforeAll(async () => {
    const undisturbed = await runCli(run(dataFolder()));
    expect(undisturbed.code).toBe(0);
    whole = resultOf<RunData>(undisturbed);
    boundaries = undisturbed.lines.length - 1;
  });

  it('ends in the same balances, outputs and findings, wherever it was killed', async () => {
    expect(boundaries).toBeGreaterThan(10);
    for (let at = 1; at <= boundaries; at++) {
      const data = dataFolder();
      const killed = await runCli(run(data), (count) => count === at);
      expect([at, killed.signal]).toEqual([at, 'SIGKILL']);
      const again = await runCli(run(data));
      expect([at, again.code, again.stderr]).toEqual([at, 0, '']);
      const found = resultOf<RunData>(again);
      expect([at, found.channels]).toEqual([at, whole.channels]);
      expect([at, found.found]).toEqual([at, whole.found]);
      rmSync(data, { recursive: true });
    }
  }, 600_000);

  it('that ended already ends the same once more, paying nobody again', async () => {
    const data = dataFolder();
    const first = resultOf<RunData>(await runCli(run(data)));
    const second = resultOf<RunData>(await runCli(run(data)));
    expect(second.channels).toEqual(first.channels);
  });
});
