import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, describe, expect, it } from '@jest/globals';
import { readIpinyou } from './read-ipinyou.js';

const folder = mkdtempSync(join(tmpdir(), 'papyrus-log-'));
const header =
  'source\tbid_id\ttimestamp\tlog_type\tad_exchange\tslot_id\tslot_w\tslot_h\tfloor_fen_cpm\tcreative\tbid_fen_cpm\tpay_fen_cpm\tadvertiser';

function row(over: Partial<Record<'source' | 'id' | 'time' | 'exchange' | 'pay', string>> = {}): string {
  const {
    source = 'imp.20130606.txt',
    id = 'a1',
    time = '20130606124417888',
    exchange = '1',
    pay = '7',
  } = over;
  return [source, id, time, '1', exchange, 'slot', '300', '250', '0', 'creative', '300', pay, '1458'].join(
    '\t',
  );
}

function read(lines: readonly string[], name = 'log.tsv', max = 10_000_000_000n) {
  const path = join(folder, name);
  const text = `${lines.join('\n')}\n`;
  writeFileSync(path, name.endsWith('.gz') ? gzipSync(text) : text);
  return readIpinyou(path, max);
}

afterAll(() => rmSync(folder, { recursive: true }));

describe('an iPinYou log', () => {
  it('gives impressions with price, day and exchange, from plain text and gzip alike', async () => {
    const lines = [header, row(), row({ id: 'a2', time: '20130607000000000', exchange: '3', pay: '300' })];
    const log = await read(lines);
    expect(log.exchanges).toEqual(['1', '3']);
    // Midnight in China is 16:00 UTC of the day before.
    expect(log.firstDayStart).toBe(Date.UTC(2013, 5, 5, 16) / 1_000);
    expect(log.days).toBe(2);
    expect(
      log.impressions.map(({ seller, blockNumber, priceNano }) => [seller, blockNumber, priceNano]),
    ).toEqual([
      [1, 0, 70_000n],
      [2, 1, 3_000_000n],
    ]);
    expect(await read(lines, 'log.tsv.gz')).toEqual(log);
  });

  it('marks rows that come again, and reads imp files before old impressions', async () => {
    const log = await read([header, row({ source: 'old_impressions/imp.20130606.txt', pay: '9' }), row()]);
    expect(log.impressions.map(({ priceNano, isRepetition }) => [priceNano, isRepetition])).toEqual([
      [70_000n, false],
      [90_000n, true],
    ]);
  });

  it('takes clicks and conversions as evidence, and lists those without an impression', async () => {
    const clicked = row({ source: 'clk.20130606.txt', pay: '' });
    const lost = row({ source: 'conv.20130606.txt', id: 'zz' });
    const log = await read([header, clicked, row(), lost]);
    expect(log.impressions.map((one) => one.isClicked)).toEqual([true]);
    expect(log.unusable).toEqual([{ line: 4, code: 'click-without-impression' }]);
  });

  it('lists every row that it cannot use, by line and reason, and drops none silently', async () => {
    const bad = [
      'one column',
      row({ source: 'other.txt' }),
      row({ id: '' }),
      row({ id: 'x'.repeat(257) }),
      row({ time: '20130631000000000' }),
      row({ time: 'yesterday' }),
      row({ exchange: 'A' }),
      row({ pay: '1.5' }),
      row({ pay: '-3' }),
      row({ pay: '1000001' }),
      row({ id: 'good', time: '20130608000000000' }),
    ];
    const log = await read([header, row({ id: 'good' }), ...bad]);
    expect(log.unusable).toEqual([
      { line: 3, code: 'column-count' },
      { line: 4, code: 'unknown-source' },
      { line: 5, code: 'id-refused' },
      { line: 6, code: 'id-refused' },
      { line: 7, code: 'timestamp-not-parsable' },
      { line: 8, code: 'timestamp-not-parsable' },
      { line: 9, code: 'exchange-not-parsable' },
      { line: 10, code: 'price-not-an-integer' },
      { line: 11, code: 'price-not-an-integer' },
      { line: 12, code: 'price-too-large' },
      { line: 13, code: 'impression-in-another-block' },
    ]);
    expect(log.impressions.length + log.unusable.length).toBe(log.rows);
  });

  it('is refused as a whole when it is missing, of another format, or without impressions', async () => {
    await expect(readIpinyou(join(folder, 'none.tsv'), 1n)).rejects.toMatchObject({ code: 'log-not-found' });
    await expect(read(['a,b,c', row()])).rejects.toMatchObject({ code: 'log-without-header' });
    await expect(read([header])).rejects.toMatchObject({ code: 'log-without-impressions' });
    const many = Array.from({ length: 15 }, (_, n) => row({ id: `a${n}`, exchange: String(n) }));
    await expect(read([header, ...many])).rejects.toMatchObject({ code: 'too-many-exchanges' });
    writeFileSync(join(folder, 'broken.gz'), 'no gzip');
    await expect(readIpinyou(join(folder, 'broken.gz'), 1n)).rejects.toMatchObject({
      code: 'log-not-readable',
    });
  });
});
