/** Reconciliations against SQL over the same files, in every format, in threads, in memory and beyond it. */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { DuckDBInstance } from '@duckdb/node-api';
import { afterAll, describe, expect, it } from '@jest/globals';
import { duckdbAnswer } from './reconcile/duckdb-answer.js';
import { makeLogs } from './reconcile/make-logs.js';
import { runReconcile } from './reconcile/reconcile-answer.js';

const folder = mkdtempSync(join(tmpdir(), 'papyrus-sql-'));
afterAll(() => rmSync(folder, { recursive: true }));

const args = (ssp: string, dsp: string): string[] => ['--ssp', ssp, '--dsp', dsp];

describe('a reconciliation', () => {
  it('comes to what SQL says, from CSV, gzip, NDJSON and Parquet', async () => {
    const logs = makeLogs(folder, 20_000, 3);
    const expected = await duckdbAnswer(logs, 1);
    expect(expected.otherPrice).toBeGreaterThan(100n);
    expect(runReconcile(args(logs.ssp, logs.dsp)).answer).toEqual(expected);
    const packed = join(folder, 'dsp.csv.gz');
    writeFileSync(packed, gzipSync(readFileSync(logs.dsp)));
    expect(runReconcile([...args(logs.ssp, packed), '--threads', '2']).answer).toEqual(expected);
    const instance = await DuckDBInstance.create(':memory:');
    const connection = await instance.connect();
    const [parquet, json] = ['ssp.parquet', 'dsp.ndjson'].map((name) => join(folder, name));
    const typed =
      "columns = {'auction_id': 'VARCHAR', 'price': 'DECIMAL(12, 6)', 'timestamp': 'BIGINT', 'placement': 'VARCHAR', 'campaign': 'VARCHAR'}";
    await connection.run(`COPY (FROM read_csv('${logs.ssp}', ${typed})) TO '${parquet}' (COMPRESSION zstd)`);
    await connection.run(`COPY (FROM read_csv('${logs.dsp}', ${typed})) TO '${json}' (FORMAT json)`);
    connection.closeSync();
    instance.closeSync();
    expect(runReconcile(args(parquet, json)).answer).toEqual(expected);
  });

  it('comes to the same where memory does not hold the rows, and lists what differs', async () => {
    const logs = makeLogs(folder, 250_000, 5);
    const expected = await duckdbAnswer(logs, 1);
    const [out, temp] = ['out.parquet', 'temp'].map((name) => join(folder, name));
    mkdirSync(temp);
    const found = runReconcile([
      ...args(logs.ssp, logs.dsp),
      '--threads',
      '2',
      '--memory',
      '1',
      '--out',
      out,
      '--temp',
      temp,
    ]);
    expect(found.answer).toEqual(expected);
    expect(readdirSync(temp)).toEqual([]);
    const instance = await DuckDBInstance.create(':memory:');
    const connection = await instance.connect();
    const reader = await connection.runAndReadAll(
      `SELECT count(*) AS rows, (sum(gap) * 1000000000)::HUGEINT AS gap, count(DISTINCT auction_id) AS ids FROM '${out}'`,
    );
    const differing = expected.onlySeller + expected.onlyBuyer + expected.otherPrice;
    expect(reader.getRowObjects()).toEqual([{ rows: differing, gap: expected.gapNano, ids: differing }]);
    connection.closeSync();
    instance.closeSync();
  });
});
