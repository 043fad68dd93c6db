/**
 * What people reported of replays, as small logs (../shared/cases): each comes out right, and the sums of its
 * prices are those that the log itself gives.
 */
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { RunResult } from '#apps/cli/src/report/run-result';
import { type CliRun, resultOf, runCli, runPlain } from './run-cli.js';

const cases = join(import.meta.dirname, '../../../shared/cases');
const hasCases = existsSync(cases);
if (!hasCases) {
  if (process.env.CI === 'true') throw new Error('the cases are not beside this checkout');
  process.stderr.write('SKIPPED: the cases of replays, which are not beside this checkout\n');
}

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'papyrus-cases-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const replay = (name: string, ...more: string[]): Promise<CliRun> =>
  runCli(['replay', join(cases, `replay-${name}`), '--disagree', '0', '--json', ...more]);

async function good(name: string, ...more: string[]): Promise<RunResult> {
  const run = await replay(name, ...more);
  expect([run.code, run.stderr]).toEqual([0, '']);
  const data = resultOf<RunResult>(run);
  expect(data.found).toEqual(data.injected);
  return data;
}

/** What each seller is owed in each block. */
const owedOf = ({ channels: [{ blocks, participants }] }: RunResult): unknown[] =>
  blocks.map(({ owed }) => owed.map(({ payee, nano }) => [participants[payee].name, nano]));

/** Refused as a whole, with the rows that could not be used. */
async function refused(name: string) {
  const run = await replay(name);
  const last = run.lines.at(-1) as {
    success: boolean;
    data: Pick<RunResult, 'unusable' | 'unusableCounts'>;
    errors: { code: string; message: string }[];
  };
  return { code: run.code, errors: last.errors.map(({ code }) => code), ...last.data };
}

