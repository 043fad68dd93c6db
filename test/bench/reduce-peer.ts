/** The peer of P4: DuckDB over the same records in memory, with the same rules and the same answer. */
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';

export interface ReduceAnswer {
  readonly records: number;
  readonly impressions: number;
  readonly owed: number;
  readonly reasons: Readonly<Record<string, readonly number[]>>;
  readonly contradictory: readonly (readonly number[])[];
}

export interface ReducePeer {
  readonly queries: readonly string[];
  run(query: string): Promise<ReduceAnswer>;
  close(): Promise<void>;
}

const low32 = '4294967295';

/** The records as `writeRecord` makes them. Keys are whole: 128 bits, in two columns; in favour of the peer
 *  a record's
 *  identity, a hash of 256 bits, is a number of 64. */
function tableOf(impressions: number, seed: number): string[] {
  const seeded = Math.imul(seed ^ 0x9e37_79b9, 0x85eb_ca6b) >>> 0;
  return [
    `CREATE MACRO mul(a, b) AS (a::UBIGINT * b::UBIGINT) & ${low32}::UBIGINT`,
    'CREATE MACRO fold(v, n) AS xor(v::UBIGINT, v::UBIGINT >> n)',
    `CREATE MACRO mixed(v) AS fold(mul(fold(mul(fold(v, 16), ${0x85eb_ca6b}), 13), ${0xc2b2_ae35}), 16)`,
    `CREATE MACRO mix(i, lane) AS mixed(
       xor(xor(${seeded}::UBIGINT, mul(i + 1, ${0xc2b2_ae35})), mul(lane, ${0x27d4_eb2f})))`,
    `CREATE TABLE made AS
       SELECT i, author, mix(i, 200 + author) AS chance FROM range(${impressions}) r(i), range(3) a(author)`,
    `CREATE TABLE once AS
       SELECT mix(i, 0) << 32 | mix(i, 1) AS key_high, mix(i, 2) << 32 | mix(i, 3) AS key_low,
              (i * 3 + author)::UBIGINT AS id,
              author::UTINYINT AS author,
              CASE WHEN author = 2 THEN 0
                   ELSE 100000 + mix(i, 300) % 10000000
                        + CASE WHEN (chance >> 10) & 63 = 0 THEN 1000 ELSE 0 END
              END::UBIGINT AS price,
              CASE WHEN author < 2 THEN 0 WHEN (chance >> 6) & 15 <> 0 THEN 3 ELSE 1 END::UINTEGER AS flags
       FROM made WHERE chance & 63 <> 0 ORDER BY author, i`,
    `CREATE TABLE records AS
       SELECT * FROM once UNION ALL SELECT * FROM once WHERE mix(id // 3, 400 + author) & 15 = 0`,
    'DROP TABLE made',
    'DROP TABLE once',
  ];
}

/** Ways to leave out repetitions; the one that DuckDB runs fastest counts. */
const deduplicated: Readonly<Record<string, string>> = {
  distinct: 'SELECT DISTINCT key_high, key_low, id, author, price, flags FROM records',
  'group by': `SELECT any_value(key_high) AS key_high, any_value(key_low) AS key_low,
                      any_value(author) AS author,
                      any_value(price) AS price, any_value(flags) AS flags FROM records GROUP BY id`,
};

/** wire-formats.md 7 with the default parameters, one seller and one auditor; an author with 17 records
 *  does not speak. */
function queryOf(rows: string): string {
  return `
    WITH d AS (${rows}),
    g AS (SELECT count(*) AS n,
                 count(*) FILTER (author = 0) AS nb, count(*) FILTER (author = 1) AS ns,
                 count(*) FILTER (author = 2) AS na,
                 max(price) FILTER (author = 0) AS b, min(price) FILTER (author = 0) AS b2,
                 min(price) FILTER (author = 1) AS s, max(price) FILTER (author = 1) AS s2,
                 bit_and(flags) FILTER (author = 2) AS every_flag,
                 bit_or(flags) FILTER (author = 2) AS some_flag
          FROM d GROUP BY key_high, key_low),
    p AS (SELECT n, CASE WHEN nb BETWEEN 1 AND 16 THEN b END AS b,
                 CASE WHEN ns BETWEEN 1 AND 16 THEN s END AS s,
                 na BETWEEN 1 AND 16 AS audited, every_flag, some_flag, b <> b2 AS bc, s <> s2 AS sc FROM g),
    o AS (SELECT n, bc, sc, b <> s AS differs,
                 CASE WHEN b IS NULL THEN s WHEN s IS NULL THEN b ELSE least(b, s) END AS price,
                 CASE WHEN b IS NULL AND s IS NULL THEN 'audit-only'
                      WHEN b IS NULL THEN 'missing-dsp'
                      WHEN audited AND some_flag & 24 <> 0 THEN 'invalid-traffic'
                      WHEN NOT audited THEN 'missing-audit'
                      WHEN every_flag & 2 = 0 THEN 'not-viewable' ELSE 'matched' END AS reason FROM p)
    SELECT reason, count(*) AS impressions, sum(n) AS records, coalesce(sum(price), 0) AS nano,
           count(*) FILTER (differs) AS differing, coalesce(sum(price) FILTER (differs), 0) AS differing_nano,
           count(*) FILTER (bc) AS payer_contradictory, count(*) FILTER (sc) AS seller_contradictory
    FROM o GROUP BY reason ORDER BY reason`;
}

export async function openPeer(options: {
  impressions: number;
  seed: number;
  threads: number;
}): Promise<ReducePeer> {
  const instance = await DuckDBInstance.create(':memory:', {
    threads: String(options.threads),
    preserve_insertion_order: 'false',
  });
  const connection = await instance.connect();
  for (const statement of tableOf(options.impressions, options.seed)) await connection.run(statement);
  return {
    queries: Object.keys(deduplicated),
    run: (query) => answer(connection, queryOf(deduplicated[query])),
    close: async () => {
      connection.closeSync();
      instance.closeSync();
    },
  };
}

async function answer(connection: DuckDBConnection, sql: string): Promise<ReduceAnswer> {
  const reader = await connection.runAndReadAll(sql);
  const rows = reader.getRowObjects();
  const sum = (column: string): number => rows.reduce((total, row) => total + Number(row[column]), 0);
  const reasons: Record<string, number[]> = {};
  for (const row of rows) reasons[String(row.reason)] = [Number(row.impressions), Number(row.nano)];
  if (sum('differing') > 0) reasons['price-differs'] = [sum('differing'), sum('differing_nano')];
  const contradictory = [sum('payer_contradictory'), sum('seller_contradictory')];
  return {
    records: sum('records'),
    impressions: sum('impressions'),
    owed: reasons.matched?.[1] ?? 0,
    reasons,
    contradictory: contradictory.map((count, author) => [author, count]).filter(([, count]) => count > 0),
  };
}
