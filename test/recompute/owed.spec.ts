/** The recomputation itself: control totals of the real log, and small logs reckoned by hand. */
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { demoOwed, expectedOwed } from './owed.js';

const realLog = join(import.meta.dirname, '../../../shared/data/ipinyou-s2-demo-0606-0608.tsv.gz');
const hasRealLog = existsSync(realLog);
if (!hasRealLog) {
  process.stderr.write('SKIPPED: control totals of the real log, which is not beside this checkout\n');
}

(hasRealLog ? describe : describe.skip)('the real log', () => {
  it('gives its control totals by day and exchange, and 180 repetitions', async () => {
    const { owed, rows, repetitions } = await expectedOwed(realLog);
    expect([rows, repetitions]).toEqual([36_000, 180]);
    const fen = owed.map(({ day, exchange, nano }) => [day, exchange, Number(nano / 10_000n)]);
    expect(fen).toEqual([
      ['20130606', '1', 511_618],
      ['20130606', '2', 299_517],
      ['20130606', '3', 133_049],
      ['20130607', '1', 311_455],
      ['20130607', '2', 504_225],
      ['20130607', '3', 130_029],
      ['20130608', '1', 480_447],
      ['20130608', '2', 447_951],
      ['20130608', '3', 144_033],
    ]);
    const total = (exchange: string): bigint =>
      owed.filter((one) => one.exchange === exchange).reduce((sum, { nano }) => sum + nano, 0n);
    expect(['1', '2', '3'].map(total)).toEqual([13_035_200_000n, 12_516_930_000n, 4_071_110_000n]);
    expect(owed.reduce((sum, { impressions }) => sum + impressions, 0)).toBe(35_820);
  });
});

describe('small logs', () => {
  let folder = '';
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'papyrus-recompute-'));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  it('of the iPinYou format count the first row of an id, imp.* before old_impressions', async () => {
    const header =
      'source bid_id timestamp log_type ad_exchange slot_id slot_w slot_h floor_fen_cpm creative ' +
      'bid_fen_cpm pay_fen_cpm advertiser';
    const row = (source: string, id: string, day: string, type: number, exchange: number, fen: number) =>
      [source, id, `${day}120000000`, type, exchange, "it's", 1, 1, 0, '"c', 300, fen, 7].join('\t');
    const lines = [
      header.replaceAll(' ', '\t'),
      row('old_impressions/imp.20130606.txt', 'a', '20130606', 1, 1, 5),
      row('imp.20130606.txt', 'a', '20130606', 1, 1, 7),
      row('imp.20130606.txt', 'b', '20130606', 1, 1, 20),
      row('imp.20130606.txt', 'b', '20130606', 1, 1, 99),
      row('clk.20130606.txt', 'c', '20130606', 2, 1, 1_000),
      row('imp.20130607.txt', 'd', '20130607', 1, 2, 1),
    ];
    const path = join(folder, "log o'.tsv.gz");
    writeFileSync(path, gzipSync(`${lines.join('\n')}\n`));
    expect(await expectedOwed(path)).toEqual({
      owed: [
        { day: '20130606', exchange: '1', impressions: 2, nano: 270_000n },
        { day: '20130607', exchange: '2', impressions: 1, nano: 10_000n },
      ],
      rows: 5,
      repetitions: 2,
    });
  });

  it('of the parties give every reason, and of two prices the one against its author', async () => {
    const huge = 2n ** 57n + 1n;
    const logs: Record<string, (string | number | bigint)[][]> = {
      dsp: [
        [0, 'agreed', 'win', 1, 100, 0, 1, 0],
        [0, 'differs', 'win', 1, 111, 0, 1, 0],
        [0, 'contradictory', 'win', 1, 90, 0, 1, 0],
        [0, 'contradictory', 'win', 1, 95, 0, 1, 0],
        [0, 'no-ssp', 'win', 2, 50, 0, 1, 0],
        [0, 'late', 'win', 1, 100, 0, 1, 1],
        [0, 'invalid', 'win', 2, 70, 0, 1, 0],
        [0, 'hidden', 'win', 2, 80, 0, 1, 0],
        [0, 'unseen', 'win', 2, 30, 0, 1, 0],
        [1, 'agreed', 'win', 1, huge, 0, 1, 0],
        [1, 'test', 'win', 1, 5, 32, 1, 0],
      ],
      'ssp-1': [
        [0, 'agreed', 'win', 1, 100, 0, 1, 0],
        [0, 'differs', 'win', 1, 100, 0, 1, 0],
        [0, 'contradictory', 'win', 1, 95, 0, 1, 0],
        [0, 'contradictory', 'win', 1, 105, 0, 1, 0],
        [0, 'no-dsp', 'win', 1, 60, 0, 1, 0],
        [1, 'agreed', 'win', 1, huge, 0, 1, 0],
      ],
      'ssp-2': [[0, 'unseen', 'win', 2, 30, 0, 1, 0]],
      auditor: [
        ...['agreed', 'differs', 'contradictory', 'no-dsp'].map((one) => [0, one, 'audit', 1, 0, 3, 1, 0]),
        [0, 'no-ssp', 'audit', 2, 0, 7, 1, 0],
        [0, 'invalid', 'audit', 255, 0, 11, 1, 0],
        [0, 'hidden', 'audit', 2, 0, 1, 1, 0],
        [0, 'unseen', 'audit', 2, 0, 3, 1, 1],
        [1, 'agreed', 'audit', 1, 0, 3, 1, 0],
      ],
    };
    const header = 'block auction kind seller price_nano flags timestamp_ms late'.split(' ');
    for (const [name, rows] of Object.entries(logs)) {
      writeFileSync(
        join(folder, `${name}.tsv`),
        `${[header, ...rows].map((row) => row.join('\t')).join('\n')}\n`,
      );
    }
    const { reasons, owed, checks, priceDiffers } = await demoOwed(folder, 'dsp');
    expect(reasons.map((one) => Object.values(one))).toEqual([
      [0, 1, 'matched', 3, 295n, 3],
      [0, 1, 'missing-dsp', 1, 60n, 0],
      [0, 2, 'invalid-traffic', 1, 70n, 1],
      [0, 2, 'matched', 1, 50n, 1],
      [0, 2, 'missing-audit', 1, 30n, 0],
      [0, 2, 'not-viewable', 1, 80n, 1],
      [1, 1, 'matched', 1, huge, 1],
    ]);
    expect([...owed]).toEqual([
      [1, 295n + huge],
      [2, 50n],
    ]);
    expect([checks, priceDiffers]).toEqual([7, 1]);
  });
});
