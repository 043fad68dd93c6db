/** What SQL says of two logs, independently of the product: DuckDB over the same files. */
import { DuckDBInstance } from '@duckdb/node-api';
import type { MadeLogs } from './make-logs.js';

/** Impressions, and nano-units of the currency. */
export interface LogAnswer {
  readonly impressions: bigint;
  readonly onlySeller: bigint;
  readonly onlyBuyer: bigint;
  readonly otherPrice: bigint;
  readonly sellerNano: bigint;
  readonly buyerNano: bigint;
  readonly paidNano: bigint;
  readonly gapNano: bigint;
  readonly repeated: bigint;
}

const csvColumns =
  "{'auction_id': 'VARCHAR', 'price': 'DECIMAL(12, 6)', 'timestamp': 'BIGINT', 'placement': 'VARCHAR', 'campaign': 'VARCHAR'}";

/** A seller's lowest and a buyer's highest price count; what only the seller has is not paid. */
export async function duckdbAnswer({ ssp, dsp }: MadeLogs, threads: number): Promise<LogAnswer> {
  const instance = await DuckDBInstance.create(':memory:', { threads: String(threads) });
  const connection = await instance.connect();
  const side = (path: string, price: string): string =>
    `SELECT auction_id, ${price}(price) AS price, count(*) AS rows
     FROM ${path.endsWith('.parquet') ? `'${path}'` : `read_csv('${path}', header = true, columns = ${csvColumns})`}
     GROUP BY auction_id`;
  const nano = (sum: string): string => `coalesce(sum(${sum}) * 1000000, 0)::HUGEINT`;
  const reader = await connection.runAndReadAll(`
    SELECT count(*) AS impressions,
           count(*) FILTER (d.price IS NULL) AS "onlySeller",
           count(*) FILTER (s.price IS NULL) AS "onlyBuyer",
           count(*) FILTER (s.price <> d.price) AS "otherPrice",
           ${nano('s.price')} AS "sellerNano",
           ${nano('d.price')} AS "buyerNano",
           ${nano('CASE WHEN d.price IS NULL THEN 0 ELSE least(s.price, d.price) END')} AS "paidNano",
           ${nano('abs(coalesce(s.price, 0) - coalesce(d.price, 0))')} AS "gapNano",
           coalesce(sum(coalesce(s.rows, 1) + coalesce(d.rows, 1) - 2), 0)::HUGEINT AS repeated
    FROM (${side(ssp, 'min')}) s FULL JOIN (${side(dsp, 'max')}) d USING (auction_id)`);
  const [row] = reader.getRowObjects();
  connection.closeSync();
  instance.closeSync();
  return row as unknown as LogAnswer;
}
