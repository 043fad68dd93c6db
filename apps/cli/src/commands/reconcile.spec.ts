/** `papyrus reconcile` over small files: what it says, lists and refuses. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { LogRole } from '#reconciliation';
import { LogInputs } from '../reconcile/log-input.js';
import { openOutput } from '../report/output.js';
import { type ReconcileCommandOptions, runReconcile } from './reconcile.js';

const folder = mkdtempSync(join(tmpdir(), 'papyrus-reconcile-'));
afterAll(() => rmSync(folder, { recursive: true }));

const defaults: ReconcileCommandOptions = {
  priceTolerance: 0,
  onPriceMismatch: 'lower',
  onMissingDsp: 'reject',
  onMissingSsp: 'pay',
  onMissingAudit: 'reject',
  requireViewable: 'true',
  auditorFeeNano: 0n,
  limit: 100_000,
  rows: 'differences',
  memory: 16,
  quiet: true,
};

type Log = readonly [role: LogRole, name: string, text: string | Uint8Array, mapping?: string];

async function run(logs: readonly Log[], options: Partial<ReconcileCommandOptions> = {}, isJson = true) {
  const inputs = new LogInputs();
  for (const [role, name, text, mapping] of logs) {
    const path = join(folder, name.split('=').at(-1)!);
    writeFileSync(path, text);
    inputs.add(role, name.includes('=') ? `${name.split('=')[0]}=${path}` : path);
    if (mapping !== undefined) inputs.map(mapping);
  }
  const lines: string[] = [];
  const output = openOutput(isJson, (line) => void lines.push(line));
  await runReconcile(inputs, { ...defaults, ...options }, output);
  return isJson ? JSON.parse(lines.at(-1)!).data : lines.join('');
}

const head = 'auction_id,imp_id,price,ts,seller,slot,campaign\n';
const ssp = `${head}a1,1,1.25,1370489410,s,p1,c1
a2,1,2.00,1370489411,s,p1,c1
a3,1,2.5,1370493410,s,p2,"c,2"
a3,1,2.5,1370493410,s,p2,"c,2"
a5,1,oops,1370493410,s,p2,c2
{{ID}},1,1,1370493410,s,p2,c2
a7,1,\${AUCTION_PRICE},1370493410,s,p2,c2
a8,1,1
`;
const dsp = `${head}a1,1,1.25,1370489410,s,p1,c1
a2,1,1.80,1370489411,s,p1,c1
a4,1,2.5,x,s,p2,c2
`;

describe('reconcile', () => {
  it('says what each side has, what a channel would pay, and which rows cannot be used', async () => {
    const { report, logs } = await run([
      ['ssp', 'ssp.csv', ssp],
      ['dsp', 'dsp.csv.gz', gzipSync(dsp)],
    ]);
    expect(report.difference.map((one: { impressions: number }) => one.impressions)).toEqual([1, 1, 1, 1]);
    expect(report.reasons).toEqual([
      { reason: 'matched', impressions: 3, nano: '5550000' },
      { reason: 'price-differs', impressions: 1, nano: '1800000' },
      { reason: 'missing-dsp', impressions: 1, nano: '2500000' },
    ]);
    expect(logs[0].unusableRows).toEqual([
      { line: 6, code: 'price-not-a-number' },
      { line: 7, code: 'id-unresolved-macro' },
      { line: 8, code: 'price-unresolved-macro' },
      { line: 9, code: 'column-count' },
    ]);
    expect([logs[0].rows, logs[0].used, logs[1].used, logs[1].withoutTime]).toEqual([8, 4, 3, 1]);
    expect(report.placements.map((one: { name: string }) => one.name)).toEqual(['p2', 'p1']);
  });

  it('misses what a row of JSON lacks, though a row read before into its place had it', async () => {
    // 3 MB: three blocks of rows, which lie in the same memory one after the other.
    const texts = Array.from({ length: 40_000 }, (_, at) =>
      JSON.stringify({ id: `${at}-${'x'.repeat(40)}`, imp_id: '1', price: 1 }),
    );
    texts[30_000] = '{"imp_id":"1","price":1}';
    texts[30_001] = '{"id":"no-imp","price":1}';
    texts[30_002] = '{"id":"no-price","imp_id":"1"}';
    const { logs } = await run([
      ['ssp', 'ssp.ndjson', texts.join('\n')],
      ['dsp', 'dsp.csv', dsp],
    ]);
    expect(logs[0].unusableRows).toEqual([
      { line: 30_001, code: 'id-missing' },
      { line: 30_002, code: 'id-missing' },
      { line: 30_003, code: 'price-missing' },
    ]);
  });

  it('prints tables of at most 80 columns', async () => {
    const text = await run(
      [
        ['ssp', 'ssp.csv', ssp],
        ['dsp', 'dsp.csv', dsp],
      ],
      {},
      false,
    );
    const wide = text.split('\n').filter((line: string) => line.length > 80);
    expect(wide).toEqual([]);
    expect(text).toMatch(/only-buyer +only the buyer has it +1/);
  });

  it('explains every impression, and the explanations sum up to the amounts', async () => {
    const logs: Log[] = [
      ['ssp', 'ssp.csv', ssp],
      ['dsp', 'dsp.csv', dsp],
    ];
    let owed = 0n;
    let earned = 0n;
    for (const id of ['a1', 'a2', 'a3', 'a4']) {
      const { explained } = await run(logs, { explain: id });
      expect(explained.pairs).toHaveLength(1);
      owed += BigInt(explained.earnedNano.dsp);
      earned += BigInt(explained.earnedNano.s);
    }
    const { report } = await run(logs);
    expect([String(owed), String(earned)]).toEqual([
      report.payerOwesNano,
      report.counterparties[0].earnedNano,
    ]);
    const { explained } = await run(logs, { explain: 'a3' });
    expect(explained.statements.map((one: { line: number }) => one.line)).toEqual([4, 5]);
    expect(explained.pairs[0]).toMatchObject({ reason: 'missing-dsp', seller: 's', nano: '2500000' });
    await expect(run(logs, { explain: 'a9' })).rejects.toMatchObject({ code: 'id-not-in-logs' });
  });

  it('lists the impressions behind the figures, each with the rows it is from', async () => {
    const out = join(folder, 'out.csv');
    const logs: Log[] = [
      ['ssp', 'ssp.csv', ssp],
      ['dsp', 'dsp.csv', dsp],
    ];
    await run(logs, { out });
    const rows = readFileSync(out, 'utf8').trim().split('\n').slice(1).sort();
    const missing = 'a3,1,s,missing-dsp,only-seller,0.002500000,,0.002500000,0.002500000,';
    expect(rows).toEqual([
      'a2,1,s,matched,other-price,0.002000000,0.001800000,0.001800000,0.000200000,2013-06-06T03:30:11Z,c1,p1,1,1,ssp.csv:3,dsp.csv:3,',
      `${missing}2013-06-06T04:36:50Z,"c,2",p2,2,0,ssp.csv:4,,`,
      'a4,1,s,matched,only-buyer,,0.002500000,0.002500000,0.002500000,,c2,p2,0,1,,dsp.csv:4,',
    ]);
    await run(logs, { out, rows: 'all' });
    expect(readFileSync(out, 'utf8').trim().split('\n')).toHaveLength(5);
    await expect(run(logs, { out: join(folder, 'ssp.csv') })).rejects.toMatchObject({ code: 'usage' });
    await expect(run(logs, { out: join(folder, 'out.txt') })).rejects.toMatchObject({ code: 'usage' });
  });

  it('writes a page that loads nothing and takes no text of a log for markup', async () => {
    const page = join(folder, 'page.html');
    const evil = (text: string): string => text.replaceAll('p1', '<script>alert(1)</script>');
    await run(
      [
        ['ssp', 'ssp.csv', evil(ssp)],
        ['dsp', 'dsp.csv', evil(dsp)],
      ],
      { page },
    );
    const html = readFileSync(page, 'utf8');
    expect(html).toContain("default-src 'none'");
    expect(html.match(/<script/g)).toHaveLength(1);
    expect(html).not.toMatch(/(src|href)=|url\(|@import|https?:/);
    expect(html).toContain('&lt;script&gt;alert(1)&lt;/script&gt;');
  });

  it('hears the auditor, for one seller or for all', async () => {
    const audit = 'id,viewable,invalid\na1,1,0\na2,0,0\na4,1,1\n';
    const { report } = await run(
      [
        ['ssp', 'ssp.csv', ssp],
        ['dsp', 'dsp.csv', dsp],
        ['auditor', 'audit.csv', audit],
      ],
      { auditorFeeNano: 5n },
    );
    expect(
      report.reasons.map((one: { reason: string; impressions: number }) => [one.reason, one.impressions]),
    ).toEqual([
      ['matched', 1],
      ['price-differs', 1],
      ['missing-dsp', 1],
      ['invalid-traffic', 1],
      ['not-viewable', 1],
    ]);
    expect(report.auditorEarnedNano).toBe('15');
  });

  it('lets an audit without a seller speak for every seller', async () => {
    const wins = 'id,price,exchange\na,1,1\nb,2,2\n';
    const { report } = await run([
      ['ssp', 'ssp.csv', wins],
      ['dsp', 'dsp.csv', wins],
      ['auditor', 'audit.csv', 'id\na\nb\n'],
    ]);
    expect(report.reasons).toEqual([{ reason: 'matched', impressions: 2, nano: '3000000' }]);
  });

  it('tells sellers apart, takes 1 and 01 for one, and asks whose a log is where it cannot know', async () => {
    const buyer = 'id,price,exchange\na,1,1\nb,2,01\nc,4,2\n';
    const mapping = 'id=id,price=price:cpm:EUR,seller=exchange:number';
    const seller = 'id,price\na,1\nb,2\n';
    const own = 'id=id,price=price:cpm:EUR';
    const { report } = await run([
      ['ssp', '1=seller.csv', seller, own],
      ['dsp', 'buyer.csv', buyer, mapping],
    ]);
    expect(
      report.counterparties.map((one: { name: string; differing: number }) => [one.name, one.differing]),
    ).toEqual([
      ['1', 0],
      ['2', 1],
    ]);
    await expect(
      run([
        ['ssp', 'seller.csv', seller, own],
        ['dsp', 'buyer.csv', buyer, mapping],
      ]),
    ).rejects.toMatchObject({ code: 'seller-unknown' });
    const where = await run([
      ['ssp', 'seller.csv', seller, own],
      ['dsp', 'buyer.csv', buyer, 'id=id,price=price:cpm:EUR,seller=exchange:number,where=exchange:1|01'],
    ]);
    expect([where.report.total.differing, where.logs[1].leftOut]).toEqual([0, 1]);
    await expect(
      run([
        ['ssp', 'seller.csv', seller, own],
        ['dsp', 'buyer.csv', buyer, 'id=id,price=price:cpm:USD'],
      ]),
    ).rejects.toMatchObject({ code: 'currencies-differ' });
  });

  it('reads the logs of iPinYou as published, seasons 2 and 3, and refuses logs of bids by name', async () => {
    const row = (id: string, type: string, price: number): string[] => [
      ...[
        id,
        '20131021192300000',
        type,
        'user',
        'agent',
        '0.0.0.*',
        '238',
        '246',
        '01',
        'domain',
        'url',
        'null',
      ],
      ...[
        'slot',
        '300',
        '250',
        'FirstView',
        'Na',
        '0',
        '10722',
        '294',
        String(price),
        'null',
        '2821',
        '10063',
      ],
    ];
    const rows = [row('a', '1', 201), row('b', '1', 70), row('b', '2', 70)];
    const season3 = rows.map((one) => `${one.join('\t')}\n`).join('');
    const season2 = rows.map((one) => `${one.slice(0, 23).join('\t')}\n`).join('');
    const { report, currency } = await run([
      ['ssp', 'imp.3.txt', season3],
      ['dsp', 'imp.2.txt', season2],
    ]);
    expect([report.payerOwesNano, currency, report.counterparties[0].name]).toEqual([
      String(271 * 10_000),
      'CNY',
      '1',
    ]);
    expect(report.hours[0].startSeconds).toBe(Date.UTC(2013, 9, 21, 11) / 1_000);
    const bids = `${row('a', '1', 201).slice(0, 21).join('\t')}\n`;
    await expect(
      run([
        ['ssp', 'bid.txt', bids],
        ['dsp', 'imp.2.txt', season2],
      ]),
    ).rejects.toMatchObject({
      code: 'log-of-bids',
    });
    await expect(
      run([
        ['ssp', 'other.txt', 'a\tb\tc\n'],
        ['dsp', 'imp.2.txt', season2],
      ]),
    ).rejects.toMatchObject({ code: 'log-without-header' });
  });

  it('says the same whatever the order of lines', async () => {
    const rows = fc.array(
      fc.tuple(
        fc.constantFrom('a', 'b', 'c', 'd'),
        fc.constantFrom('1', '2.5'),
        fc.constantFrom('p', 'q', ''),
      ),
      { minLength: 1, maxLength: 8 },
    );
    const both = rows.chain((list) =>
      fc.tuple(fc.constant(list), fc.shuffledSubarray(list, { minLength: list.length })),
    );
    const text = (list: readonly (readonly string[])[]): string =>
      `id,price,placement\n${list.map((one) => `${one.join(',')}\n`).join('')}`;
    await fc.assert(
      fc.asyncProperty(both, both, async ([one, oneOther], [two, twoOther]) => {
        const first = await run([
          ['ssp', 's.csv', text(one)],
          ['dsp', 'd.csv', text(two)],
        ]);
        const second = await run([
          ['ssp', 's.csv', text(oneOther)],
          ['dsp', 'd.csv', text(twoOther)],
        ]);
        expect(second.report).toEqual(first.report);
      }),
      { numRuns: 25 },
    );
  });

  it('refuses logs that name no column, or a column that is not there', async () => {
    const good: Log = ['dsp', 'dsp.csv', dsp];
    await expect(
      run([['ssp', 'x.csv', 'id,price\na,1\n', 'id=nope,price=price'], good]),
    ).rejects.toMatchObject({
      code: 'column-not-found',
    });
    const shifted = `${head}${'a,1,1,1370489410,s,p,c,more\n'.repeat(3)}`;
    await expect(run([['ssp', 'shifted.csv', shifted], good])).rejects.toMatchObject({
      code: 'log-without-usable-rows',
      message: expect.stringContaining('column-count 3 (lines 2, 3, 4)'),
    });
    await expect(run([['ssp', 'ssp.csv', ssp]])).rejects.toMatchObject({ code: 'usage' });
    await expect(
      run([['ssp', 'ssp.csv', ssp], good], { out: join(folder, 'o.csv'), temp: join(folder, 'not-there') }),
    ).rejects.toMatchObject({ code: 'temporary-folder-full' });
  });
});
