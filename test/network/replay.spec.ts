/**
 * A real log is settled: what is owed is held against SQL over the log, and no row of it is dropped silently.
 */
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { RunResult } from '#apps/cli/src/report/run-result';
import { recordFlag } from '#protocol';
import { expectedOwed } from '../recompute/owed.js';
import { logColumns, logHeader, logRow, usableRows, writeLog } from './log-file.js';
import { type CliRun, resultOf, runCli } from './run-cli.js';

const realLog = join(import.meta.dirname, '../../../shared/data/ipinyou-s2-demo-0606-0608.tsv.gz');
const hasRealLog = existsSync(realLog);
if (!hasRealLog) {
  if (process.env.CI === 'true') throw new Error('the real log is not beside this checkout');
  process.stderr.write('SKIPPED: the replay of the real log, which is not beside this checkout\n');
}

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'papyrus-replay-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/**
 * A result holds one channel; what each of its blocks owes, by day and exchange, in the order of
 * expectedOwed.
 */
function owedOf({ channels: [channel] }: RunResult, days: readonly string[]) {
  return channel.blocks.flatMap(({ blockNumber, owed }) =>
    owed.map(({ payer, payee, nano }) => {
      expect(payer).toBe(0);
      const exchange = channel.participants[payee].name.replace('exchange-', '');
      return { day: days[blockNumber], exchange, nano: BigInt(nano) };
    }),
  );
}

/** Balances change by what blocks pay, and together not at all. */
function expectBalanced({ channels: [{ participants, blocks }] }: RunResult): void {
  const sum = (texts: readonly string[]): bigint => texts.reduce((all, one) => all + BigInt(one), 0n);
  const received = (index: number): bigint =>
    sum(
      blocks.flatMap((one) =>
        one.outputTransactions.filter((t) => t.payee === index).map(({ nano }) => nano),
      ),
    );
  const paid = sum(blocks.flatMap((one) => one.outputTransactions.map(({ nano }) => nano)));
  for (const { index, balanceBeforeNano, balanceAfterNano } of participants) {
    const change = BigInt(balanceAfterNano) - BigInt(balanceBeforeNano);
    expect([index, change]).toEqual([index, index === 0 ? -paid : received(index)]);
  }
  expect(sum(participants.map((one) => one.balanceAfterNano))).toBe(
    sum(participants.map((one) => one.balanceBeforeNano)),
  );
}