(hasCases ? describe : describe.skip)('a reported log', () => {
  it('as it was published, 24 columns without a header, costs the sum over the file', async () => {
    const data = await good('24-columns-as-published.txt');
    const rows = readFileSync(join(cases, 'replay-24-columns-as-published.txt'), 'utf8').trim().split('\n');
    const sum = rows.reduce((all, row) => all + BigInt(row.split('\t')[20]) * 10_000n, 0n);
    expect([owedOf(data), data.unusable]).toEqual([[[['exchange-1', String(sum)]]], []]);
  });

  it('under the header of another layout is refused with each row by line and code', async () => {
    const unusable = [2, 3, 4, 5, 6].map((line) => ({ line, code: 'column-count' }));
    expect(await refused('24-columns-under-the-header.tsv')).toEqual({
      ...{ code: 2, errors: ['log-without-impressions'], unusable },
      unusableCounts: { 'column-count': 5 },
    });
  });

  it('with one id for all impressions pays each exchange once and names the id', async () => {
    const data = await good('static-bid-id.tsv');
    expect(data.flooding).toEqual([
      { auctionId: 'amp-static-id', exchange: '1', records: 20 },
      { auctionId: 'amp-static-id', exchange: '2', records: 20 },
    ]);
    const paid = ['exchange-1', 'exchange-2'].map((name, at) => [name, at === 0 ? '1400000' : '700000']);
    expect(owedOf(data)).toEqual([paid]);
    expect([data.found.matched, data.found.repeated]).toEqual([3, 38]);
  });

  it('that repeats an impression at another price pays the lower and counts it as contradictory', async () => {
    const data = await good('repeat-at-another-price.tsv');
    expect(owedOf(data)).toEqual([[['exchange-1', '800000']]]);
    expect([data.found.contradictory, data.found.repeated, data.found['price-differs']]).toEqual([1, 0, 1]);
  });

  it('with ids that are not UTF-8 lists them and merges none', async () => {
    expect(await refused('gbk-ids.tsv')).toMatchObject({ code: 2, unusableCounts: { 'not-utf-8': 2 } });
  });

  it.each([
    ['epoch-time.tsv', { code: 2, unusable: [{ line: 2, code: 'timestamp-out-of-range' }] }],
    ['log-type-contradicts-source.tsv', { code: 2, unusableCounts: { 'log-type-contradicts-source': 5 } }],
  ])('lists what it cannot use: %s', async (name, expected) => {
    expect(await refused(name)).toMatchObject({ ...expected, errors: ['log-without-impressions'] });
  });

  it('with a row of the year 9999 lists that row, and settles the other', async () => {
    const data = await good('one-row-far-future.tsv');
    expect(data.unusable).toEqual([{ line: 3, code: 'timestamp-out-of-range' }]);
    expect([owedOf(data), data.days]).toEqual([[[['exchange-1', '700000']]], ['2013-06-06']]);
  });

  it('pays the same whatever the order of its lines', async () => {
    const [one, other] = await Promise.all([good('midnight-in-order.tsv'), good('midnight-other-order.tsv')]);
    expect(owedOf(one)).toEqual([[['exchange-1', '700000']], [['exchange-1', '700000']]]);
    expect(owedOf(other)).toEqual(owedOf(one));
    expect(one.unusable).toEqual([{ line: 3, code: 'impression-in-another-block' }]);
    expect(other.unusable).toEqual([{ line: 2, code: 'impression-in-another-block' }]);
  });

  it('counts clicks whose exchange or time is broken', async () => {
    const data = join(folder, 'clicks');
    const { unusable } = await good('click-with-null-exchange.tsv', '--data', data);
    const audits = readFileSync(join(data, 'logs', 'auditor.tsv'), 'utf8')
      .trim()
      .split('\n')
      .slice(1);
    const clicked = audits.map((line) => [line.split('\t')[1], (Number(line.split('\t')[5]) & 4) !== 0]);
    expect([unusable, clicked]).toEqual([
      [],
      [
        ['a1', true],
        ['a2', true],
      ],
    ]);
  });

  it('writes an exchange one way, whatever zeros stand before it', async () => {
    expect(owedOf(await good('exchange-leading-zero.tsv'))).toEqual([[['exchange-1', '2100000']]]);
  });

  it('that was corrected is another log: the folder of the first is refused and stays as it is', async () => {
    const data = join(folder, 'corrected');
    const first = await good('data-folder-first.tsv', '--data', data);
    const logs = () => readFileSync(join(data, 'logs', 'exchange-1.tsv'), 'utf8');
    const before = logs();
    const run = await replay('data-folder-corrected.tsv', '--data', data);
    expect(run.code).toBe(5);
    expect(run.lines).toMatchObject([{ success: false, errors: [{ code: 'data-of-another-network' }] }]);
    expect(logs()).toBe(before);
    expect(owedOf(await good('data-folder-first.tsv', '--data', data))).toEqual(owedOf(first));
  });

  it('that costs more than the line holds tells owed, paid and missing apart, and ends with 7', async () => {
    const run = await replay('deposit-exceeded.tsv', '--deposit', '1000');
    expect(run.code).toBe(7);
    const told = { code: 'deposit-exceeded', message: expect.stringContaining('lacked 200.000000000') };
    expect(run.lines.at(-1)).toMatchObject({ success: false, errors: [told], warnings: [told] });
    const [{ participants }] = resultOf<RunResult>(run).channels;
    const figures = participants.map(({ name, owedNano, paidNano, missingNano, balanceAfterNano }) => [
      ...[name, owedNano, paidNano, missingNano, balanceAfterNano],
    ]);
    expect(figures).toEqual([
      ['advertiser', '0', '0', '0', '999999880000'],
      ['exchange-1', '1200000000000', '1000000000000', '200000000000', '1000000000000'],
      ['auditor', '120000', '120000', '0', '120000'],
    ]);
    const { stdout } = await runPlain([
      ...[
        'replay',
        join(cases, 'replay-deposit-exceeded.tsv'),
        '--disagree',
        '0',
        '--deposit',
        '1000',
        '--quiet',
      ],
    ]);
    expect(stdout).toMatch(/from +to +owed +paid +missing/);
    expect([/owed CNY/.test(stdout), /paid CNY/.test(stdout)]).toEqual([true, false]);
  });

  it('that costs as much is paid whole where nobody says what is deposited', async () => {
    const [{ participants }] = (await good('deposit-exceeded.tsv')).channels;
    expect(participants[1]).toMatchObject({ paidNano: '1200000000000', missingNano: '0' });
  });
});
