import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Impression } from './impression.js';
import { impressionsOf } from './log-traffic.js';
import { type LogSurvey, surveyLog } from './survey-log.js';

const folder = mkdtempSync(join(tmpdir(), 'papyrus-log-'));
afterAll(() => rmSync(folder, { recursive: true }));
const priceNanoMax = 10_000_000_000n;
const header =
  'source\tbid_id\ttimestamp\tlog_type\tad_exchange\tslot_id\tslot_w\tslot_h\tfloor_fen_cpm\tcreative\tbid_fen_cpm\tpay_fen_cpm\tadvertiser';

type Row = Partial<Record<'source' | 'id' | 'time' | 'exchange' | 'pay' | 'type', string>>;

function row(over: Row = {}): string {
  const { source = 'imp.20130606.txt', id = 'a1', time = '20130606124417888', exchange = '1' } = over;
  const { pay = '7', type = source.includes('imp') ? '1' : '2' } = over;
  return [source, id, time, type, exchange, 'slot', '300', '250', '0', 'creative', '300', pay, '1458'].join(
    '\t',
  );
}

/** A row of season 3 as it was published. */
function published(over: Row = {}): string {
  const { id = 'a1', time = '20130606124417888', exchange = '1', pay = '7', type = '1' } = over;
  const head = [id, time, type, 'user', 'agent', '1.1.1.*', '1', '2', exchange, 'domain', 'url', 'null'];
  return [
    ...head,
    'slot',
    '300',
    '250',
    'Na',
    'Na',
    '0',
    'creative',
    '300',
    pay,
    'null',
    '1458',
    'tags',
  ].join('\t');
}

let files = 0;
function file(lines: readonly (string | Buffer)[], name = 'log.tsv'): string {
  const place = join(folder, `f${files++}`);
  mkdirSync(place);
  const bytes = Buffer.concat(lines.flatMap((line) => [Buffer.from(line), Buffer.from('\n')]));
  const path = join(place, name);
  writeFileSync(path, name.endsWith('.gz') ? gzipSync(bytes) : bytes);
  return path;
}

function survey(paths: readonly string[], options = {}): Promise<LogSurvey> {
  const rows = join(folder, `rows${files++}`);
  mkdirSync(rows);
  return surveyLog(paths, { folder: rows, priceNanoMax, ...options });
}

/** What becomes of a log: its impressions block by block, and what was left out. */
async function read(lines: readonly (string | Buffer)[], name?: string) {
  const log = await survey([file(lines, name)]);
  return { ...log, impressions: await allImpressions(log), left: log.unusable.list() };
}

async function allImpressions(log: LogSurvey): Promise<Impression[]> {
  const impressions: Impression[] = [];
  for (const blockNumber of log.days.keys()) {
    for await (const some of impressionsOf(log, blockNumber)) impressions.push(...some);
  }
  return impressions;
}

