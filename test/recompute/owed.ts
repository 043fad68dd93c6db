/**
 * What a payer owes before fees, recomputed by SQL over raw logs with DuckDB: no record, batch, block or
 * reducer is involved, so that agreement with the balances means something.
 */
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';

/** Of one exchange on one day, in the log's own time zone. */
export interface DayOwed {
  /** yyyyMMdd. */
  readonly day: string;
  readonly exchange: string;
  readonly impressions: number;
  readonly nano: bigint;
}

export interface ExpectedOwed {
  /** Ascending by day, then exchange. */
  readonly owed: readonly DayOwed[];
  readonly rows: number;
  /** Impression rows whose bid id an earlier row has. */
  readonly repetitions: number;
}

/** Of one seller in one block, for one reason; only `matched` and `price-differs` overlap. */
export interface BlockOwed {
  readonly block: number;
  /** Participant index. */
  readonly seller: number;
  readonly reason: string;
  readonly impressions: number;
  /** The price where one stands, otherwise the larger price stated. */
  readonly nano: bigint;
  /** Checks by auditors of impressions with a price: each earns auditorFeeNano once. */
  readonly checks: number;
}

export interface DemoOwed {
  /** Ascending by block, seller, reason; without `price-differs`. */
  readonly reasons: readonly BlockOwed[];
  /** What the payer owes sellers for matched impressions over all blocks, by participant index. */
  readonly owed: ReadonlyMap<number, bigint>;
  /** Of all blocks. */
  readonly checks: number;
  readonly priceDiffers: number;
}

/**
 * `logPath`: an iPinYou season 2 log with header, plain or gzip. Of each bid id the first impression row
 * counts, imp.* before old_impressions; 1 fen CPM is 10,000 nano-CNY an impression.
 */
export async function expectedOwed(logPath: string): Promise<ExpectedOwed> {
  const impressions = `
    WITH log AS (
      SELECT *, row_number() OVER () AS line FROM read_csv(${tabSeparated(logPath)})
    ), impressions AS (
      SELECT *, row_number() OVER (
        PARTITION BY bid_id ORDER BY starts_with(source, 'old_impressions/'), line
      ) AS nth
      FROM log WHERE log_type = '1'
    )`;
  const [byDay, counts] = await query([
    `${impressions}
    SELECT substr("timestamp", 1, 8) AS day, ad_exchange AS exchange, count(*) AS impressions,
      sum(CAST(pay_fen_cpm AS BIGINT)) * 10000 AS nano
    FROM impressions WHERE nth = 1 GROUP BY day, ad_exchange ORDER BY day, CAST(ad_exchange AS INTEGER)`,
    `${impressions} SELECT count(*) AS all_rows, count(*) FILTER (nth > 1) AS repetitions FROM impressions`,
  ]);
  return {
    owed: byDay.map(({ day, exchange, impressions: count, nano }) => {
      return { day, exchange, impressions: Number(count), nano: BigInt(nano) };
    }),
    rows: Number(counts[0].all_rows),
    repetitions: Number(counts[0].repetitions),
  };
}

/**
 * `logsFolder`: the parties' own logs that demo and replay write (`DATA/logs/<name>.tsv`); `payer`: the name
 * of the payer's. Rules: the reducer's defaults. Rows sent late do not count; of different prices of one
 * party the one against its interest does.
 */
export async function demoOwed(logsFolder: string, payer: string): Promise<DemoOwed> {
  const logs = `read_csv(${tabSeparated(join(logsFolder, '*.tsv'))}, filename = true)`;
  const pairs = `
    WITH said AS (
      SELECT CAST(block AS INTEGER) AS block, auction, kind, CAST(seller AS INTEGER) AS seller,
        CAST(price_nano AS HUGEINT) AS price, CAST(flags AS INTEGER) AS flags, filename,
        parse_filename(filename, true) = ${quoted(payer)} AS is_payers
      FROM ${logs} WHERE late = '0' AND (CAST(flags AS INTEGER) & 32) = 0
    ), prices AS (
      SELECT block, auction, seller, min(price) FILTER (NOT is_payers) AS s,
        max(price) FILTER (is_payers) AS d
      FROM said WHERE kind = 'win' GROUP BY ALL
    ), audited AS (
      SELECT prices.block, prices.auction, prices.seller, any_value(s) AS s, any_value(d) AS d,
        count(DISTINCT said.filename) AS auditors,
        coalesce(bool_or((said.flags & 24) <> 0), false) AS is_invalid,
        coalesce(bool_and((said.flags & 2) <> 0), true) AS is_viewable
      FROM prices LEFT JOIN said ON said.kind = 'audit' AND said.block = prices.block
        AND said.auction = prices.auction AND said.seller IN (prices.seller, 255)
      GROUP BY ALL
    ), judged AS (
      SELECT *, least(coalesce(s, d), coalesce(d, s)) AS price,
        CASE WHEN d IS NULL THEN 'missing-dsp' WHEN is_invalid THEN 'invalid-traffic'
          WHEN auditors = 0 THEN 'missing-audit' WHEN NOT is_viewable THEN 'not-viewable'
          ELSE 'matched' END AS reason,
        CASE WHEN d IS NULL THEN 0 ELSE auditors END AS checks
      FROM audited
    )`;
  const [rows, counts] = await query([
    `${pairs} SELECT block, seller, reason, count(*) AS impressions, sum(price) AS nano, sum(checks) AS checks
    FROM judged GROUP BY ALL ORDER BY block, seller, reason`,
    `${pairs} SELECT count(*) FILTER (s <> d) AS price_differs, coalesce(sum(checks), 0) AS checks
    FROM judged`,
  ]);
  const reasons = rows.map((row) => ({
    block: Number(row.block),
    seller: Number(row.seller),
    reason: row.reason,
    impressions: Number(row.impressions),
    nano: BigInt(row.nano),
    checks: Number(row.checks),
  }));
  const owed = new Map<number, bigint>();
  for (const { seller, reason, nano } of reasons) {
    if (reason === 'matched') owed.set(seller, (owed.get(seller) ?? 0n) + nano);
  }
  return { reasons, owed, checks: Number(counts[0].checks), priceDiffers: Number(counts[0].price_differs) };
}

/** Each statement's rows, every value as text: no number loses a digit on its way. */
async function query(statements: readonly string[]): Promise<Record<string, string>[][]> {
  const instance = await DuckDBInstance.create(':memory:', { threads: '2' });
  try {
    const connection = await instance.connect();
    try {
      const results: Record<string, string>[][] = [];
      for (const statement of statements) {
        const reader = await connection.runAndReadAll(
          `SELECT CAST(COLUMNS(*) AS VARCHAR) FROM (${statement})`,
        );
        results.push(reader.getRowObjects() as Record<string, string>[]);
      }
      return results;
    } finally {
      connection.closeSync();
    }
  } finally {
    instance.closeSync();
  }
}

/** Arguments of read_csv: text only, in the order of the file, no character quotes another. */
function tabSeparated(path: string): string {
  return `${quoted(path)}, delim = '\t', header = true, all_varchar = true, quote = '', parallel = false`;
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
