/**
 * What people reported of logs (../shared/cases), reconciled: each log with itself, so that what is paid is
 * what the log gives, and what a log contradicts itself in shows.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { type ReconcileCommandOptions, runReconcile } from '#apps/cli/src/commands/reconcile';
import { LogInputs } from '#apps/cli/src/reconcile/log-input';
import { openOutput } from '#apps/cli/src/report/output';

const cases = join(import.meta.dirname, '../../shared/cases');
const hasCases = existsSync(cases);
if (!hasCases) {
  if (process.env.CI === 'true') throw new Error('the cases are not beside this checkout');
  process.stderr.write('SKIPPED: the cases of reconciliations, which are not beside this checkout\n');
}

const options: ReconcileCommandOptions = {
  ...{ priceTolerance: 0, onPriceMismatch: 'lower', onMissingDsp: 'reject', onMissingSsp: 'pay' },
  ...{ onMissingAudit: 'reject', requireViewable: 'true', auditorFeeNano: 0n, limit: 100_000 },
  ...{ rows: 'differences', memory: 16, quiet: true },
};

async function reconciled(name: string) {
  const inputs = new LogInputs();
  for (const role of ['ssp', 'dsp'] as const) inputs.add(role, join(cases, `replay-${name}`));
  const lines: string[] = [];
  await runReconcile(
    inputs,
    options,
    openOutput(true, (line) => void lines.push(line)),
  );
  const { report, logs } = JSON.parse(lines.at(-1)!).data;
  const earned = report.counterparties.map((one: { name: string; earnedNano: string }) => [
    one.name,
    one.earnedNano,
  ]);
  const { used, leftOut, withoutTime } = logs[0];
  return { report, earned, rows: { used, leftOut, withoutTime } };
}

(hasCases ? describe : describe.skip)('a reported log, reconciled with itself', () => {
  it('as it was published, 24 columns without a header, pays the sum over the file', async () => {
    const rows = readFileSync(join(cases, 'replay-24-columns-as-published.txt'), 'utf8').trim().split('\n');
    const sum = rows.reduce((all, row) => all + BigInt(row.split('\t')[20]) * 10_000n, 0n);
    const { report, earned } = await reconciled('24-columns-as-published.txt');
    expect([earned, report.total.differing]).toEqual([[['1', String(sum)]], 0]);
  });

  it.each([
    ['24-columns-under-the-header.tsv', 'column-count 5 (lines 2, 3, 4, 5, 6)'],
    ['gbk-ids.tsv', 'id-not-acceptable 2 (lines 2, 3)'],
    ['log-type-contradicts-source.tsv', 'left out by where 5'],
  ])('as %s is refused with its rows', async (name, rows) => {
    await expect(reconciled(name)).rejects.toMatchObject({
      code: 'log-without-usable-rows',
      message: expect.stringContaining(rows),
    });
  });

  it('pays a static id once for each seller, and says that it floods', async () => {
    const { report, earned } = await reconciled('static-bid-id.tsv');
    expect(earned).toEqual([
      ['1', '1400000'],
      ['2', '700000'],
    ]);
    expect(report.flooding).toEqual(['dsp', '1', '2'].map((name) => ({ name, count: 1 })));
  });

  it('pays the lower of two prices of one id, which it counts as a contradiction', async () => {
    const { report, earned } = await reconciled('repeat-at-another-price.tsv');
    expect(earned).toEqual([['1', '800000']]);
    expect(report.contradictory).toEqual(['dsp', '1'].map((name) => ({ name, count: 1 })));
  });

  it('counts what has no time that can be', async () => {
    const epoch = await reconciled('epoch-time.tsv');
    expect(epoch.rows).toEqual({ used: 1, leftOut: 0, withoutTime: 1 });
    const future = await reconciled('one-row-far-future.tsv');
    expect(future.rows).toEqual({ used: 2, leftOut: 0, withoutTime: 1 });
  });

  it('says the same whatever the order of lines around midnight', async () => {
    const [one, other] = [
      await reconciled('midnight-in-order.tsv'),
      await reconciled('midnight-other-order.tsv'),
    ];
    expect(other.report).toEqual(one.report);
    expect(one.earned).toEqual([['1', '1400000']]);
  });

  it('takes 1, 01 and 001 for one seller, and leaves clicks out whatever else they say', async () => {
    expect((await reconciled('exchange-leading-zero.tsv')).earned).toEqual([['1', '2100000']]);
    const clicks = await reconciled('click-with-null-exchange.tsv');
    expect([clicks.earned, clicks.rows.leftOut]).toEqual([[['1', '1400000']], 2]);
  });
});
