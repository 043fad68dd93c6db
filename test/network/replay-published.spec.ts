/** Files in the layouts in which iPinYou published its logs, by season and packing, cost what their rows say. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { RunResult } from '#apps/cli/src/report/run-result';
import { resultOf, runCli, runPlain } from './run-cli.js';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'papyrus-published-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Row {
  readonly id: string;
  readonly hour: number;
  readonly exchange: number;
  readonly fen: number;
}

/** The columns of both seasons, those of season 3 with user tags. */
function published({ id, hour, exchange, fen }: Row, season: 2 | 3, type: 1 | 2 | 3, day: string): string {
  const time = `${day}${String(hour).padStart(2, '0')}0000000`;
  const head = [id, time, type, 'u', 'agent', '1.1.1.*', 1, 2, exchange, 'd', 'u', 'null'];
  const tail = ['slot', 300, 250, 'Na', 'Na', 0, 'c', 300, fen, 'null', 1458];
  return [...head, ...tail, ...(season === 3 ? ['10063,10077'] : [])].join('\t');
}

const rowOf = (prefix: string, at: number): Row => ({
  ...{ id: `${prefix}${String(at).padStart(2, '0')}`, hour: at % 24 },
  ...{ exchange: 1 + (at % 3), fen: 20 + ((at * 7) % 90) },
});
const season2 = Array.from({ length: 40 }, (_, at) => rowOf('s2', at));
const season3 = Array.from({ length: 200 }, (_, at) => rowOf('s3', at));

/** `season2` of 2013-06-06 as season 2 has it, packed by bzip2 1.0. */
const season2Packed =
  'QlpoMTFBWSZTWZV+O0AABrZdgA4wABF/4AABLoWOAEACXVtmkmgaUwenqoEaAAEp6SEyoAAAKAAaAAAKkRMplNIzSaD0m2I8CNiOkmdVIqoaqqhV' +
  'H0IceklC1SUJwoqt+Vud+OOj6ySSSSSSxhJ21xxnnnnnCSLifMncRUDCSe4ihD+AoQKOtdSSSRYsWLFixYsWZZUpXPa+mz12AAAAAAAAAAzSULcR' +
  'sR/BHYR+xGBJO8SPW+sEh6CPkRjv+M8CNnFEhYi8YqvXqt8dTL4ZeadaxF3h2b01nYo0FCKMhJa7sMCKRMUqlU6EdZ44yk5vrrIj0CKEZdm3LMza' +
  'qVTIi7YESCqqyqKvmc4KKzy+OP7RezrGQKEDEltBdy2gu5bQWWBQiq43rGKKe3rmMhG2mKEUYqqqjG81e92y1KEU1jWe943wI1plc7CM41x37YzM' +
  '0SG6KjFLWro22sUSxV2m0zKShXamMUm2ZcbWKQoj+hFCSeRHgR7hHgI9hHkRoIyI8iLEfQj/iLCLCPsXckU4UJCVfjtA';

function write(name: string, bytes: string | Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, bytes);
  return path;
}

function lines(rows: readonly Row[], season: 2 | 3, type: 1 | 2 | 3, day: string): string {
  return `${rows.map((row) => published(row, season, type, day)).join('\n')}\n`;
}

/** What a block owes each exchange. */
function owedOf(rows: readonly Row[]): string[] {
  return [1, 2, 3].map((exchange) => {
    const own = rows.filter((row) => row.exchange === exchange);
    return String(own.reduce((sum, { fen }) => sum + fen * 10_000, 0));
  });
}

it('seasons 2 and 3, impressions, clicks and conversions, plain, gzip and bzip2, are one log of two days', async () => {
  const files = [
    write('conv.20131021.txt', lines(season3.slice(0, 3), 3, 3, '20131021')),
    write('imp.20130606.txt.bz2', Buffer.from(season2Packed, 'base64')),
    write('clk.20131021.txt.gz', gzipSync(lines(season3.slice(0, 20), 3, 2, '20131021'))),
    write('imp.20131021.txt.gz', gzipSync(lines(season3, 3, 1, '20131021'))),
    write('clk.20130606.txt', lines([...season2.slice(0, 5), rowOf('zz', 0)], 2, 2, '20130606')),
  ];
  for (const order of [files, files.toReversed()]) {
    const run = await runCli(['replay', ...order, '--disagree', '0', '--json']);
    expect([run.code, run.stderr]).toEqual([0, '']);
    const data = resultOf<RunResult>(run);
    const [{ blocks }] = data.channels;
    expect(data.days).toEqual(['2013-06-06', '2013-10-21']);
    const found = blocks.map(({ owed }) => owed.map(({ nano }) => nano));
    expect(found).toEqual([owedOf(season2), owedOf(season3)]);
    expect(data.unusable).toEqual([{ file: 'clk.20130606.txt', line: 6, code: 'click-without-impression' }]);
  }
});

it('the order of lines changes no amount, where the parties disagree too', async () => {
  const repeated = [...season3, ...season3.slice(0, 30).map((row) => ({ ...row, fen: row.fen + 1 }))];
  const orders = [repeated, repeated.toReversed(), repeated.toSorted((a, b) => a.fen - b.fen)];
  const amounts: unknown[] = [];
  for (const [at, rows] of orders.entries()) {
    const path = write(`imp.2013102${at}.txt`, lines(rows, 3, 1, '20131021'));
    const run = await runCli(['replay', path, '--disagree', '0.4', '--seed', 's', '--json']);
    expect([run.code, run.stderr]).toEqual([0, '']);
    const data = resultOf<RunResult>(run);
    amounts.push(
      data.channels[0].blocks.map(({ outputTransactions, reasons }) => [outputTransactions, reasons]),
    );
    expect(data.found).toEqual(data.injected);
  }
  expect(amounts[1]).toEqual(amounts[0]);
  expect(amounts[2]).toEqual(amounts[0]);
});

it('files of bids and of no known layout are refused: what was looked for, what was found', async () => {
  const bid = published(season3[0], 3, 1, '20131021').split('\t');
  const bids = bid.filter((_, at) => ![2, 20, 21].includes(at)).join('\t');
  const good = write('imp.20131022.txt', lines(season3, 3, 1, '20131022'));
  const first = await runCli(['replay', good, write('bid.20131022.txt', `${bids}\n`), '--json']);
  expect([first.code, first.lines.at(-1)]).toMatchObject([2, { errors: [{ code: 'log-of-bids' }] }]);
  const other = await runPlain(['replay', write('other.csv', 'id,price\n1,2\n'), '--quiet']);
  expect([other.code, other.stdout]).toEqual([2, '']);
  expect(other.stderr).toMatch(
    /log-layout-unknown: .*24 columns.*23 columns.*source, bid_id.*found: 1 columns that begin "id,price"/,
  );
  const named = await runCli(['replay', good, '--layout', 'season-2', '--json']);
  expect(named.lines.at(-1)).toMatchObject({ data: { unusableCounts: { 'column-count': 200 } } });
  expect((await runCli(['replay', good, '--layout', 'season-1', '--json'])).code).toBe(2);
});