describe('a log', () => {
  it('gives impressions with price, block and seller, from plain text and gzip alike', async () => {
    const lines = [header, row(), row({ id: 'a2', time: '20130607000000000', exchange: '3', pay: '300' })];
    const log = await read(lines);
    expect([log.exchanges, log.rows, log.days.length]).toEqual([['1', '3'], 2, 2]);
    expect(log.impressions.map((one) => [one.seller, one.blockNumber, one.priceNano])).toEqual([
      [1, 0, 70_000n],
      [2, 1, 3_000_000n],
    ]);
    expect((await read(lines, 'log.tsv.gz')).impressions).toEqual(log.impressions);
  });

  it('says of rows that come again whether their price is known', async () => {
    const log = await read([header, ...['7', '7', '9', '9', '7', '8'].map((pay) => row({ pay }))]);
    expect(log.impressions.map(({ again }) => again)).toEqual([
      ...[undefined, 'repeated', 'contradictory', 'repeated', 'repeated', 'repriced'],
    ]);
  });

  it('takes clicks and conversions as evidence, and lists those without an impression', async () => {
    const clicked = row({ source: 'clk.20130606.txt', pay: '', exchange: 'null', time: '' });
    const lost = row({ source: 'conv.20130606.txt', id: 'zz' });
    const log = await read([header, clicked, row(), lost]);
    expect(log.impressions.map((one) => one.isClicked)).toEqual([true]);
    expect(log.left).toEqual([{ line: 4, code: 'click-without-impression' }]);
  });

  it('has an impression of an exchange in the block of its first day, whatever the order of its rows', async () => {
    const rows = [
      row({ time: '20130606235959999' }),
      row({ time: '20130607000000001', pay: '9' }),
      row({ time: '20130607000000001', exchange: '2' }),
    ];
    for (const [order, line] of [
      [[0, 1, 2], 3],
      [[1, 0, 2], 2],
      [[2, 1, 0], 3],
    ] as const) {
      const log = await read([header, ...order.map((at) => rows[at])]);
      const found = log.impressions.map((one) => [one.seller, one.blockNumber, one.priceNano]);
      expect(found).toEqual([
        [1, 0, 70_000n],
        [2, 1, 70_000n],
      ]);
      expect(log.left).toEqual([{ line, code: 'impression-in-another-block' }]);
    }
  });

  it('has no block for days without impressions, and lists rows of days that are none', async () => {
    const log = await read([
      header,
      row({ time: '20130607000000001' }),
      row({ time: '20130606235959999' }),
      row({ id: 'a2', time: '20991231000000000' }),
    ]);
    expect(log.impressions.map((one) => [one.auctionId, one.blockNumber])).toEqual([
      ['a1', 0],
      ['a2', 1],
    ]);
    expect(log.left).toEqual([{ line: 2, code: 'impression-in-another-block' }]);
  });

  it('never merges ids whose bytes are not UTF-8, and keeps those that hold U+FFFD', async () => {
    const bytes = (byte: number): Buffer =>
      Buffer.concat([Buffer.from('imp.20130606.txt\t'), Buffer.of(byte), Buffer.from(row().slice(19))]);
    const log = await read([header, bytes(0xc4), row({ id: '\ufffd' }), bytes(0xba)]);
    expect(log.impressions.map(({ auctionId }) => auctionId)).toEqual(['\ufffd']);
    expect(log.left).toEqual([
      { line: 2, code: 'not-utf-8' },
      { line: 4, code: 'not-utf-8' },
    ]);
  });

  it('uses every row or lists it by line and code', async () => {
    const bad = ['one column', row({ source: 'other.txt' }), row({ id: '-' }), row({ exchange: 'A' }), ''];
    const log = await read([header, ...bad, row(), row({ pay: '1.5' }), 'x'.repeat(1_100_000)]);
    expect(log.left).toEqual([
      { line: 2, code: 'column-count' },
      { line: 3, code: 'unknown-source' },
      { line: 4, code: 'id-refused' },
      { line: 5, code: 'exchange-not-parsable' },
      { line: 6, code: 'column-count' },
      { line: 8, code: 'price-not-an-integer' },
      { line: 9, code: 'not-utf-8' },
    ]);
    expect(log.impressions.length + log.left.length).toBe(log.rows);
  });

  it('names an id that stands for many records, by exchange', async () => {
    const many = Array.from({ length: 17 }, (_, at) => row({ id: 'static', pay: `${at}` }));
    const log = await read([
      header,
      ...many,
      ...many.slice(0, 16).map((line) => line.replace('\t1\tslot', '\t2\tslot')),
    ]);
    expect(log.floods).toEqual([{ auctionId: 'static', exchange: '1', records: 17 }]);
  });
});

