/**
 * The demo, as a stranger runs it: what it found is what was injected, and its balances are those of SQL over
 * the raw logs.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { RunResult } from '#apps/cli/src/report/run-result';
import { demoOwed } from '../recompute/owed.js';
import { type CliRun, resultOf, runCli, runPlain } from './run-cli.js';

const auditorFeeNano = 2_000n;

let folder = '';
let run: CliRun;
let data: RunResult;
const demo = (name: string, ...more: string[]): Promise<CliRun> =>
  runCli([
    ...['demo', '--json', '--blocks', '3', '--impressions', '12000', '--data', join(folder, name), ...more],
  ]);

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'papyrus-demo-'));
  run = await demo('first');
  data = resultOf<RunResult>(run);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** All that a run gives but how long it took and where it is kept. */
const repeatable = ({ seconds, dataFolder, ...rest }: RunResult) => rest;

describe('the demo', () => {
  it('settles every block, and finds what was injected, kind by kind', () => {
    expect([run.code, run.stderr]).toEqual([0, '']);
    expect(data.channels[0].blocks.map(({ blockNumber, stage }) => [blockNumber, stage])).toEqual([
      [0, 'settled'],
      [1, 'settled'],
      [2, 'settled'],
    ]);
    expect(data.found).toEqual(data.injected);
    expect(Object.entries(data.injected).filter(([, count]) => count === 0)).toEqual([]);
    expect(Object.keys(data.seconds)).toEqual(expect.arrayContaining(['setup', 'validate', 'report']));
    expect(data.unusable).toEqual([]);
  });

  it('gives each participant what SQL over the raw logs says, to the nano', async () => {
    const [{ participants, blocks }] = data.channels;
    const { owed, reasons, checks, priceDiffers } = await demoOwed(join(folder, 'first', 'logs'), 'dsp');
    const fees = BigInt(checks) * auditorFeeNano;
    const toSellers = [...owed.values()].reduce((sum, nano) => sum + nano, 0n);
    const deposit = BigInt(participants[0].depositNano);
    expect(participants.map(({ name, balanceAfterNano }) => [name, BigInt(balanceAfterNano)])).toEqual([
      ['dsp', deposit - toSellers - fees],
      ...[1, 2, 3].map((seller) => [`ssp-${seller}`, owed.get(seller)]),
      ['auditor', fees],
    ]);
    for (const { blockNumber, reasons: stated } of blocks) {
      const { 'price-differs': _, ...judged } = stated;
      const sums: Record<string, { impressions: number; nano: string }> = {};
      for (const { reason, impressions, nano } of reasons.filter((one) => one.block === blockNumber)) {
        const sum = sums[reason] ?? { impressions: 0, nano: '0' };
        sums[reason] = {
          impressions: sum.impressions + impressions,
          nano: String(BigInt(sum.nano) + nano),
        };
      }
      expect([blockNumber, judged]).toEqual([blockNumber, sums]);
    }
    expect(data.found['price-differs']).toBe(priceDiffers);
  });

  it('is the same once more for the same seed, and other for another', async () => {
    const again = resultOf<RunResult>(await demo('again'));
    expect(repeatable(again)).toEqual(repeatable(data));
    const other = resultOf<RunResult>(await demo('other', '--seed', 'another'));
    const balances = (one: RunResult): string[] =>
      one.channels[0].participants.map(({ balanceAfterNano }) => balanceAfterNano);
    for (const [index, balance] of balances(other).entries()) {
      expect([index, balance]).not.toEqual([index, balances(data)[index]]);
    }
    expect(other.found).toEqual(other.injected);
  });

  it('tells people what README.md shows, but for the seconds', async () => {
    const readme = readFileSync(join(import.meta.dirname, '../../README.md'), 'utf8');
    const [, command, shown] =
      /<!-- demo-output: npm run -s papyrus -- (.+) -->[\s\S]+?```text\n([\s\S]+?)\nSeconds:/.exec(readme) ??
      [];
    const { code, stdout } = await runPlain(command.split(' '));
    expect(code).toBe(0);
    expect(stdout.split('\nSeconds:')[0]).toBe(shown);
  });

  it('refuses a data folder that holds another network', async () => {
    for (const more of [
      ['--seed', 'another'],
      ['--sellers', '2'],
    ]) {
      const refused = await demo('first', ...more);
      expect(refused.code).toBe(5);
      expect(refused.lines).toMatchObject([
        { type: 'result', success: false, data: null, errors: [{ code: 'data-of-another-network' }] },
      ]);
    }
  });
});