function linesOfLog(path: string): string[][] {
  const bytes = readFileSync(path);
  const text = (path.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString();
  return text
    .trimEnd()
    .split('\n')
    .map((line) => line.split('\t'));
}

/** Rows of a party's log below its header. */
const partyRows = (data: string, name: string): string[][] =>
  linesOfLog(join(data, 'logs', `${name}.tsv`)).slice(1);

(hasRealLog ? describe : describe.skip)('the real log, without disagreement', () => {
  const days = ['20130606', '20130607', '20130608'];
  let run: CliRun;
  let data: RunResult;
  let dataFolder = '';
  beforeAll(async () => {
    dataFolder = join(folder, 'real');
    run = await runCli(['replay', realLog, '--disagree', '0', '--json', '--data', dataFolder]);
    data = resultOf<RunResult>(run);
  });

  it('settles as one channel of three exchanges, the advertiser and an auditor, a block a day', () => {
    expect([run.code, run.stderr]).toEqual([0, '']);
    expect(data.channels).toHaveLength(1);
    const [{ participants, blocks, currency }] = data.channels;
    expect(currency).toBe('CNY');
    expect(participants.map(({ index, role, name }) => [index, role, name])).toEqual([
      [0, 'dsp', 'advertiser'],
      [1, 'ssp', 'exchange-1'],
      [2, 'ssp', 'exchange-2'],
      [3, 'ssp', 'exchange-3'],
      [4, 'auditor', 'auditor'],
    ]);
    expect(blocks.map(({ blockNumber, stage, impressions }) => [blockNumber, stage, impressions])).toEqual([
      [0, 'settled', 11_900],
      [1, 'settled', 11_966],
      [2, 'settled', 11_954],
    ]);
  });

  it('owes each exchange on each day what SQL over the log says, to the nano', async () => {
    const { owed, rows, repetitions } = await expectedOwed(realLog);
    expect(rows).toBe(36_000);
    expect(owedOf(data, days)).toEqual(owed.map(({ day, exchange, nano }) => ({ day, exchange, nano })));
    const [{ participants }] = data.channels;
    expect(participants.slice(1, 4).map((one) => one.balanceAfterNano)).toEqual([
      '13035200000',
      '12516930000',
      '4071110000',
    ]);
    expect([data.found.repeated, data.injected.repeated]).toEqual([180, repetitions]);
    expect(data.found).toEqual(data.injected);
    expectBalanced(data);
  });

  it('uses every row or lists it by line and code', () => {
    const lines = linesOfLog(realLog);
    const of = (name: string): number => logColumns.indexOf(name);
    const bidId = (row: readonly string[]): string => row[of('bid_id')];
    const isImpression = (row: readonly string[]): boolean => row[of('log_type')] === '1';
    const body = lines.slice(1).map((row, at) => ({ row, line: at + 2 }));
    const impressions = body.filter(({ row }) => isImpression(row));
    const known = new Set(impressions.map(({ row }) => bidId(row)));
    const clicks = body.filter(({ row }) => !isImpression(row));
    const orphans = clicks.filter(({ row }) => !known.has(bidId(row)));
    expect(data.unusable).toEqual(orphans.map(({ line }) => ({ line, code: 'click-without-impression' })));
    const clicked = new Set(clicks.map(({ row }) => bidId(row)).filter((id) => known.has(id)));

    const audits = partyRows(dataFolder, 'auditor');
    const judged = new Set(audits.filter((row) => Number(row[5]) & recordFlag.click).map((row) => row[1]));
    expect(judged).toEqual(clicked);
    const bought = partyRows(dataFolder, 'advertiser');
    expect(bought.map((row) => row[1]).sort()).toEqual(impressions.map(({ row }) => bidId(row)).sort());
    const usedClicks = clicks.filter(({ row }) => clicked.has(bidId(row)));
    expect(bought.length + usedClicks.length + data.unusable.length).toBe(lines.length - 1);
    expect(lines.length - 1).toBe(39_894);
  });
});

describe('a log of one’s own', () => {
  const days = ['20240228', '20240229'];
  const usable = usableRows(days, 700);
  const bad = [
    ['one column', 'column-count'],
    [logRow({ id: 'x', day: '20240229', exchange: 1, fen: '1.5' }), 'price-not-an-integer'],
    [logRow({ id: 'x', day: '20240230', exchange: 1, fen: 1 }), 'timestamp-not-parsable'],
    [
      logRow({ source: 'clk.20240229.txt', id: 'nobody', day: '20240229', exchange: 1, fen: 0 }),
      'click-without-impression',
    ],
    [logRow({ id: 'dear', day: '20240229', exchange: 1, fen: 1_000_001 }), 'price-too-large'],
  ];

  it('owes what SQL says of its usable rows, lists the others, and has the stated form', async () => {
    const good = writeLog(join(folder, 'good.tsv'), [logHeader, ...usable]);
    const mixed = writeLog(join(folder, 'mixed.tsv'), [logHeader, ...bad.map(([line]) => line), ...usable]);
    const run = await runCli(['replay', mixed, '--disagree', '0', '--json']);
    expect([run.code, run.stderr]).toEqual([0, '']);
    const data = resultOf<RunResult>(run);
    const { owed, repetitions } = await expectedOwed(good);
    expect(repetitions).toBe(28);
    expect(owedOf(data, days)).toEqual(owed.map(({ day, exchange, nano }) => ({ day, exchange, nano })));
    expect(data.unusable).toEqual(bad.map(([, code], at) => ({ line: at + 2, code })));
    expect([data.found.repeated, data.found]).toEqual([28, data.injected]);
    expectBalanced(data);
    expectForm(run);
  });

  it('finds of every kind as many disagreements as were injected', async () => {
    const packed = writeLog(join(folder, 'log.tsv.gz'), [logHeader, ...usable]);
    const replay = ['replay', packed, '--disagree', '0.2', '--seed', 'x', '--json'];
    const run = await runCli(replay);
    expect([run.code, run.stderr]).toEqual([0, '']);
    const data = resultOf<RunResult>(run);
    expect(data.found).toEqual(data.injected);
    const kinds = Object.entries(data.injected).filter(([kind]) => kind !== 'invalid');
    expect(kinds.filter(([, count]) => count === 0)).toEqual([]);
    expectBalanced(data);
  });

  it('is refused as a whole with an exit code of its own: missing 3, of another format 2', async () => {
    const missing = await runCli(['replay', join(folder, 'none.tsv'), '--json']);
    expect(missing.code).toBe(3);
    expect(missing.lines).toMatchObject([{ success: false, errors: [{ code: 'log-not-found' }] }]);
    const wrong = writeLog(join(folder, 'wrong.tsv'), ['a\tb\tc', ...usable.slice(0, 3)]);
    for (const path of [wrong, writeLog(join(folder, 'wrong.tsv.gz'), ['a\tb', '1\t2'])]) {
      const run = await runCli(['replay', path, '--json']);
      expect(run.code).toBe(2);
      expect(run.lines).toMatchObject([{ success: false, errors: [{ code: 'log-layout-unknown' }] }]);
    }
  });
});

/** The form that users of --json build on: these names and no others, amounts as decimal strings. */
function expectForm({ lines }: CliRun): void {
  expect(lines.map(({ type }) => type).filter((type) => type === 'result')).toEqual(['result']);
  const last = lines[lines.length - 1] as unknown as { data: RunResult; [key: string]: unknown };
  expect({ ...last, data: null }).toEqual({
    ...{ type: 'result', schemaVersion: 1, success: true, data: null, errors: [], warnings: [] },
  });
  const named = (value: object, ...names: string[]): void =>
    expect(Object.keys(value).sort()).toEqual(names.sort());
  const { data } = last;
  named(
    ...([data, 'dataFolder', 'channels', 'days', 'unusable', 'unusableCounts', 'flooding'] as const),
    ...(['injected', 'found', 'seconds'] as const),
  );
  const [channel] = data.channels;
  const decimal = expect.stringMatching(/^\d+$/);
  const digest = expect.stringMatching(/^0x[0-9a-f]{64}$/);
  named(channel, 'channelId', 'currency', 'participants', 'blocks');
  expect(channel.channelId).toEqual(digest);
  for (const participant of channel.participants) {
    expect(participant).toEqual({
      ...{ index: expect.any(Number), role: expect.any(String), name: expect.any(String) },
      address: expect.stringMatching(/^0x[0-9a-f]{40}$/),
      ...{ depositNano: decimal, balanceBeforeNano: decimal, balanceAfterNano: decimal },
      ...{ owedNano: decimal, paidNano: decimal, missingNano: '0' },
    });
  }
  for (const block of channel.blocks) {
    const counts = { blockNumber: 0, records: 0, recordsDistinct: 0, impressions: 0 };
    expect(block).toEqual({
      ...Object.fromEntries(Object.keys(counts).map((name) => [name, expect.any(Number)])),
      ...{ stage: 'settled', settlementRoot: digest, outputHash: digest, reasons: expect.any(Object) },
      ...{ owed: expect.any(Array), outputTransactions: expect.any(Array), parts: expect.any(Array) },
    });
    for (const reason of Object.values(block.reasons)) {
      expect(reason).toEqual({ impressions: expect.any(Number), nano: decimal });
    }
    for (const one of [...block.owed, ...block.outputTransactions]) {
      expect(one).toEqual({ payer: 0, payee: expect.any(Number), nano: decimal });
    }
    expect(block.parts).toHaveLength(channel.participants.length);
    for (const [participant, part] of block.parts.entries()) {
      const indexCid = expect.stringMatching(/^bafk[a-z2-7]+$/);
      expect(part).toEqual({
        participant,
        indexCid,
        segments: expect.any(Number),
        valid: true,
        reason: null,
      });
    }
  }
}