describe('several files', () => {
  const imp = [published(), published({ id: 'a2', pay: '9', exchange: '2' })];
  const clk = [published({ type: '2' })];

  it('are one log, in whatever order they are named, and rows left out are listed by file', async () => {
    const paths = [file(imp, 'imp.20130606.txt'), file([...clk, 'cut'], 'clk.20130606.txt')];
    const one = await survey(paths);
    const other = await survey(paths.toReversed());
    expect(one.unusable.list()).toEqual([{ file: 'clk.20130606.txt', line: 2, code: 'column-count' }]);
    const found = await allImpressions(one);
    expect(found.map(({ auctionId, isClicked }) => [auctionId, isClicked])).toEqual([
      ['a1', true],
      ['a2', false],
    ]);
    expect([other.digest, await allImpressions(other)]).toEqual([one.digest, found]);
  });

  it('of seasons 2 and 3 are read each by its own layout', async () => {
    const season2 = imp.map((line) => line.slice(0, line.lastIndexOf('\t')));
    const log = await survey([
      file(season2),
      file([published({ id: 'a3' })]),
      file([header, row({ id: 'a4' })]),
    ]);
    expect((await allImpressions(log)).map(({ auctionId }) => auctionId)).toEqual(['a1', 'a2', 'a3', 'a4']);
  });

  it('are another log where one byte differs', async () => {
    const one = await survey([file([header, row()])]);
    const other = await survey([file([header, row({ pay: '8' })])]);
    expect(one.digest).not.toBe(other.digest);
  });
});

describe('a file is refused as a whole', () => {
  it('when it is missing, cut within its packing, or of no known layout: what was looked for, what was found', async () => {
    await expect(survey([join(folder, 'none.tsv')])).rejects.toMatchObject({ code: 'log-not-found' });
    const whole = gzipSync(`${header}\n${row()}\n`);
    const cut = file([]);
    writeFileSync(cut, whole.subarray(0, whole.length - 10));
    await expect(survey([cut])).rejects.toMatchObject({ code: 'log-not-readable' });
    writeFileSync(cut, 'BZh9 is no bzip2');
    await expect(survey([cut])).rejects.toMatchObject({ code: 'log-not-readable' });
    for (const lines of [['a,b,c', row()], [], Array.from({ length: 200 }, () => 'x')]) {
      await expect(survey([file(lines)])).rejects.toMatchObject({
        code: 'log-layout-unknown',
        message: expect.stringMatching(/season-3 \(24 columns.*season-2 \(23 columns.*found: /),
      });
    }
  });

  it('when it holds bids, by its columns or by its name', async () => {
    const bid = ['a1', '20130606124417888', ...Array.from({ length: 19 }, () => 'x')].join('\t');
    for (const path of [file([bid]), file([bid.slice(0, -2)]), file([published()], 'bid.20130606.txt')]) {
      await expect(survey([path])).rejects.toMatchObject({ code: 'log-of-bids' });
    }
  });

  it('when it is of more exchanges than a channel takes', async () => {
    const many = Array.from({ length: 15 }, (_, at) => row({ id: `a${at}`, exchange: `${at}` }));
    await expect(read([header, ...many])).rejects.toMatchObject({ code: 'too-many-exchanges' });
    expect((await read([header, ...many.slice(1)])).exchanges).toHaveLength(14);
  });

  it('but not for a first row that was cut', async () => {
    const log = await read(['6\tcut off', published()]);
    expect([log.left, log.impressions.length]).toEqual([[{ line: 1, code: 'column-count' }], 1]);
  });
});

it('the order of lines changes no price, block or seller of any impression', async () => {
  const time = fc.constantFrom('20130606120000000', '20130606235959999', '20130607000000000');
  const pay = fc.constantFrom('1', '2', '3');
  const some = fc.record({
    id: fc.constantFrom('a', 'b', 'c'),
    exchange: fc.constantFrom('1', '2', '01'),
    time,
    pay,
  });
  const summary = async (rows: readonly Row[]): Promise<string[]> => {
    const log = await read([header, ...rows.map(row)]);
    const named = log.impressions.map((one) =>
      [one.auctionId, one.seller, one.blockNumber, one.priceNano].join(),
    );
    return [...named.sort(), `${log.left.length} left`];
  };
  await fc.assert(
    fc.asyncProperty(fc.array(some, { minLength: 1, maxLength: 12 }), fc.integer(), async (rows, seed) => {
      const shuffled = rows
        .map((one, at) => [Math.imul(at + 1, seed | 1) >>> 0, one] as const)
        .sort(([a], [b]) => a - b)
        .map(([, one]) => one);
      expect(await summary(shuffled)).toEqual(await summary(rows));
    }),
    { numRuns: 40 },
  );
});
