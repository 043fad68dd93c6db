/** SIGKILL at every boundary between two steps of a run, then the same command again: the same balances. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
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
const demo = (data: string): string[] => [
  ...['demo', '--json', '--blocks', '2', '--sellers', '2', '--impressions', '6000', '--data', data],
];

describe('a run that is killed', () => {
  let whole: RunData;
  let boundaries = 0;
  beforeAll(async () => {
    const run = await runCli(demo(dataFolder()));
    expect(run.code).toBe(0);
    whole = resultOf<RunData>(run);
    boundaries = run.lines.length - 1;
  });
  afterAll(() => {
    for (const folder of folders) rmSync(folder, { recursive: true, force: true });
  });

  it('ends in the same balances, outputs and findings, wherever it was killed', async () => {
    expect(boundaries).toBeGreaterThan(10);
    for (let at = 1; at <= boundaries; at++) {
      const data = dataFolder();
      const killed = await runCli(demo(data), (count) => count === at);
      expect([at, killed.signal]).toEqual([at, 'SIGKILL']);
      const again = await runCli(demo(data));
      expect([at, again.code, again.stderr]).toEqual([at, 0, '']);
      const data2 = resultOf<RunData>(again);
      expect([at, data2.channels]).toEqual([at, whole.channels]);
      expect([at, data2.found]).toEqual([at, whole.found]);
      rmSync(data, { recursive: true });
    }
  }, 600_000);

  it('that ended already ends the same once more, paying nobody again', async () => {
    const data = dataFolder();
    const first = resultOf<RunData>(await runCli(demo(data)));
    const second = resultOf<RunData>(await runCli(demo(data)));
    expect(second.channels).toEqual(first.channels);
  });
});
